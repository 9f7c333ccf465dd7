from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest
from ninja import Query, Schema

from bitgoeul.apps.programmes import commands, queries
from bitgoeul.apps.programmes.api.calls import OutcomeOut
from bitgoeul.apps.programmes.api.routes import Text, router
from bitgoeul.apps.programmes.models import Application
from bitgoeul.kit.api import signed_in, write_once
from bitgoeul.kit.doors import find
from bitgoeul.kit.paging import page_of


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


class OfferOut(Schema):
    """What waits for the winner's answer, in the unit of the call's budget."""

    amount: int
    ends_at: dt.datetime


class CompletionOut(Schema):
    """What is missing, and until when it can be handed in."""

    asks: Text
    due_at: dt.datetime


class PartOut(Schema):
    number: int
    part: str
    quantity: int
    unit: str
    about: str
    title: Text
    numbered: bool
    reference: str
    state: str


class GrantOut(Schema):
    """``amount`` in the unit of the call's budget, ``credits`` in milli-credits.

    ``reference`` names the posting in the ledger.
    """

    state: str
    amount: int
    unit: str
    credits: int
    starts_at: dt.datetime
    ends_at: dt.datetime
    reference: str
    parts: list[PartOut]


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
    asked: int | None
    order: int | None
    offer: OfferOut | None
    completion: CompletionOut | None
    decision: DecisionOut | None
    grant: GrantOut | None
    record_subject: str


class ApplicationsOut(Schema):
    page: int
    pages: int
    items: list[ApplicationOut]


class DecideIn(Schema):
    """``amount``: less than was asked for, in the unit of the call's budget.

    ``despite``: why the organisation has it although another programme supports the same.
    """

    accept: bool
    reason: Text
    amount: int | None = None
    despite: Text | None = None


class ReturnIn(Schema):
    asks: Text


class DeclineIn(Schema):
    words: str = ""


def shown(row: Application) -> dict[str, Any]:
    """The application as data, which ``once`` can keep."""
    decision = getattr(row, "decision", None)
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
        "asked": row.ask,
        "order": row.order if row.state == Application.State.RESERVE else None,
        "offer": {"amount": row.amount, "ends_at": row.offer_ends_at}
        if row.state == Application.State.OFFERED
        else None,
        "completion": {"asks": row.completion_asks, "due_at": row.completion_due_at}
        if row.state == Application.State.RETURNED
        else None,
        "decision": decision
        and {
            "accepted": decision.accepted,
            "automatic": decision.automatic,
            "reason": decision.reason,
            "clauses": decision.clauses,
            "at": decision.at,
        },
        "grant": _grant(row),
        "record_subject": row.subject,
    }


def _grant(row: Application) -> dict[str, Any] | None:
    if (grant := getattr(row, "grant", None)) is None:
        return None
    parts = [part.as_data() | {"state": part.state} for part in grant.parts.all()]
    return {
        "state": grant.state,
        "amount": grant.amount,
        "unit": row.call.budget_unit,
        "credits": sum(part["quantity"] for part in parts if part["part"] == "credits"),
        "starts_at": grant.starts_at,
        "ends_at": grant.ends_at,
        "reference": grant.reference,
        "parts": parts,
    }


@router.post("/calls/{slug}/applications", response=ApplicationOut)
def apply(request: HttpRequest, slug: str, body: ApplyIn) -> Any:
    """Apply.  What the company file knows need not be sent; the outcome is in the answer."""
    actor = signed_in(request)
    return write_once(request, lambda: shown(commands.apply(by=actor, call=slug, **body.dict())))


@router.get("/applications", response=ApplicationsOut)
def applications(request: HttpRequest, page: int = Query(1, ge=1)) -> dict[str, Any]:
    """The applications you may see, newest first."""
    found = page_of(queries.applications_visible_to(signed_in(request)), request)
    return {
        "page": found.number,
        "pages": found.paginator.num_pages,
        "items": [shown(row) for row in found],
    }


def _now(request: HttpRequest, application_id: str) -> dict[str, Any]:
    return shown(find(queries.applications_visible_to(signed_in(request)), public_id=application_id))


@router.get("/applications/{application_id}", response=ApplicationOut)
def application(request: HttpRequest, application_id: str) -> Any:
    """One application with its decision and its grant."""
    return _now(request, application_id)


@router.post("/applications/{application_id}/withdraw", response=ApplicationOut)
def withdraw(request: HttpRequest, application_id: str) -> Any:
    """Take back an application that is not decided."""
    return shown(commands.withdraw_application(by=signed_in(request), application=application_id))


@router.post("/applications/{application_id}/take", response=ApplicationOut)
def take(request: HttpRequest, application_id: str) -> Any:
    """Take what was offered; the grant begins."""
    return shown(commands.take_offer(by=signed_in(request), application=application_id))


@router.post("/applications/{application_id}/decline", response=ApplicationOut)
def decline(request: HttpRequest, application_id: str, body: DeclineIn) -> Any:
    """Say no to an offer; the next in order is asked."""
    return shown(commands.decline_offer(by=signed_in(request), application=application_id, words=body.words))


@router.post("/applications/{application_id}/decide", response=ApplicationOut)
def decide(request: HttpRequest, application_id: str, body: DecideIn) -> Any:
    """Decide what waits for a person (operators)."""
    actor = signed_in(request)
    commands.decide(by=actor, application=application_id, **body.dict())
    return _now(request, application_id)


@router.post("/applications/{application_id}/return", response=ApplicationOut)
def return_(request: HttpRequest, application_id: str, body: ReturnIn) -> Any:
    """Send it back to be completed (operators)."""
    commands.return_application(by=signed_in(request), application=application_id, asks=body.asks)
    return _now(request, application_id)


@router.post("/applications/{application_id}/admit", response=ApplicationOut)
def admit(request: HttpRequest, application_id: str) -> Any:
    """Pass it on to the panel of its call (operators)."""
    commands.admit_application(by=signed_in(request), application=application_id)
    return _now(request, application_id)
