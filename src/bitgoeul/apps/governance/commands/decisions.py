"""Decisions, and what has to be done because of them."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone
from django.utils.translation import gettext as _

from bitgoeul.apps.governance import policies
from bitgoeul.apps.governance.commands._texts import decision_in_force, given, optional_errors, text_errors
from bitgoeul.apps.governance.events import (
    ActionAssigned,
    ActionCancelled,
    ActionDone,
    ActionMoved,
    DecisionAdopted,
    DecisionRevoked,
)
from bitgoeul.apps.governance.models import Action, Decision, DecisionYear, Item
from bitgoeul.apps.governance.queries import committees as queries
from bitgoeul.apps.people.queries import person_by_address
from bitgoeul.kit import clock
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.command import command, unchanged
from bitgoeul.kit.doors import find
from bitgoeul.kit.facts import record
from bitgoeul.kit.refusals import Invalid, StateChanged, require
from bitgoeul.kit.text import Localised

FARTHEST = dt.timedelta(days=366 * 10)


@command
def adopt_decision(*, by: Actor, item: Item) -> Decision:
    """Give a carried motion its reference.  Runs only as the end of its vote."""
    require(policies.may_keep(by, queries.seat_of(by, item.meeting.committee)))
    held = Decision.objects.filter(item=item).first()
    if held is not None:
        unchanged()
        return held
    if item.state != Item.State.CARRIED:
        raise StateChanged(now=item.get_state_display())
    year = timezone.localdate(clock.now()).year
    DecisionYear.objects.get_or_create(year=year)
    counter = DecisionYear.objects.select_for_update().get(year=year)
    counter.last += 1
    counter.save(update_fields=["last"])
    decision = Decision.objects.create(
        year=year,
        number=counter.last,
        committee=item.meeting.committee,
        item=item,
        title=item.title,
        text=item.text,
        tasks=item.tasks,
        is_example=item.meeting.is_example,
    )
    # The decision that the motion spoke of may have been revoked since; then there is nothing to replace.
    old = queries.decision_by_reference(item.supersedes) if item.supersedes else None
    replaces = old if old is not None and old.state == Decision.State.IN_FORCE else None
    if replaces is not None:
        Decision.FLOW.move(replaces, Decision.State.SUPERSEDED, replaced_by=decision)
    record(
        DecisionAdopted(
            decision=decision.reference,
            committee=decision.committee.slug,
            meeting=item.meeting.public_id,
            item=item.public_id,
            title=dict(decision.title),
            tasks=decision.tasks,
            replaces=replaces.reference if replaces else "",
        ),
        by=by,
        subject=decision.reference,
    )
    return decision


@command
def revoke_decision(*, by: Actor, reference: str, reason: dict[str, str]) -> Decision:
    """Let a decision stand no longer, for example because a court or a higher body said so."""
    require(policies.may_run(by))
    decision = decision_in_force(reference)
    if errors := text_errors(2_000, reason=reason):
        raise Invalid(errors)
    Decision.FLOW.move(decision, Decision.State.REVOKED)
    record(DecisionRevoked(decision=reference, reason=dict(Localised.of(reason))), by=by, subject=reference)
    return decision


@command
def assign_action(
    *,
    by: Actor,
    committee: str,
    title: dict[str, str],
    owner: dict[str, str],
    due_on: dt.date,
    meeting: str = "",
    decision: str = "",
    email: str = "",
    example: bool = False,
) -> Action:
    """Give somebody something to do by a day.  With an address, they are told and reminded."""
    body = find(queries.committees(), slug=committee)
    require(policies.may_keep(by, queries.seat_of(by, body)))
    errors = text_errors(300, title=title) | text_errors(200, owner=given(owner))
    today = timezone.localdate(clock.now())
    if not today <= due_on <= today + FARTHEST:
        errors["due_on"] = [_("Choose a day from today on.")]
    person = person_by_address(email) if email else None
    if email and person is None:
        errors["email"] = [_("No account has confirmed this address.")]
    if errors:
        raise Invalid(errors)
    own = queries.meetings_visible_to(by).filter(committee=body)
    sitting = find(own, public_id=meeting) if meeting else None
    cited = decision_in_force(decision) if decision else None
    action = Action.objects.create(
        committee=body,
        meeting=sitting,
        decision=cited,
        title=Localised.of(title),
        owner=given(owner),
        person=person,
        first_due_on=due_on,
        due_on=due_on,
        is_example=example,
    )
    record(
        ActionAssigned(
            committee=committee,
            action=action.public_id,
            decision=decision,
            title=dict(action.title),
            owner=dict(action.owner),
            due_on=due_on.isoformat(),
        ),
        by=by,
        subject=action.subject,
    )
    return action


@command
def move_action(*, by: Actor, action: str, due_on: dt.date, reason: dict[str, str]) -> Action:
    """Give more (or less) time.  The first day stays to be seen."""
    row = find(queries.actions().select_for_update(of=("self",)), public_id=action)
    require(policies.may_keep(by, queries.seat_of(by, row.committee)))
    if row.state != Action.State.OPEN:
        raise StateChanged(now=row.get_state_display())
    errors = text_errors(500, reason=given(reason))
    today = timezone.localdate(clock.now())
    if not today <= due_on <= today + FARTHEST:
        errors["due_on"] = [_("Choose a day from today on.")]
    if errors:
        raise Invalid(errors)
    if row.due_on == due_on:
        unchanged()
        return row
    was, row.due_on = row.due_on, due_on
    row.save(update_fields=["due_on"])
    record(
        ActionMoved(
            action=action, was=was.isoformat(), due_on=due_on.isoformat(), reason=dict(given(reason))
        ),
        by=by,
        subject=row.subject,
    )
    return row


@command
def finish_action(*, by: Actor, action: str, outcome: dict[str, str]) -> Action:
    """Report it done, with what came of it."""
    row = find(queries.actions(), public_id=action)
    require(policies.may_close_action(by, queries.seat_of(by, row.committee), row.person_id))
    if row.state == Action.State.DONE:
        unchanged()
        return row
    if errors := text_errors(2_000, outcome=given(outcome)):
        raise Invalid(errors)
    moment = clock.now()
    Action.FLOW.move(row, Action.State.DONE, outcome=given(outcome), closed_at=moment)
    record(
        ActionDone(
            action=action, in_time=timezone.localdate(moment) <= row.due_on, outcome=dict(row.outcome)
        ),
        by=by,
        subject=row.subject,
    )
    return row


@command
def cancel_action(*, by: Actor, action: str, outcome: dict[str, str]) -> Action:
    """Say that it need not be done any more, and why."""
    row = find(queries.actions(), public_id=action)
    require(policies.may_keep(by, queries.seat_of(by, row.committee)))
    if row.state == Action.State.CANCELLED:
        unchanged()
        return row
    if errors := optional_errors(2_000, outcome=outcome) or text_errors(2_000, outcome=given(outcome)):
        raise Invalid(errors)
    Action.FLOW.move(row, Action.State.CANCELLED, outcome=given(outcome), closed_at=clock.now())
    record(ActionCancelled(action=action, outcome=dict(row.outcome)), by=by, subject=row.subject)
    return row
