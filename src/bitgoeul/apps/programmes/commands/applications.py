"""From a draft to what is handed in; what can be decided at once is decided in the same transaction."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bitgoeul.apps.people.models import Organisation
from bitgoeul.apps.people.queries import organisations_of
from bitgoeul.apps.programmes import policies, queries
from bitgoeul.apps.programmes.commands.decisions import (
    accept_application,
    admit_application,
    refer_application,
    reject_application,
)
from bitgoeul.apps.programmes.errors import AlreadyApplied, CallNotOpen, CompletionLate
from bitgoeul.apps.programmes.events.applications import (
    AnswersSaved,
    ApplicationStarted,
    ApplicationSubmitted,
    ApplicationWithdrawn,
)
from bitgoeul.apps.programmes.models import Application, Call
from bitgoeul.apps.programmes.queries import funding
from bitgoeul.apps.programmes.queries.answers import answer_problems, document_problems
from bitgoeul.apps.programmes.queries.deadlines import written_moment
from bitgoeul.apps.programmes.queries.eligibility import Assessment, assess, prefill
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM, Actor
from bitgoeul.kit.command import command, unchanged
from bitgoeul.kit.doors import find
from bitgoeul.kit.facts import record
from bitgoeul.kit.refusals import Invalid, StateChanged, require
from bitgoeul.kit.text import LANGUAGES, Localised, translated

State = Application.State
EVERY_CLAUSE_HOLDS = gettext_lazy("Every condition of the call is met.")


@command
def start_application(*, by: Actor, call: str, organisation: str) -> Application:
    """Begin a draft, filled in from the company file; an open draft is taken up again."""
    offer = find(queries.calls_visible_to(by), slug=call)
    applicant = find(organisations_of(by), slug=organisation)
    require(policies.may_apply(by, applicant.pk))
    current = queries.current_application(offer, applicant)
    if current is not None and current.is_editable:
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
    """Keep the answers of a draft, or of one returned for completion.  Questions may stay open for now."""
    row = find(queries.applications_visible_to(by), public_id=application)
    require(policies.may_apply(by, row.organisation_id))
    if problems := answer_problems(row.call.form, answers, complete=False):
        raise Invalid(problems)
    if row.is_editable and row.answers == answers:
        unchanged()
        return row
    # The same arrow guards the draft here as everywhere: somebody may just be handing it in.
    mine = Application.objects.filter(pk=row.pk, state=row.state) if row.is_editable else None
    if mine is None or not mine.update(answers=answers):
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
    """Hand in a draft, or one that was returned, and decide what can be decided.

    All clauses pass: it goes to whoever decides, which may be the rules themselves. Some fail: rejected.
    Some are unknown: a person looks. Decision, budget and credits are in this one transaction, so a crash
    leaves either all of them or a draft. Handing in twice changes nothing.
    """
    row = find(queries.applications_visible_to(by), public_id=application)
    require(policies.may_apply(by, row.organisation_id))
    if row.submitted_at is not None and row.state != State.RETURNED:
        unchanged()
        return row
    _check_in_time(row)
    _check_complete(row, accept_terms)
    assessment = assess(row.call, row.organisation, row.answers)
    Application.FLOW.move(row, State.SUBMITTED, **_frozen(by, row, assessment))
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
    _send_on(row, assessment)
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
def withdraw_application(*, by: Actor, application: str) -> Application:
    """Take back what is not decided yet; the organisation may then apply anew."""
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


def _frozen(by: Actor, row: Application, assessment: Assessment) -> dict[str, Any]:
    """What the decision is made on, kept with the application from now on."""
    return {
        "person_id": by.person_id,
        "facts": {group: facts for group, facts in assessment.facts.items() if group != "answers"},
        "outcomes": [outcome.as_data() for outcome in assessment.outcomes],
        "verdict": assessment.verdict,
        "rules_version": row.call.rules_version,
        "rules_fingerprint": row.call.rules_fingerprint,
        "ask": row.call.share_asked(row.answers),
        "submitted_at": row.submitted_at or clock.now(),
    }


def _send_on(row: Application, assessment: Assessment) -> None:
    """To the end, to a person or to the panel, as the verdict and the call say."""
    if assessment.verdict == "fail":
        reason = _joined([Localised.of(outcome.reason) for outcome in assessment.failed])
        reject_application(by=SYSTEM, application=row.public_id, reason=reason)
    elif assessment.verdict == "unknown" or row.call.decision == "officer" or _is_for_an_officer(row):
        refer_application(by=SYSTEM, application=row.public_id)
    elif row.call.is_for_a_panel:
        admit_application(by=SYSTEM, application=row.public_id)
    else:
        accept_application(by=SYSTEM, application=row.public_id, reason=translated(EVERY_CLAUSE_HOLDS))


def _is_for_an_officer(row: Application) -> bool:
    """Whether a rule of the call about double funding asks a person to look; a panel looks in any case."""
    if row.call.is_for_a_panel:
        return False
    return funding.rule_of(row.call) != "show" and bool(funding.found_for(row))


def _check_complete(row: Application, accept_terms: bool) -> None:
    problems = answer_problems(row.call.form, row.answers, complete=True)
    problems = document_problems(row.call.form, row.answers, row.organisation) | problems
    asked = row.call.share_asked(row.answers)
    if asked is not None and not row.call.share_least <= asked <= row.call.share_most:
        limits = {
            "least": row.call.written(row.call.share_least),
            "most": row.call.written(row.call.share_most),
        }
        problems[row.call.ask] = [_("Ask for %(least)s to %(most)s.") % limits]
    if not accept_terms:
        problems["accept_terms"] = [_("Agree to the terms of the grant.")]
    if problems:
        raise Invalid(problems)


def _check_in_time(row: Application) -> None:
    """A draft until the call closes; what was returned until its own day."""
    if row.state != State.RETURNED:
        _check_open(row.call)
    elif row.completion_due_at is not None and clock.now() >= row.completion_due_at:
        raise CompletionLate(call=str(row.call), due=written_moment(row.completion_due_at))


def _check_open(call: Call) -> None:
    if not call.accepts_at(clock.now()):
        raise CallNotOpen(
            call=str(call), opens=written_moment(call.opens_at), closes=written_moment(call.closes_at)
        )


def _already(call: Call, organisation: Organisation, current: Application | None) -> AlreadyApplied:
    number = current.public_id if current else ""
    return AlreadyApplied(call=str(call), organisation=organisation.name, application=number)


def _joined(reasons: list[Localised]) -> Localised:
    return Localised({name: " ".join(reason.in_language(name) for reason in reasons) for name in LANGUAGES})


def _without_floats(answers: dict[str, Any]) -> dict[str, Any]:
    """A fact holds no floats: a number with a fraction is written as text."""
    return {name: str(value) if isinstance(value, float) else value for name, value in answers.items()}
