"""Changes of a grant: asked for by the organisation, decided by an officer, written down as an addendum."""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils.functional import lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bitgoeul.apps.capacity.commands import claim, prolong_claim, release_claim
from bitgoeul.apps.capacity.models import Pool
from bitgoeul.apps.credits.commands import grant_credits, prolong_tranche, reverse_benefit
from bitgoeul.apps.credits.queries.benefits import standing
from bitgoeul.apps.programmes import policies
from bitgoeul.apps.programmes.commands.activation import post_worth
from bitgoeul.apps.programmes.commands.agreements import add_addendum
from bitgoeul.apps.programmes.commands.decisions import check_text
from bitgoeul.apps.programmes.commands.giving import follows_amount, quantity_of
from bitgoeul.apps.programmes.commands.offers import offer_next
from bitgoeul.apps.programmes.commands.schedule import move_reports
from bitgoeul.apps.programmes.errors import BudgetSpent, ChangePending, CreditsStay, TermsStay
from bitgoeul.apps.programmes.events.grants import ChangeAsked, ChangeDecided, ChangeWithdrawn
from bitgoeul.apps.programmes.models import Agreement, Call, Change, Grant, GrantPart
from bitgoeul.apps.programmes.queries.amounts import in_words
from bitgoeul.apps.programmes.queries.answers import is_storable
from bitgoeul.apps.programmes.queries.deadlines import is_near
from bitgoeul.apps.programmes.queries.grants import grants_visible_to
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM, Actor
from bitgoeul.kit.command import command, unchanged
from bitgoeul.kit.doors import find
from bitgoeul.kit.facts import record
from bitgoeul.kit.refusals import Invalid, StateChanged, require
from bitgoeul.kit.text import Localised, translated
from bitgoeul.kit.ui import wording

Kind, State, Part = Change.Kind, Change.State, GrantPart.Part
LONGEST = dt.timedelta(days=3 * 366)
LONGEST_WORDS = 2_000
_day = lazy(wording.day, str)  # in the language in which it is written down
NEW_END = gettext_lazy("Addendum %(number)s: the grant ends on %(ends)s instead of %(was)s.")
NEW_DATES = gettext_lazy("Addendum %(number)s: the grant lasts from %(starts)s until %(ends)s.")
NEW_AMOUNT = gettext_lazy("Addendum %(number)s: the amount is %(amount)s instead of %(was)s.")


@command
def ask_change(
    *,
    by: Actor,
    grant: str,
    kind: str,
    words: str,
    starts_at: dt.datetime | None = None,
    ends_at: dt.datetime | None = None,
    amount: int | None = None,
) -> Change:
    """Ask for a later end, other dates or another amount, with the reason; one at a time."""
    row = find(grants_visible_to(by), application__public_id=grant)
    require(policies.may_apply(by, row.organisation_id))
    if row.state != Grant.State.ACTIVE or row.activated_at is None:
        raise StateChanged(now=str(row.get_state_display()))
    change = Change(
        grant=row, kind=kind, words=words.strip(), person_id=by.person_id,
        starts_at=starts_at if kind == Kind.DATES else None,
        ends_at=ends_at if kind in (Kind.DATES, Kind.EXTENSION) else None,
        amount=amount if kind == Kind.AMOUNT else None,
    )  # fmt: skip
    if problems := _problems(change):
        raise Invalid(problems)
    change.number = row.changes.count() + 1
    try:
        with transaction.atomic():
            change.save()
    except IntegrityError:
        raise ChangePending() from None
    record(
        ChangeAsked(
            grant=grant,
            number=change.number,
            kind=kind,
            starts_at=_iso(change.starts_at),
            ends_at=_iso(change.ends_at),
            amount=change.amount,
            words=change.words,
        ),
        by=by,
        subject=row.subject,
        organisation=row.organisation,
    )
    return change


@command
def withdraw_change(*, by: Actor, grant: str, number: int) -> Change:
    """Take back a change that nobody has decided."""
    row = find(grants_visible_to(by), application__public_id=grant)
    require(policies.may_apply(by, row.organisation_id))
    change = find(row.changes.all(), number=number)
    if change.state == State.WITHDRAWN:
        unchanged()
        return change
    Change.FLOW.move(change, State.WITHDRAWN)
    record(
        ChangeWithdrawn(grant=grant, number=number), by=by, subject=row.subject, organisation=row.organisation
    )
    return change


@command
def decide_change(*, by: Actor, grant: str, number: int, agree: bool, reason: dict[str, str]) -> Change:
    """Agree with a change, or refuse it, with the reason; what is agreed on is done in this transaction."""
    row = find(grants_visible_to(by), application__public_id=grant)
    require(policies.may_run_grant(by, row.organisation_id))
    check_text("reason", reason)
    change = find(row.changes.all(), number=number)
    to = State.AGREED if agree else State.REFUSED
    Change.FLOW.move(change, to, decided_at=clock.now(), reason=Localised.of(reason))
    addendum = None
    if agree:
        if row.state != Grant.State.ACTIVE:
            raise StateChanged(now=str(row.get_state_display()))
        agreement = Agreement.objects.filter(grant=row).first()
        text = _do(row, change, agreement.addenda.count() + 1 if agreement else number)
        addendum = add_addendum(agreement, text) if agreement else None
    record(
        ChangeDecided(
            grant=grant,
            number=number,
            kind=change.kind,
            agreed=agree,
            addendum=addendum.number if addendum else 0,
            fingerprint=addendum.fingerprint if addendum else "",
            reason=dict(reason),
        ),
        by=by,
        subject=row.subject,
        organisation=row.organisation,
    )
    return change


def _problems(change: Change) -> dict[str, list[str]]:
    """Why this cannot be asked for; empty if it can."""
    grant, problems = change.grant, {}
    if change.kind not in Kind:
        return {"kind": [_("Ask for one of: %(kinds)s.") % {"kinds": ", ".join(Kind)}]}
    if not change.words or len(change.words) > LONGEST_WORDS or not is_storable(change.words):
        problems["words"] = [_("Write why.")]
    if change.kind == Kind.AMOUNT:
        call = grant.application.call
        if change.amount is None or not call.share_least <= change.amount <= call.share_most:
            limits = {"least": call.written(call.share_least), "most": call.written(call.share_most)}
            problems["amount"] = [_("Ask for %(least)s to %(most)s.") % limits]
        return problems
    if not all(is_near(moment) for moment in (change.starts_at, change.ends_at) if moment is not None):
        return problems | {"ends_at": [_("Choose a later day, at most three years from now.")]}
    least = grant.ends_at if change.kind == Kind.EXTENSION else clock.now()
    if change.ends_at is None or not least < change.ends_at <= clock.now() + LONGEST:
        problems["ends_at"] = [_("Choose a later day, at most three years from now.")]
    if change.kind == Kind.DATES and (
        change.starts_at is None or change.ends_at is None or change.starts_at >= change.ends_at
    ):
        problems["starts_at"] = [_("The start lies before the end.")]
    return problems


def _do(grant: Grant, change: Change, number: int) -> Localised:
    """Do what is agreed on; what the addendum with this number says about it."""
    if change.kind == Kind.AMOUNT:
        return _change_amount(grant, change, number)
    return _change_dates(grant, change, number)


def _change_dates(grant: Grant, change: Change, number: int) -> Localised:
    was, grant.ends_at = grant.ends_at, change.ends_at or grant.ends_at
    grant.starts_at = change.starts_at or grant.starts_at
    grant.save(update_fields=["starts_at", "ends_at"])
    held = grant.parts.filter(state=GrantPart.State.ACTIVE)
    for part in held.filter(part=Part.CREDITS):
        if grant.ends_at < was:
            raise TermsStay()
        prolong_tranche(by=SYSTEM, reference=part.reference, ends_at=grant.ends_at)
    for key in sorted({part.claim for part in held.exclude(claim="")}):
        prolong_claim(by=SYSTEM, key=key, until=grant.ends_at)
    move_reports(grant, was)
    if change.kind == Kind.EXTENSION:
        return translated(NEW_END, number=number, ends=_day(grant.ends_at), was=_day(was))
    return translated(NEW_DATES, number=number, starts=_day(grant.starts_at), ends=_day(grant.ends_at))


def _change_amount(grant: Grant, change: Change, number: int) -> Localised:
    """Take the difference from the budget or give it back, and change the parts that follow the amount."""
    call, was, amount = grant.application.call, grant.amount, change.amount or grant.amount
    room = Call.objects.filter(pk=call.pk, granted__lte=F("budget") - F("reserved") - (amount - was))
    if not room.update(granted=F("granted") + amount - was):
        raise BudgetSpent(call=str(call))
    grant.amount = amount
    grant.save(update_fields=["amount"])
    for part in list(grant.parts.filter(state=GrantPart.State.ACTIVE)):
        given = call.gives[part.number - 1] if part.number <= len(call.gives) else {}
        if follows_amount(given):
            _change_part(part, quantity_of(call, given, amount) - quantity_of(call, given, was), change)
    _post_worth_anew(grant, change)
    if amount < was:
        offer_next(call)
    return translated(NEW_AMOUNT, number=number, amount=in_words(call, amount), was=in_words(call, was))


def _post_worth_anew(grant: Grant, change: Change) -> None:
    """The ledger is never edited: what the grant was worth is reversed, what it is worth now is posted."""
    mine = Q(reference=grant.reference) | Q(reference__startswith=f"{grant.reference}:")
    for line in standing(grant.organisation).filter(mine):
        reverse_benefit(by=SYSTEM, reference=line.reference, reason=f"change {change.number}")
    post_worth(grant, f"{grant.reference}:change:{change.number}")


def _change_part(part: GrantPart, more: int, change: Change) -> None:
    """More of something is a part of its own, with its own reference; less is given back."""
    if more > 0 and part.part != Part.MONEY:
        _add_part(part, more, change)
    elif more < 0 and part.part == Part.CREDITS:
        raise CreditsStay()
    elif more < 0 and part.part == Part.CAPACITY:
        pool = find(Pool.objects.all(), slug=part.about)
        release_claim(by=SYSTEM, key=part.claim, pool=pool, quantity=-more)
    if more < 0 or part.part == Part.MONEY:
        GrantPart.objects.filter(pk=part.pk).update(quantity=F("quantity") + more)


def _add_part(part: GrantPart, more: int, change: Change) -> None:
    grant, reference = part.grant, f"{part.reference}:change:{change.number}"
    if part.part == Part.CREDITS:
        grant_credits(
            by=SYSTEM, organisation=grant.organisation, amount=more, starts_at=clock.now(),
            ends_at=grant.ends_at, reference=reference, source=f"programmes:{grant.application.call.slug}",
        )  # fmt: skip
    else:
        claim(
            by=SYSTEM, pool=find(Pool.objects.all(), slug=part.about), quantity=more, key=reference,
            holder=grant.organisation, purpose=grant.reference, until=grant.ends_at,
        )  # fmt: skip
    GrantPart.objects.create(
        grant=grant, number=grant.parts.count() + 1, part=part.part, quantity=more, unit=part.unit,
        about=part.about, title=part.title, numbered=part.numbered, reference=reference,
        claim="" if part.part == Part.CREDITS else reference, state=GrantPart.State.ACTIVE,
    )  # fmt: skip


def _iso(moment: dt.datetime | None) -> str:
    return moment.astimezone(dt.UTC).isoformat() if moment is not None else ""
