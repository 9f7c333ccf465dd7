"""Conditions, suspension, and the end of a grant: on its day, early, or because nobody signed."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from bitgoeul.apps.capacity.commands import leave_waiting_list, release_claim
from bitgoeul.apps.capacity.models import Claim, Pool, Waiting
from bitgoeul.apps.credits.commands import reverse_transfer
from bitgoeul.apps.credits.errors import InsufficientCredits, NotReversible
from bitgoeul.apps.programmes import policies
from bitgoeul.apps.programmes.commands.decisions import check_text
from bitgoeul.apps.programmes.commands.offers import offer_next
from bitgoeul.apps.programmes.events.grants import (
    AgreementExpired,
    ConditionClosed,
    ConditionSet,
    GrantEnded,
    GrantResumed,
    GrantSuspended,
)
from bitgoeul.apps.programmes.models import Agreement, Call, Condition, Grant, GrantPart, Reclaim
from bitgoeul.apps.programmes.queries.deadlines import is_near
from bitgoeul.apps.programmes.queries.grants import RUNNING, grants_visible_to
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM, Actor
from bitgoeul.kit.command import command, unchanged
from bitgoeul.kit.doors import find, found
from bitgoeul.kit.facts import record
from bitgoeul.kit.refusals import Invalid, StateChanged, require
from bitgoeul.kit.text import Localised

State = Grant.State


@command
def set_condition(
    *, by: Actor, grant: str, text: dict[str, str], due_at: dt.datetime | None = None
) -> Condition:
    """Write down what the organisation does in return."""
    row = _run(by, grant)
    check_text("text", text)
    if due_at is not None and not is_near(due_at):
        raise Invalid({"due_at": [_("Choose a day within the years to come.")]})
    if row.state not in (State.ACTIVE, State.SUSPENDED):
        raise StateChanged(now=str(row.get_state_display()))
    Grant.objects.select_for_update().get(pk=row.pk)  # so that two conditions do not take one number
    condition = Condition.objects.create(
        grant=row, number=row.conditions.count() + 1, text=Localised.of(text), due_at=due_at
    )
    record(
        ConditionSet(
            grant=grant,
            number=condition.number,
            due_at=due_at.isoformat() if due_at else "",
            text=dict(condition.text),
        ),
        by=by,
        subject=row.subject,
        organisation=row.organisation,
    )
    return condition


@command
def close_condition(*, by: Actor, grant: str, number: int, met: bool) -> Condition:
    """Say that a condition is met, or that nobody insists on it any more."""
    row = _run(by, grant)
    condition = find(row.conditions.all(), number=number)
    to = Condition.State.MET if met else Condition.State.WAIVED
    if condition.state == to:
        unchanged()
        return condition
    Condition.FLOW.move(condition, to, closed_at=clock.now())
    record(
        ConditionClosed(grant=grant, number=number, state=str(to)),
        by=by,
        subject=row.subject,
        organisation=row.organisation,
    )
    return condition


@command
def suspend_grant(*, by: Actor, grant: str, reason: dict[str, str]) -> Grant:
    """Stop a grant for a time; the organisation reads the reason.  What it holds stays with it."""
    row = _run(by, grant)
    check_text("reason", reason)
    if row.activated_at is None:
        raise StateChanged(now=str(row.get_state_display()))
    Grant.FLOW.move(row, State.SUSPENDED)
    record(
        GrantSuspended(grant=grant, reason=dict(reason)),
        by=by,
        subject=row.subject,
        organisation=row.organisation,
    )
    return row


@command
def resume_grant(*, by: Actor, grant: str) -> Grant:
    """Let a suspended grant go on."""
    row = _run(by, grant)
    if row.state == State.ACTIVE:
        unchanged()
        return row
    Grant.FLOW.move(row, State.ACTIVE)
    record(GrantResumed(grant=grant), by=by, subject=row.subject, organisation=row.organisation)
    return row


@command
def end_grant(*, by: Actor, grant: str, reason: dict[str, str]) -> Grant:
    """End a grant: an owner gives it back, an officer ends it early, or its day has come.

    Claims go back to their pools at once.  Credits that nobody touched are taken back; used ones stay until
    their own end.
    """
    row = find(grants_visible_to(by), application__public_id=grant)
    require(policies.may_sign(by, row.organisation_id) or policies.may_run_grant(by, row.organisation_id))
    check_text("reason", reason)
    if row.state in (State.ENDED, State.RETURNED):
        unchanged()
        return row
    early = clock.now() < row.ends_at
    Grant.FLOW.move(row, State.RETURNED if early else State.ENDED)
    to = GrantPart.State.RETURNED if early else GrantPart.State.ENDED
    for part in row.parts.filter(state__in=["planned", "waiting", "active"]):
        _take_back(part, to, early)
    Reclaim.objects.filter(part__grant=row, state__in=RUNNING).update(
        state=Reclaim.State.CLEARED, ended_at=clock.now()
    )
    agreement = Agreement.objects.filter(grant=row).first()
    if agreement is not None and agreement.state == Agreement.State.IN_FORCE:
        Agreement.FLOW.move(agreement, Agreement.State.ENDED)
    record(
        GrantEnded(grant=grant, early=early, reason=dict(reason)),
        by=by,
        subject=row.subject,
        organisation=row.organisation,
    )
    return row


@command
def expire_agreement(*, by: Actor, grant: str) -> Agreement:
    """End an agreement that nobody signed in time; what it took from the budget goes to the next in order."""
    require(by.is_system)
    row = find(grants_visible_to(by), application__public_id=grant)
    agreement = found(Agreement.objects.filter(grant=row).first())
    if agreement.state == Agreement.State.OFFERED and clock.now() < agreement.expires_at:
        raise StateChanged(now=str(agreement.get_state_display()))
    Agreement.FLOW.move(agreement, Agreement.State.EXPIRED)
    Grant.FLOW.move(row, State.RETURNED)
    for part in row.parts.all():
        GrantPart.FLOW.move(part, GrantPart.State.RETURNED)
    call = row.application.call
    Call.objects.filter(pk=call.pk).update(granted=F("granted") - row.amount)
    record(
        AgreementExpired(grant=grant, amount=row.amount),
        by=by,
        subject=row.subject,
        organisation=row.organisation,
    )
    offer_next(call)
    return agreement


def _run(by: Actor, grant: str) -> Grant:
    row = find(grants_visible_to(by), application__public_id=grant)
    require(policies.may_run_grant(by, row.organisation_id))
    return row


def _take_back(part: GrantPart, to: str, early: bool) -> None:
    if part.state == GrantPart.State.ACTIVE and part.claim:
        release(part)
    if part.state == GrantPart.State.WAITING:
        _leave(part)
    if part.part == GrantPart.Part.CREDITS and part.state == GrantPart.State.ACTIVE and early:
        _reverse(part)
    if part.state == GrantPart.State.ACTIVE:
        GrantPart.FLOW.move(part, to)
    else:
        GrantPart.FLOW.move(part, GrantPart.State.RETURNED)


def release(part: GrantPart, offer_for: dt.timedelta | None = None) -> None:
    """Give the claim of a part back to its pool, if it still holds anything.

    Whoever waits for it has ``offer_for`` to take it, or as long as the pool says.
    """
    pool = Pool.objects.get(slug=part.about)
    if Claim.objects.filter(key=part.claim, pool=pool, state__in=Claim.ACTIVE).exists():
        release_claim(by=SYSTEM, key=part.claim, pool=pool, offer_for=offer_for)


def _leave(part: GrantPart) -> None:
    place = Waiting.objects.filter(key=part.reference).first()
    if place is not None and place.state == Waiting.State.WAITING:
        leave_waiting_list(by=SYSTEM, key=place.key)
    elif place is not None and place.claim is not None and place.claim.is_active:
        release_claim(by=SYSTEM, key=place.claim.key)


def _reverse(part: GrantPart) -> None:
    try:
        with transaction.atomic():
            reverse_transfer(by=SYSTEM, reference=part.reference, reason=part.grant.reference)
    except (InsufficientCredits, NotReversible):
        return  # something of it was used or is held: the rest ends with its own time
