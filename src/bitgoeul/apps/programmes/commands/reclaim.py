"""Use as meters tell it, and the rule against idle capacity: notice, shrink, return, each announced.

Whoever holds the claim may contest; the rule then stands still until an officer has decided.
"""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from bitgoeul.apps.capacity.commands import release_claim
from bitgoeul.apps.capacity.models import Pool
from bitgoeul.apps.programmes import policies
from bitgoeul.apps.programmes.commands.decisions import check_text
from bitgoeul.apps.programmes.commands.endings import release
from bitgoeul.apps.programmes.errors import NotMeasured, PoolInUse, RuleStandsStill
from bitgoeul.apps.programmes.events.grants import (
    ClaimReturned,
    ClaimShrunk,
    ContestDecided,
    IdleNoticed,
    ReclaimContested,
    ReclaimLifted,
    UseRecorded,
)
from bitgoeul.apps.programmes.models import Grant, GrantPart, Reclaim, UseSample
from bitgoeul.apps.programmes.queries import grants as queries
from bitgoeul.apps.programmes.queries.answers import is_storable
from bitgoeul.apps.programmes.queries.deadlines import is_near
from bitgoeul.engines import reclaim as engine
from bitgoeul.engines.reclaim import Rule, Standing, Step
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM, Actor
from bitgoeul.kit.command import command, unchanged
from bitgoeul.kit.doors import find, found
from bitgoeul.kit.facts import Event, record
from bitgoeul.kit.refusals import Invalid, StateChanged, require
from bitgoeul.kit.text import Localised

State = Reclaim.State
LONGEST_WORDS = 2_000
LARGEST = 2**31 - 1


@command
def record_use(
    *, by: Actor, grant: str, part: int, starts_at: dt.datetime, seconds: int, used: int
) -> UseSample:
    """Keep what a meter says: ``used`` thousandths of a unit for ``seconds``.  The same span counts once."""
    row = find(queries.grants_visible_to(by), application__public_id=grant)
    require(policies.may_run_grant(by, row.organisation_id))
    held = find(row.parts.filter(part=GrantPart.Part.CAPACITY), number=part)
    _check_sample(starts_at, seconds, used)
    sample = UseSample(part=held, starts_at=starts_at, seconds=seconds, used=used)
    try:
        with transaction.atomic():
            sample.save(force_insert=True)
    except IntegrityError:
        earlier = UseSample.objects.get(part=held, starts_at=starts_at)
        if (earlier.seconds, earlier.used) != (seconds, used):
            raise Invalid({"starts_at": [_("The meter has said something else about this time.")]}) from None
        unchanged()
        return earlier
    record(
        UseRecorded(
            grant=grant,
            part=part,
            starts_at=starts_at.astimezone(dt.UTC).isoformat(),
            seconds=seconds,
            used=used,
        ),
        by=by,
        subject=row.subject,
        organisation=row.organisation,
    )
    return sample


def apply_rules() -> None:
    """Look at every claim of a live grant once; what the rules ask for is done and announced."""
    for part in queries.claimed_parts():
        if queries.rule_of(part.grant) is not None:
            apply_rule(by=SYSTEM, part_id=part.pk)


@command
def apply_rule(*, by: Actor, part_id: int) -> Reclaim | None:
    """Take the next step of the rule for one claim, if there is one to take now."""
    require(by.is_system)
    part = found(queries.claimed_parts().filter(pk=part_id).first())
    rule = found_rule(part.grant)
    running = queries.running_reclaim(part)
    percent = queries.mean_percent(part, rule.window_days)
    if part.grant.state == Grant.State.SUSPENDED or (running is not None and running.is_contested):
        unchanged()
        return running
    match engine.next_step(rule, _standing(running), percent=percent, days=_days(running)):
        case Step.NOTICE if not _is_too_young(part, rule):
            return _notice(part, rule, percent or 0)
        case Step.SHRINK if running is not None:
            return _shrink(part, rule, running, percent or 0)
        case Step.RETURN if running is not None:
            return _return(by, part, running, percent or 0)
        case Step.CLEAR if running is not None:
            return _lift(by, part, running, percent or 0)
    unchanged()
    return running


@command
def take_back(*, by: Actor, grant: str, part: int) -> Reclaim:
    """Return an idle claim to its pool now, without waiting for the days of the rule.

    Refused while it is in use, while its use is not known, and while a contest waits.
    """
    row = find(queries.grants_visible_to(by), application__public_id=grant)
    require(policies.may_run_grant(by, row.organisation_id))
    held = find(queries.claimed_parts(), grant=row, number=part)
    rule = found_rule(row)
    pool = held.about
    running = queries.running_reclaim(held)
    if running is not None and running.is_contested:
        raise RuleStandsStill(pool=pool)
    percent = queries.mean_percent(held, rule.window_days)
    if percent is None:
        raise NotMeasured(pool=pool, days=rule.window_days)
    if percent >= rule.below_percent:
        raise PoolInUse(pool=pool, percent=percent, below=rule.below_percent)
    running = running or Reclaim.objects.create(
        part=held, percent=percent, held=held.quantity, noticed_at=clock.now()
    )
    return _return(by, held, running, percent)


@command
def contest_reclaim(*, by: Actor, grant: str, part: int, words: str) -> Reclaim:
    """Say why it must not be taken; the rule stands still until an officer has decided.  Once in a run."""
    row = find(queries.grants_visible_to(by), application__public_id=grant)
    require(policies.may_apply(by, row.organisation_id))
    held = find(row.parts.all(), number=part)
    running = found(queries.running_reclaim(held))
    if not words.strip() or len(words) > LONGEST_WORDS or not is_storable(words):
        raise Invalid({"words": [_("Write why.")]})
    first = Reclaim.objects.filter(pk=running.pk, state=running.state, contested_at=None)
    moment = clock.now()
    if not first.update(contested_at=moment, contest=words.strip(), contest_person_id=by.person_id):
        raise StateChanged(now=str(_("contested")))
    running.refresh_from_db()
    _record(ReclaimContested(grant=grant, part=part, words=words.strip()), by, held)
    return running


@command
def decide_contest(*, by: Actor, grant: str, part: int, agree: bool, reason: dict[str, str]) -> Reclaim:
    """Agree, and the reclaim is lifted; refuse, and the rule goes on where it stood still."""
    row = find(queries.grants_visible_to(by), application__public_id=grant)
    require(policies.may_run_grant(by, row.organisation_id))
    check_text("reason", reason)
    held = find(row.parts.all(), number=part)
    running = found(queries.running_reclaim(held))
    moment = clock.now()
    open_ones = Reclaim.objects.filter(
        pk=running.pk, contested_at__isnull=False, contest_decided_at=None, state=running.state
    )
    stood = moment - (running.contested_at or moment)
    if not open_ones.update(
        contest_decided_at=moment, contest_reason=Localised.of(reason), stood_still=stood
    ):
        raise StateChanged(now=str(running.get_state_display()))
    running.refresh_from_db()
    if agree:
        Reclaim.FLOW.move(running, State.CLEARED, ended_at=moment)
    _record(ContestDecided(grant=grant, part=part, agreed=agree, reason=dict(reason)), by, held)
    return running


def found_rule(grant: Grant) -> Rule:
    """The rule of the grant's call.  Raises: Invalid if it has none."""
    rule = queries.rule_of(grant)
    if rule is None:
        raise Invalid({"reclaim": [_("This call has no rule for taking back.")]})
    return rule


def _standing(running: Reclaim | None) -> Standing:
    if running is None:
        return Standing.IN_USE
    return Standing.NOTICED if running.state == State.NOTICED else Standing.SHRUNK


def _days(running: Reclaim | None) -> int:
    """Whole days since the notice, contests not counted."""
    if running is None:
        return 0
    return (clock.now() - running.noticed_at - running.stood_still).days


def _is_too_young(part: GrantPart, rule: Rule) -> bool:
    """Whether it was handed over, or a reclaim of it was lifted, within the window that is looked at."""
    since = clock.now() - dt.timedelta(days=rule.window_days)
    began = part.grant.activated_at
    return began is None or began > since or part.reclaims.filter(ended_at__gt=since).exists()


def _notice(part: GrantPart, rule: Rule, percent: int) -> Reclaim:
    moment = clock.now()
    running = Reclaim.objects.create(part=part, percent=percent, held=part.quantity, noticed_at=moment)
    _record(
        IdleNoticed(
            grant=part.grant.application.public_id,
            part=part.number,
            percent=percent,
            below_percent=rule.below_percent,
            shrinks_at=(moment + dt.timedelta(days=rule.shrink_after_days)).isoformat(),
            returns_at=(moment + dt.timedelta(days=rule.return_after_days)).isoformat(),
        ),
        SYSTEM,
        part,
    )
    return running


def _shrink(part: GrantPart, rule: Rule, running: Reclaim, percent: int) -> Reclaim:
    """Leave what 95 % of the time since before the notice needed; what is more goes to the pool."""
    moment = clock.now()
    start = running.noticed_at - dt.timedelta(days=rule.window_days)
    left = min(
        part.quantity,
        engine.needed(
            queries.samples(part, start, moment),
            since=int(start.timestamp()),
            until=int(moment.timestamp()),
        ),
    )
    was = part.quantity
    Reclaim.FLOW.move(running, State.SHRUNK, shrunk_at=moment, percent=percent)
    if left < was:
        pool = found(Pool.objects.filter(slug=part.about).first())
        release_claim(
            by=SYSTEM, key=part.claim, pool=pool, quantity=was - left,
            offer_for=queries.time_to_accept(part.grant),
        )  # fmt: skip
        GrantPart.objects.filter(pk=part.pk).update(quantity=left)
    _record(
        ClaimShrunk(
            grant=part.grant.application.public_id, part=part.number, percent=percent, was=was, left=left
        ),
        SYSTEM,
        part,
    )
    return running


def _return(by: Actor, part: GrantPart, running: Reclaim, percent: int) -> Reclaim:
    Reclaim.FLOW.move(running, State.RETURNED, ended_at=clock.now(), percent=percent)
    GrantPart.FLOW.move(part, GrantPart.State.RETURNED)
    release(part, queries.time_to_accept(part.grant))
    _record(
        ClaimReturned(
            grant=part.grant.application.public_id,
            part=part.number,
            percent=percent,
            quantity=part.quantity,
            by_rule=by.is_system,
        ),
        by,
        part,
    )
    return running


def _lift(by: Actor, part: GrantPart, running: Reclaim, percent: int) -> Reclaim:
    Reclaim.FLOW.move(running, State.CLEARED, ended_at=clock.now(), percent=percent)
    _record(
        ReclaimLifted(
            grant=part.grant.application.public_id, part=part.number, percent=percent, by_rule=True
        ),
        by,
        part,
    )
    return running


def _record(event: Event, by: Actor, part: GrantPart) -> None:
    record(event, by=by, subject=part.grant.subject, organisation=part.grant.organisation)


def _check_sample(starts_at: dt.datetime, seconds: int, used: int) -> None:
    errors = {}
    if not is_near(starts_at) or starts_at > clock.now():
        errors["starts_at"] = [_("This moment has not come yet, or its zone is missing.")]
    if type(seconds) is not int or not 0 < seconds <= engine.DAY:
        errors["seconds"] = [_("A sample lasts from one second to one day.")]
    if type(used) is not int or not 0 <= used <= LARGEST:
        errors["used"] = [_("Use is a whole number of thousandths of a unit.")]
    if errors:
        raise Invalid(errors)
