from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema

from bitgoeul.apps.people.queries import organisations_of
from bitgoeul.apps.programmes import commands, queries
from bitgoeul.apps.programmes.models import Application, Call
from bitgoeul.apps.programmes.queries.answers import answer_problems
from bitgoeul.apps.programmes.queries.eligibility import assess, prefill
from bitgoeul.kit import clock
from bitgoeul.kit.api import signed_in, write_once
from bitgoeul.kit.doors import find
from bitgoeul.kit.paging import page_of
from bitgoeul.kit.refusals import Invalid

router = Router(tags=["programmes"])

Text = dict[str, str]


class GivesOut(Schema):
    """What one grant gives; credits in milli-credits."""

    credits: int
    days: int


class BudgetOut(Schema):
    """In milli-credits."""

    total: int
    granted: int
    left: int


class CallOut(Schema):
    slug: str
    programme: str
    kind: str
    tier: str
    title: Text
    summary: Text
    state: str
    accepts: bool
    opens_at: dt.datetime
    closes_at: dt.datetime
    gives: GivesOut
    budget: BudgetOut
    example: bool

    @staticmethod
    def resolve_programme(call: Call) -> str:
        return call.programme.slug

    @staticmethod
    def resolve_accepts(call: Call) -> bool:
        return call.accepts_at(clock.now())

    @staticmethod
    def resolve_gives(call: Call) -> dict[str, int]:
        return {"credits": call.gives_credits, "days": call.gives_days}

    @staticmethod
    def resolve_budget(call: Call) -> dict[str, int]:
        return {"total": call.budget, "granted": call.granted, "left": call.left}

    @staticmethod
    def resolve_example(call: Call) -> bool:
        return call.is_example


class CallsOut(Schema):
    page: int
    pages: int
    items: list[CallOut]


class StatisticsOut(Schema):
    applications: int
    accepted: int
    rejected: int
    waiting: int
    withdrawn: int
    granted: int
    budget: int
    left: int


class CallDetailOut(CallOut):
    terms: Text
    form: dict[str, Any]
    clauses: list[dict[str, Any]]
    rules_version: int
    rules_fingerprint: str
    repeatable: bool
    statistics: StatisticsOut

    @staticmethod
    def resolve_statistics(call: Call) -> queries.Statistics:
        return queries.statistics(call)


class OutcomeOut(Schema):
    clause: str
    title: Text
    result: Literal["pass", "fail", "unknown"]
    reason: Text
    missing: list[str]


class CheckIn(Schema):
    organisation: str
    answers: dict[str, Any] = {}


class CheckOut(Schema):
    """How the organisation stands now.  ``answers`` holds what the company file filled in."""

    verdict: Literal["pass", "fail", "unknown"]
    clauses: list[OutcomeOut]
    answers: dict[str, Any]
    problems: dict[str, list[str]]


class ApplyIn(Schema):
    organisation: str
    answers: dict[str, Any] = {}
    accept_terms: bool = False


class DecisionOut(Schema):
    accepted: bool
    automatic: bool
    reason: Text
    clauses: list[str]
    at: dt.datetime


class GrantOut(Schema):
    """Credits in milli-credits; ``reference`` names the posting in the ledger."""

    credits: int
    starts_at: dt.datetime
    ends_at: dt.datetime
    reference: str


class ApplicationOut(Schema):
    id: str
    call: str
    organisation: str
    state: str
    verdict: str
    clauses: list[OutcomeOut]
    answers: dict[str, Any]
    rules_version: int
    rules_fingerprint: str
    submitted_at: dt.datetime | None
    decision: DecisionOut | None
    grant: GrantOut | None
    record_subject: str


class ApplicationsOut(Schema):
    page: int
    pages: int
    items: list[ApplicationOut]


class DecideIn(Schema):
    accept: bool
    reason: Text


class CallIn(Schema):
    """A draft; amounts in milli-credits."""

    programme: str
    slug: str
    tier: str
    title: Text
    summary: Text
    terms: Text
    opens_at: dt.datetime
    closes_at: dt.datetime
    budget: int
    gives_credits: int
    gives_days: int
    form: dict[str, Any]
    clauses: list[dict[str, Any]]
    repeatable: bool = False


class ProgrammeIn(Schema):
    slug: str
    title: Text
    summary: Text


class ProgrammeOut(Schema):
    slug: str
    title: Text
    summary: Text


def _page(page: Any) -> dict[str, Any]:
    return {"page": page.number, "pages": page.paginator.num_pages, "items": list(page)}


def _shown(row: Application) -> dict[str, Any]:
    """The application as data, which ``once`` can keep."""
    decision, grant = getattr(row, "decision", None), getattr(row, "grant", None)
    return {
        "id": row.public_id,
        "call": row.call.slug,
        "organisation": row.organisation.slug,
        "state": row.state,
        "verdict": row.verdict,
        "clauses": row.outcomes,
        "answers": row.answers,
        "rules_version": row.rules_version,
        "rules_fingerprint": row.rules_fingerprint,
        "submitted_at": row.submitted_at,
        "decision": decision
        and {
            "accepted": decision.accepted,
            "automatic": decision.automatic,
            "reason": decision.reason,
            "clauses": decision.clauses,
            "at": decision.at,
        },
        "grant": grant
        and {
            "credits": grant.amount,
            "starts_at": grant.starts_at,
            "ends_at": grant.ends_at,
            "reference": grant.reference,
        },
        "record_subject": row.subject,
    }


@router.get("/calls", response=CallsOut)
def calls(
    request: HttpRequest,
    state: Literal["open", "announced", "past", "all"] = "open",
    page: int = Query(1, ge=1),
) -> dict[str, Any]:
    """Calls that take applications now, that will, that did, or all of them."""
    rows = queries.calls_visible_to(request.actor)  # type: ignore[attr-defined]
    chosen = {
        "open": queries.taking_applications,
        "announced": queries.announced,
        "past": queries.past,
        "all": lambda everything: everything,
    }[state](rows)
    return _page(page_of(chosen, request))


@router.post("/programmes", response=ProgrammeOut)
def save_programme(request: HttpRequest, body: ProgrammeIn) -> Any:
    """Write a programme (operators)."""
    return commands.save_programme(by=signed_in(request), **body.dict())


@router.put("/calls/{slug}", response=CallDetailOut)
def save_call(request: HttpRequest, slug: str, body: CallIn) -> Any:
    """Write a draft, or change it (operators)."""
    return commands.save_call(by=signed_in(request), **body.dict() | {"slug": slug})


@router.get("/calls/{slug}", response=CallDetailOut)
def call(request: HttpRequest, slug: str) -> Any:
    """One call with its rules, its form and its public statistics."""
    return find(queries.calls_visible_to(request.actor), slug=slug)  # type: ignore[attr-defined]


@router.post("/calls/{slug}/open", response=CallDetailOut)
def open_call(request: HttpRequest, slug: str) -> Any:
    """Publish a draft (operators)."""
    return commands.open_call(by=signed_in(request), slug=slug)


@router.post("/calls/{slug}/close", response=CallDetailOut)
def close_call(request: HttpRequest, slug: str) -> Any:
    """Take no more applications (operators)."""
    return commands.close_call(by=signed_in(request), slug=slug)


@router.post("/calls/{slug}/check", response=CheckOut)
def check(request: HttpRequest, slug: str, body: CheckIn) -> dict[str, Any]:
    """How each clause would turn out for an organisation of yours.  Nothing is written."""
    actor = signed_in(request)
    offer = find(queries.calls_visible_to(actor), slug=slug)
    applicant = find(organisations_of(actor), slug=body.organisation)
    answers = prefill(offer, applicant) | body.answers
    if problems := answer_problems(offer.form, answers, complete=False):
        raise Invalid(problems)
    assessment = assess(offer, applicant, answers)
    return {
        "verdict": assessment.verdict,
        "clauses": [outcome.as_data() for outcome in assessment.outcomes],
        "answers": answers,
        "problems": answer_problems(offer.form, answers, complete=True),
    }


@router.post("/calls/{slug}/applications", response=ApplicationOut)
def apply(request: HttpRequest, slug: str, body: ApplyIn) -> Any:
    """Apply.  What the company file knows need not be sent; the outcome is in the answer."""
    actor = signed_in(request)
    return write_once(request, lambda: _shown(commands.apply(by=actor, call=slug, **body.dict())))


@router.get("/applications", response=ApplicationsOut)
def applications(request: HttpRequest, page: int = Query(1, ge=1)) -> dict[str, Any]:
    """The applications you may see, newest first."""
    found = page_of(queries.applications_visible_to(signed_in(request)), request)
    return _page(found) | {"items": [_shown(row) for row in found]}


@router.get("/applications/{application_id}", response=ApplicationOut)
def application(request: HttpRequest, application_id: str) -> Any:
    """One application with its decision and its grant."""
    return _shown(find(queries.applications_visible_to(signed_in(request)), public_id=application_id))


@router.post("/applications/{application_id}/withdraw", response=ApplicationOut)
def withdraw(request: HttpRequest, application_id: str) -> Any:
    """Take back an application that is not decided."""
    return _shown(commands.withdraw_application(by=signed_in(request), application=application_id))


@router.post("/applications/{application_id}/decide", response=ApplicationOut)
def decide(request: HttpRequest, application_id: str, body: DecideIn) -> Any:
    """Decide what waits for a person (operators)."""
    run = commands.accept_application if body.accept else commands.reject_application
    actor = signed_in(request)
    run(by=actor, application=application_id, reason=body.reason)
    return _shown(find(queries.applications_visible_to(actor), public_id=application_id))
