from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Query, Schema

from bitgoeul.apps.people.queries import organisations_of
from bitgoeul.apps.programmes import commands, queries
from bitgoeul.apps.programmes.api.routes import Text, router
from bitgoeul.apps.programmes.models import Call
from bitgoeul.apps.programmes.queries import finding
from bitgoeul.apps.programmes.queries.answers import answer_problems
from bitgoeul.apps.programmes.queries.eligibility import assess, prefill
from bitgoeul.kit import clock
from bitgoeul.kit.api import signed_in
from bitgoeul.kit.doors import find
from bitgoeul.kit.paging import page_of
from bitgoeul.kit.refusals import Invalid


class GivesOut(Schema):
    """What one grant gives; ``credits`` in milli-credits, 0 if it gives none."""

    credits: int
    days: int
    parts: list[dict[str, Any]]


class BudgetOut(Schema):
    """In ``unit``; credits in milli-credits.  ``reserved`` waits in offers for an answer."""

    unit: Literal["credits", "won", "places"]
    total: int
    reserved: int
    granted: int
    left: int


class ShareOut(Schema):
    """What one grant takes from the budget; ``ask`` names the question that asks for it."""

    least: int
    most: int
    ask: str


class CallOut(Schema):
    slug: str
    programme: str
    kind: str
    tier: str
    title: Text
    summary: Text
    stages: list[str]
    sectors: list[str]
    state: str
    accepts: bool
    opens_at: dt.datetime
    closes_at: dt.datetime
    gives: GivesOut
    share: ShareOut
    budget: BudgetOut
    decision: Literal["automatic", "officer", "panel", "panel-lottery"]
    example: bool

    @staticmethod
    def resolve_programme(call: Call) -> str:
        return call.programme.slug

    @staticmethod
    def resolve_accepts(call: Call) -> bool:
        return call.accepts_at(clock.now())

    @staticmethod
    def resolve_gives(call: Call) -> dict[str, Any]:
        return {"credits": queries.credits_of(call), "days": call.gives_days, "parts": call.gives}

    @staticmethod
    def resolve_share(call: Call) -> dict[str, Any]:
        return {"least": call.share_least, "most": call.share_most, "ask": call.ask}

    @staticmethod
    def resolve_budget(call: Call) -> dict[str, Any]:
        return {
            "unit": call.budget_unit,
            "total": call.budget,
            "reserved": call.reserved,
            "granted": call.granted,
            "left": call.left,
        }

    @staticmethod
    def resolve_example(call: Call) -> bool:
        return call.is_example


class CallsOut(Schema):
    page: int
    pages: int
    items: list[CallOut]


class StatisticsOut(Schema):
    applications: int
    waiting: int
    returned: int
    in_review: int
    offered: int
    reserve: int
    accepted: int
    rejected: int
    declined: int
    lapsed: int
    withdrawn: int
    reserved: int
    granted: int
    budget: int
    left: int


class CallDetailOut(CallOut):
    terms: Text
    form: dict[str, Any]
    clauses: list[dict[str, Any]]
    rules_version: int
    rules_fingerprint: str
    procedure: dict[str, Any]
    procedure_fingerprint: str
    blueprint: str
    blueprint_version: int
    repeatable: bool
    decisions: list[dict[str, Any]]
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


class CallIn(Schema):
    """A draft; amounts in ``budget_unit`` (credits: milli-credits)."""

    programme: str
    slug: str
    tier: str
    kind: str = "compute"
    title: Text
    summary: Text
    terms: Text
    opens_at: dt.datetime
    closes_at: dt.datetime
    budget_unit: str = "credits"
    budget: int
    share_most: int
    share_least: int | None = None
    ask: str = ""
    gives_days: int
    gives: list[dict[str, Any]] | None = None
    procedure: dict[str, Any] | None = None
    stages: list[str] = []
    sectors: list[str] = []
    form: dict[str, Any]
    clauses: list[dict[str, Any]]
    repeatable: bool = False
    decisions: list[str] = []


class ProgrammeIn(Schema):
    slug: str
    title: Text
    summary: Text


class ProgrammeOut(Schema):
    slug: str
    title: Text
    summary: Text


@router.get("/calls", response=CallsOut)
def calls(
    request: HttpRequest,
    state: Literal["open", "announced", "past", "all"] = "open",
    need: str = "",
    stage: str = "",
    sector: str = "",
    page: int = Query(1, ge=1),
) -> dict[str, Any]:
    """Calls that take applications now, that will, that did, or all of them.

    ``need``: compute, data, place, start, money, rules, learn, come or show.
    """
    rows = queries.calls_visible_to(request.actor)  # type: ignore[attr-defined]
    chosen = {
        "open": queries.taking_applications,
        "announced": queries.announced,
        "past": queries.past,
        "all": lambda everything: everything,
    }[state](rows)
    wanted = finding.fitting(chosen, need, stage, sector) if need or stage or sector else chosen
    found = page_of(wanted, request)
    return {"page": found.number, "pages": found.paginator.num_pages, "items": list(found)}


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
