"""Decisions: to a person, to the panel, back for completion, accepted or offered, on the reserve, rejected.

Whoever decides in favour takes the amount from the call's budget in the same transaction: at once where the
winner has the grant at once, as a reservation while an offer waits for the winner's answer.
"""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bitgoeul.apps.programmes import policies, queries
from bitgoeul.apps.programmes.commands.giving import make_grant
from bitgoeul.apps.programmes.errors import BudgetSpent, FundedTwice, PanelDecides
from bitgoeul.apps.programmes.events.applications import (
    ApplicationAccepted,
    ApplicationAdmitted,
    ApplicationOffered,
    ApplicationReferred,
    ApplicationRejected,
    ApplicationReserved,
    ApplicationReturned,
)
from bitgoeul.apps.programmes.models import Application, Call, Decision, Grant
from bitgoeul.apps.programmes.queries import funding
from bitgoeul.apps.programmes.queries.answers import is_storable
from bitgoeul.apps.programmes.queries.deadlines import due_after
from bitgoeul.kit import clock
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.command import command
from bitgoeul.kit.doors import find
from bitgoeul.kit.facts import record
from bitgoeul.kit.refusals import Invalid, StateChanged, require
from bitgoeul.kit.text import LANGUAGES, Localised

State = Application.State
LONGEST_REASON = 2_000
WRITE_A_REASON = gettext_lazy("Write the reason that the applicant will read.")
WRITE_WHY_BOTH = gettext_lazy("Another programme supports the same already. Write why both are right.")


@command
def refer_application(*, by: Actor, application: str) -> Application:
    """Leave the decision to a person: the call says so, or some clause could not be answered."""
    require(by.is_system)
    row = find(queries.applications_visible_to(by), public_id=application)
    Application.FLOW.move(row, State.WAITING)
    record(
        ApplicationReferred(
            call=row.call.slug, application=row.public_id, unknown=_clauses_with(row, "unknown")
        ),
        by=by,
        subject=row.subject,
        organisation=row.organisation,
    )
    return row


@command
def admit_application(*, by: Actor, application: str) -> Application:
    """Pass an application on to the panel of its call."""
    row = find(queries.applications_visible_to(by), public_id=application)
    require(policies.may_decide(by, row))
    if not row.call.is_for_a_panel:
        raise StateChanged(now=str(row.get_state_display()))
    Application.FLOW.move(row, State.IN_REVIEW)
    record(
        ApplicationAdmitted(call=row.call.slug, application=row.public_id),
        by=by,
        subject=row.subject,
        organisation=row.organisation,
    )
    return row


@command
def return_application(*, by: Actor, application: str, asks: dict[str, str]) -> Application:
    """Send an application back to be completed until a day; the applicant reads what is missing."""
    row = find(queries.applications_visible_to(by), public_id=application)
    require(policies.may_decide(by, row))
    check_text("asks", asks)
    due_at = due_after(int(row.call.procedure.get("completion_days", 10)))
    Application.FLOW.move(row, State.RETURNED, completion_due_at=due_at, completion_asks=Localised.of(asks))
    record(
        ApplicationReturned(
            call=row.call.slug, application=row.public_id, due_at=due_at.isoformat(), asks=dict(asks)
        ),
        by=by,
        subject=row.subject,
        organisation=row.organisation,
    )
    return row


@command
def accept_application(
    *,
    by: Actor,
    application: str | Application,
    reason: dict[str, str],
    amount: int | None = None,
    despite: dict[str, str] | None = None,
    beside: dict[str, Any] | None = None,
) -> Application:
    """Decide in favour: the grant at once, or an offer where the call gives winners days to answer.

    ``amount`` may be less than what was asked for, in the unit of the call's budget.  ``despite`` says why an
    organisation that another programme supports with the same has it all the same; ``beside`` is what a
    panel found and answered about that for all its applications at once.
    """
    row = _row(by, application)
    require(policies.may_decide(by, row))
    check_text("reason", reason)
    if row.call.is_for_a_panel and row.state == State.WAITING:
        raise PanelDecides(call=str(row.call))
    given = _amount(row, amount)
    if beside is None:
        beside = _checked_beside(by, row, given, despite)
    was = row.state
    if row.call.offer_days:
        _offer(by, row, was, given, reason, beside)
    else:
        _accept(by, row, was, given, reason, beside)
    return row


def _checked_beside(
    by: Actor, row: Application, amount: int, despite: dict[str, str] | None
) -> dict[str, Any]:
    """What the fact says about double funding.  The rule of the call binds an officer; the hub names it."""
    references = funding.references_of(funding.found_for(row, amount))
    if not references:
        return {}
    if by.is_system:
        return {"double_funding": references}
    rule = funding.rule_of(row.call)
    if rule == "refuse":
        raise FundedTwice(references=", ".join(references))
    if rule == "reason" or despite:
        check_text("despite", despite or {}, WRITE_WHY_BOTH)
    return {"double_funding": references, "despite": dict(despite or {})}


def decide(
    *,
    by: Actor,
    application: str,
    accept: bool,
    reason: dict[str, str],
    amount: int | None = None,
    despite: dict[str, str] | None = None,
) -> Application:
    """An officer's decision about what waits for a person; what a panel looks at is the panel's."""
    row = find(queries.applications_visible_to(by), public_id=application)
    require(policies.may_decide(by, row))
    if row.state != State.WAITING:
        raise StateChanged(now=str(row.get_state_display()))
    if accept:
        return accept_application(
            by=by, application=application, reason=reason, amount=amount, despite=despite
        )
    return reject_application(by=by, application=application, reason=reason)


@command
def reserve_application(
    *, by: Actor, application: str | Application, order: int, beside: dict[str, Any] | None = None
) -> Application:
    """Put an application on the reserve list of its call: 1 is offered next when a winner declines."""
    row = _row(by, application)
    require(policies.may_decide(by, row))
    if order < 1:
        raise _no_such_place()
    try:
        Application.FLOW.move(row, State.RESERVE, order=order)
    except IntegrityError:  # the place is taken
        raise _no_such_place() from None
    record(
        ApplicationReserved(call=row.call.slug, application=row.public_id, order=order, **(beside or {})),
        by=by,
        subject=row.subject,
        organisation=row.organisation,
    )
    return row


@command
def reject_application(*, by: Actor, application: str | Application, reason: dict[str, str]) -> Application:
    """Reject, with the reason that the applicant reads."""
    row = _row(by, application)
    require(policies.may_decide(by, row))
    check_text("reason", reason)
    automatic = by.is_system and row.state in (State.SUBMITTED, State.RETURNED)
    Application.FLOW.move(row, State.REJECTED)
    failed = _clauses_with(row, "fail")
    _decide(by, row, accepted=False, automatic=automatic, reason=reason, clauses=failed)
    record(
        ApplicationRejected(
            call=row.call.slug,
            application=row.public_id,
            automatic=automatic,
            clauses=failed,
            reason=dict(reason),
        ),
        by=by,
        subject=row.subject,
        organisation=row.organisation,
    )
    return row


def _row(by: Actor, application: str | Application) -> Application:
    """An application by its number, or the row that a command which decides about many has found already."""
    if isinstance(application, Application):
        return application
    return find(queries.applications_visible_to(by), public_id=application)


def _no_such_place() -> Invalid:
    return Invalid({"order": [_("The order begins with 1, and nobody shares a place in it.")]})


def _offer(  # noqa: PLR0917
    by: Actor, row: Application, was: str, amount: int, reason: dict[str, str], beside: dict[str, Any]
) -> None:
    ends_at = due_after(row.call.offer_days)
    Application.FLOW.move(row, State.OFFERED, amount=amount, offer_ends_at=ends_at)
    _take(row.call, amount, into="reserved")
    automatic = by.is_system and was == State.SUBMITTED
    _decide(by, row, accepted=True, automatic=automatic, reason=reason, clauses=[])
    record(
        ApplicationOffered(
            call=row.call.slug,
            application=row.public_id,
            amount=amount,
            unit=row.call.budget_unit,
            ends_at=ends_at.isoformat(),
            was=was,
            reason=dict(reason),
            **beside,
        ),
        by=by,
        subject=row.subject,
        organisation=row.organisation,
    )


def _accept(  # noqa: PLR0917
    by: Actor, row: Application, was: str, amount: int, reason: dict[str, str], beside: dict[str, Any]
) -> None:
    Application.FLOW.move(row, State.ACCEPTED, amount=amount)
    _take(row.call, amount, into="granted")
    automatic = by.is_system and was == State.SUBMITTED
    _decide(by, row, accepted=True, automatic=automatic, reason=reason, clauses=[])
    record_acceptance(by, row, make_grant(row), automatic=automatic, reason=reason, beside=beside)


def record_acceptance(
    by: Actor,
    row: Application,
    grant: Grant,
    *,
    automatic: bool,
    reason: dict[str, str],
    beside: dict[str, Any] | None = None,
) -> None:
    """The fact of an accepted application: a grant there is now, with its parts."""
    record(
        ApplicationAccepted(
            call=row.call.slug,
            application=row.public_id,
            automatic=automatic,
            amount=grant.amount,
            unit=row.call.budget_unit,
            starts_at=grant.starts_at.isoformat(),
            ends_at=grant.ends_at.isoformat(),
            reference=grant.reference,
            parts=[part.as_data() for part in grant.parts.all()],
            reason=dict(reason),
            **(beside or {}),
        ),
        by=by,
        subject=row.subject,
        organisation=row.organisation,
    )


def _take(call: Call, amount: int, *, into: str) -> None:
    """Take from the budget in one conditional statement: however many decide, it is never overdrawn."""
    within = Call.objects.filter(pk=call.pk, granted__lte=F("budget") - F("reserved") - amount)
    if not within.update(**{into: F(into) + amount}):
        raise BudgetSpent(call=str(call))


def _amount(row: Application, amount: int | None) -> int:
    """What is given: what was asked for unless the decision says less."""
    asked = row.ask or row.call.share_most
    given = asked if amount is None else amount
    if not row.call.share_least <= given <= asked:
        limits = {"least": row.call.written(row.call.share_least), "most": row.call.written(asked)}
        raise Invalid({"amount": [_("Give %(least)s to %(most)s.") % limits]})
    return given


def _decide(
    by: Actor,
    row: Application,
    *,
    accepted: bool,
    automatic: bool,
    reason: dict[str, str],
    clauses: list[str],
) -> Decision:
    return Decision.objects.create(
        application=row,
        accepted=accepted,
        automatic=automatic,
        by=by.id,
        reason=Localised.of(reason),
        clauses=clauses,
        at=clock.now(),
    )


def check_text(name: str, text: dict[str, str], otherwise: Any = WRITE_A_REASON) -> None:
    texts = [str(text.get(language, "")).strip() for language in LANGUAGES]
    if not any(texts) or max(map(len, texts)) > LONGEST_REASON or not is_storable(texts):
        raise Invalid({name: [str(otherwise)]})


def _clauses_with(row: Application, result: str) -> list[str]:
    return [outcome["clause"] for outcome in row.outcomes if outcome["result"] == result]
