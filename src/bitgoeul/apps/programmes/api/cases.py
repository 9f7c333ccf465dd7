from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest
from ninja import Query, Schema

from bitgoeul.apps.programmes import commands
from bitgoeul.apps.programmes.api.applications import ApplicationOut, shown
from bitgoeul.apps.programmes.api.routes import router
from bitgoeul.apps.programmes.models import Case
from bitgoeul.apps.programmes.queries import cases as case_queries
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.api import signed_in, write_once
from bitgoeul.kit.doors import find
from bitgoeul.kit.paging import page_of


class CaseIn(Schema):
    organisation: str
    title: str
    calls: list[str]


class CaseOut(Schema):
    """``form`` asks each question of the open parts once; ``answers`` is what is known already."""

    id: str
    organisation: str
    title: str
    created_at: dt.datetime
    parts: list[ApplicationOut]
    form: dict[str, Any]
    answers: dict[str, Any]


class CaseLineOut(Schema):
    id: str
    organisation: str
    title: str


class CasesOut(Schema):
    page: int
    pages: int
    items: list[CaseLineOut]


class CaseAnswersIn(Schema):
    answers: dict[str, Any]


class CaseSubmitIn(Schema):
    accept_terms: bool = False


class RefusedPartOut(Schema):
    application: str
    code: str
    title: str


class CaseSubmittedOut(Schema):
    case: CaseOut
    refused: list[RefusedPartOut]


def _shown(actor: Actor, row: Case) -> dict[str, Any]:
    whole = case_queries.form_of(row)
    return {
        "id": row.public_id,
        "organisation": row.organisation.slug,
        "title": row.title,
        "created_at": row.created_at,
        "parts": [shown(part) for part in case_queries.parts_of(row, actor)],
        "form": whole.schema,
        "answers": whole.answers,
    }


@router.get("/cases", response=CasesOut)
def cases(request: HttpRequest, page: int = Query(1, ge=1)) -> dict[str, Any]:
    """The cases you may see, newest first."""
    found = page_of(case_queries.cases_visible_to(signed_in(request)), request)
    items = [
        {"id": row.public_id, "organisation": row.organisation.slug, "title": row.title} for row in found
    ]
    return {"page": found.number, "pages": found.paginator.num_pages, "items": items}


@router.post("/cases", response=CaseOut)
def open_case(request: HttpRequest, body: CaseIn) -> Any:
    """Begin applications to several calls as one case."""
    actor = signed_in(request)
    return write_once(request, lambda: _shown(actor, commands.open_case(by=actor, **body.dict())))


@router.get("/cases/{case_id}", response=CaseOut)
def case(request: HttpRequest, case_id: str) -> Any:
    """One case with its parts."""
    actor = signed_in(request)
    return _shown(actor, find(case_queries.cases_visible_to(actor), public_id=case_id))


@router.put("/cases/{case_id}/answers", response=CaseOut)
def answer_case(request: HttpRequest, case_id: str, body: CaseAnswersIn) -> Any:
    """Keep answers; each part that asks a question gets the answer."""
    actor = signed_in(request)
    return _shown(actor, commands.answer_case(by=actor, case=case_id, answers=body.answers))


@router.post("/cases/{case_id}/submit", response=CaseSubmittedOut)
def submit_case(request: HttpRequest, case_id: str, body: CaseSubmitIn) -> Any:
    """Hand in every open part, each for itself; what was refused is listed with its code."""
    actor = signed_in(request)
    ended = commands.submit_case(by=actor, case=case_id, accept_terms=body.accept_terms)
    row = find(case_queries.cases_visible_to(actor), public_id=case_id)
    refused = [
        {"application": part.public_id, "code": refusal.code, "title": str(refusal)}
        for part, refusal in ended
        if refusal is not None
    ]
    return {"case": _shown(actor, row), "refused": refused}
