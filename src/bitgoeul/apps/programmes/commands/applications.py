"""From a draft to its decision, and from the decision to the credits, in one transaction."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bitgoeul.apps.credits.commands import grant_credits
from bitgoeul.apps.people.models import Organisation
from bitgoeul.apps.people.queries import organisations_of
from bitgoeul.apps.programmes import policies, queries
from bitgoeul.apps.programmes.errors import AlreadyApplied, BudgetSpent, CallNotOpen
from bitgoeul.apps.programmes.events import (
    AnswersSaved,
    ApplicationAccepted,
    ApplicationReferred,
    ApplicationRejected,
    ApplicationStarted,
    ApplicationSubmitted,
    ApplicationWithdrawn,
)
from bitgoeul.apps.programmes.models import Application, Call, Decision, Grant
from bitgoeul.apps.programmes.queries.answers import answer_problems, is_storable
from bitgoeul.apps.programmes.queries.eligibility import assess, prefill
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM, Actor
from bitgoeul.kit.command import command, unchanged
from bitgoeul.kit.doors import find
from bitgoeul.kit.facts import record
from bitgoeul.kit.refusals import Invalid, StateChanged, require
from bitgoeul.kit.text import LANGUAGES, Localised, translated

State = Application.State
EVERY_CLAUSE_HOLDS = gettext_lazy("Every condition of the call is met.")
LONGEST_REASON = 2_000


@command
def start_application(*, by: Actor, call: str, organisation: str) -> Application:
    """Begin a draft, filled in from the company file; an open draft is taken up again."""
    offer = find(queries.calls_visible_to(by), slug=call)
    applicant = find(organisations_of(by), slug=organisation)
    require(policies.may_apply(by, applicant.pk))
    current = queries.current_application(offer, applicant)
    if current is not None and current.state == State.DRAFT:
        unchanged()
        return current
    if current is not None and not offer.repeatable:
        raise _already(offer, applicant, current)
    _check_open(offer)
    try:
        with transaction.atomic():
            application = Application.objects.create(
                call=offer,
                organisation=applicant,
                person_id=by.person_id,
                alone=not offer.repeatable,
                answers=prefill(offer, applicant),
            )
    except IntegrityError:  # a colleague began a moment ago
        raise _already(offer, applicant, queries.current_application(offer, applicant)) from None
    record(
        ApplicationStarted(call=offer.slug, application=application.public_id),
        by=by,
        subject=application.subject,
        organisation=applicant,
    )
    return application


@command
def save_answers(*, by: Actor, application: str, answers: dict[str, Any]) -> Application:
    """Keep the answers of a draft.  Questions may stay open until it is handed in."""
    row = find(queries.applications_visible_to(by), public_id=application)
    require(policies.may_apply(by, row.organisation_id))
    if problems := answer_problems(row.call.form, answers, complete=False):
        raise Invalid(problems)
    if row.state == State.DRAFT and row.answers == answers:
        unchanged()
        return row
    # The same arrow guards the draft here as everywhere: somebody may just be handing it in.
    if not Application.objects.filter(pk=row.pk, state=State.DRAFT).update(answers=answers):
        row.refresh_from_db(fields=["state"])
        raise StateChanged(now=str(row.get_state_display()))
    row.answers = answers
    record(
        AnswersSaved(call=row.call.slug, application=row.public_id, answers=_without_floats(answers)),
        by=by,
        subject=row.subject,
        organisation=row.organisation,
    )
    return row


@command
def submit_application(*, by: Actor, application: str, accept_terms: bool) -> Application:
    """Hand in a draft and decide what can be decided: all clauses pass, some fail, or a person must look.

    Decision, budget and credits are in this one transaction, so a crash leaves either all of them or a
    draft.  Handing in twice changes nothing.
    """
    row = find(queries.applications_visible_to(by), public_id=application)
    require(policies.may_apply(by, row.organisation_id))
    if row.submitted_at is not None:
        unchanged()
        return row
    _check_open(row.call)
    problems = answer_problems(row.call.form, row.answers, complete=True)
    if not accept_terms:
        problems["accept_terms"] = [_("Agree to the terms of the grant.")]
    if problems:
        raise Invalid(problems)
    assessment = assess(row.call, row.organisation, row.answers)
    frozen = {
        "person_id": by.person_id,
        "facts": {group: facts for group, facts in assessment.facts.items() if group != "answers"},
        "outcomes": [outcome.as_data() for outcome in assessment.outcomes],
        "verdict": assessment.verdict,
        "rules_version": row.call.rules_version,
        "rules_fingerprint": row.call.rules_fingerprint,
        "submitted_at": clock.now(),
    }
    Application.FLOW.move(row, State.SUBMITTED, **frozen)
    record(
        ApplicationSubmitted(
            call=row.call.slug,
            application=row.public_id,
            verdict=assessment.verdict,
            outcomes={outcome.clause: outcome.result for outcome in assessment.outcomes},
            rules_version=row.rules_version,
            rules_fingerprint=row.rules_fingerprint,
            answers=_without_floats(row.answers),
        ),
        by=by,
        subject=row.subject,
        organisation=row.organisation,
    )
    if assessment.verdict == "pass":
        accept_application(by=SYSTEM, application=row.public_id, reason=translated(EVERY_CLAUSE_HOLDS))
    elif assessment.verdict == "fail":
        reason = _joined([Localised.of(outcome.reason) for outcome in assessment.failed])
        reject_application(by=SYSTEM, application=row.public_id, reason=reason)
    else:
        refer_application(by=SYSTEM, application=row.public_id)
    return find(queries.applications_visible_to(by), pk=row.pk)


def apply(
    *, by: Actor, call: str, organisation: str, answers: dict[str, Any], accept_terms: bool
) -> Application:
    """Start, answer and hand in at once: all of it or nothing.  What the file knows need not be sent."""
    with transaction.atomic():
        draft = start_application(by=by, call=call, organisation=organisation)
        if not isinstance(answers, dict):
            raise Invalid(answer_problems(draft.call.form, answers, complete=False))
        save_answers(by=by, application=draft.public_id, answers=draft.answers | answers)
        return submit_application(by=by, application=draft.public_id, accept_terms=accept_terms)


@command
def refer_application(*, by: Actor, application: str) -> Application:
    """Leave the decision to a person: some clause could not be answered."""
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
def accept_application(*, by: Actor, application: str, reason: dict[str, str]) -> Application:
    """Accept, take the amount from the call's budget and post the credits."""
    row = find(queries.applications_visible_to(by), public_id=application)
    require(policies.may_decide(by, row))
    _check_reason(reason)
    call = row.call
    Application.FLOW.move(row, State.ACCEPTED)
    # One conditional statement takes the money: however many decide at once, the budget is not overdrawn.
    within = Call.objects.filter(pk=call.pk, granted__lte=F("budget") - call.gives_credits)
    if not within.update(granted=F("granted") + call.gives_credits):
        raise BudgetSpent(call=str(call))
    starts_at = clock.now()
    grant = Grant.objects.create(
        application=row,
        organisation=row.organisation,
        amount=call.gives_credits,
        starts_at=starts_at,
        ends_at=starts_at + dt.timedelta(days=call.gives_days),
        reference=f"grant:{row.public_id}",
    )
    grant_credits(
        by=SYSTEM,
        organisation=row.organisation,
        amount=grant.amount,
        starts_at=grant.starts_at,
        ends_at=grant.ends_at,
        reference=grant.reference,
        source=f"programmes:{call.slug}",
    )
    _decide(by, row, accepted=True, reason=reason, clauses=[])
    record(
        ApplicationAccepted(
            call=call.slug,
            application=row.public_id,
            automatic=by.is_system,
            amount=grant.amount,
            starts_at=grant.starts_at.isoformat(),
            ends_at=grant.ends_at.isoformat(),
            reference=grant.reference,
            reason=dict(reason),
        ),
        by=by,
        subject=row.subject,
        organisation=row.organisation,
    )
    return row


@command
def reject_application(*, by: Actor, application: str, reason: dict[str, str]) -> Application:
    """Reject, with the reason that the applicant reads."""
    row = find(queries.applications_visible_to(by), public_id=application)
    require(policies.may_decide(by, row))
    _check_reason(reason)
    Application.FLOW.move(row, State.REJECTED)
    failed = _clauses_with(row, "fail")
    _decide(by, row, accepted=False, reason=reason, clauses=failed)
    record(
        ApplicationRejected(
            call=row.call.slug,
            application=row.public_id,
            automatic=by.is_system,
            clauses=failed,
            reason=dict(reason),
        ),
        by=by,
        subject=row.subject,
        organisation=row.organisation,
    )
    return row


@command
def withdraw_application(*, by: Actor, application: str) -> Application:
    """Take back a draft or an application that waits; the organisation may then apply anew."""
    row = find(queries.applications_visible_to(by), public_id=application)
    require(policies.may_apply(by, row.organisation_id))
    if row.state == State.WITHDRAWN:
        unchanged()
        return row
    was = row.state
    Application.FLOW.move(row, State.WITHDRAWN)
    record(
        ApplicationWithdrawn(call=row.call.slug, application=row.public_id, was=was),
        by=by,
        subject=row.subject,
        organisation=row.organisation,
    )
    return row


def _decide(
    by: Actor, row: Application, *, accepted: bool, reason: dict[str, str], clauses: list[str]
) -> Decision:
    return Decision.objects.create(
        application=row,
        accepted=accepted,
        automatic=by.is_system,
        by=by.id,
        reason=Localised.of(reason),
        clauses=clauses,
        at=clock.now(),
    )


def _check_open(call: Call) -> None:
    if not call.accepts_at(clock.now()):
        opens, closes = (
            date_format(timezone.localtime(moment), "DATETIME_FORMAT")
            for moment in (call.opens_at, call.closes_at)
        )
        raise CallNotOpen(call=str(call), opens=opens, closes=closes)


def _check_reason(reason: dict[str, str]) -> None:
    texts = [str(reason.get(language, "")).strip() for language in LANGUAGES]
    if not any(texts) or max(map(len, texts)) > LONGEST_REASON or not is_storable(texts):
        raise Invalid({"reason": [_("Write the reason that the applicant will read.")]})


def _already(call: Call, organisation: Organisation, current: Application | None) -> AlreadyApplied:
    number = current.public_id if current else ""
    return AlreadyApplied(call=str(call), organisation=organisation.name, application=number)


def _clauses_with(row: Application, result: str) -> list[str]:
    return [outcome["clause"] for outcome in row.outcomes if outcome["result"] == result]


def _joined(reasons: list[Localised]) -> Localised:
    return Localised({name: " ".join(reason.in_language(name) for reason in reasons) for name in LANGUAGES})


def _without_floats(answers: dict[str, Any]) -> dict[str, Any]:
    """A fact holds no floats: a number with a fraction is written as text."""
    return {name: str(value) if isinstance(value, float) else value for name, value in answers.items()}
