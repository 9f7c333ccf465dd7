from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest
from ninja import Query, Schema

from bitgoeul.apps.programmes import policies
from bitgoeul.apps.programmes.api.routes import Text, router
from bitgoeul.apps.programmes.commands import reviews as commands
from bitgoeul.apps.programmes.models import Review
from bitgoeul.apps.programmes.queries import panels
from bitgoeul.apps.programmes.queries import reviews as queries
from bitgoeul.kit.api import signed_in
from bitgoeul.kit.doors import find
from bitgoeul.kit.paging import page_of
from bitgoeul.kit.refusals import require


class CriterionOut(Schema):
    name: str
    title: Text
    weight: int
    most: int
    floor: int = 0


class ReviewOut(Schema):
    """One file of yours.  In blind mode ``organisation`` is empty."""

    id: str
    call: str
    application: str
    organisation: str
    state: str
    due_at: dt.datetime
    kept: dict[str, str]
    marks: dict[str, int]
    to_applicant: str
    to_panel: str


class ReviewFileOut(ReviewOut):
    criteria: list[CriterionOut]
    answers: dict[str, Any]


class ReviewsOut(Schema):
    page: int
    pages: int
    items: list[ReviewOut]


class RecuseIn(Schema):
    reason: str


class KeepIn(Schema):
    """The form as it is typed: ``mark_<criterion>``, ``to_applicant``, ``to_panel``."""

    typed: dict[str, str]


class SubmitIn(Schema):
    marks: dict[str, int]
    to_applicant: str
    to_panel: str = ""


class ReviewerIn(Schema):
    person: str
    sectors: list[str] = []
    kinds: list[str] = []
    load_most: int = 10
    active: bool = True


class ReviewerOut(Schema):
    id: str
    sectors: list[str]
    kinds: list[str]
    load_most: int
    active: bool


class TieIn(Schema):
    """``party``: the name or business number of an organisation, or a person's e-mail address."""

    kind: str
    party: str
    since: dt.date | None = None
    until: dt.date | None = None


class TieOut(TieIn):
    pass


class AssignmentOut(Schema):
    """Who reads what is settled; no assignment costs less than ``bound``."""

    applications: int
    wanted: int
    assigned: int
    submitted: int
    affinity: int
    cost: int
    bound: int


def shown(row: Review) -> dict[str, Any]:
    call = row.application.call
    return {
        "id": row.public_id,
        "call": call.slug,
        "application": row.application.public_id,
        "organisation": "" if queries.is_blind(call) else row.application.organisation.name,
        "state": row.state,
        "due_at": row.due_at,
        "kept": row.kept,
        "marks": row.marks,
        "to_applicant": row.to_applicant,
        "to_panel": row.to_panel,
    }


@router.get("/reviews", response=ReviewsOut)
def reviews(request: HttpRequest, page: int = Query(1, ge=1)) -> dict[str, Any]:
    """The files that you are to read, or have read."""
    found = page_of(queries.reviews_visible_to(signed_in(request)), request)
    return {"page": found.number, "pages": found.paginator.num_pages, "items": [shown(row) for row in found]}


@router.get("/reviews/{review_id}", response=ReviewFileOut)
def review(request: HttpRequest, review_id: str) -> dict[str, Any]:
    """One file of yours with its rubric."""
    row = find(queries.reviews_visible_to(signed_in(request)), public_id=review_id)
    queries.refuse_conflict(row)
    return shown(row) | {"criteria": queries.criteria(row), "answers": row.application.answers}


@router.post("/reviews/{review_id}/accept", response=ReviewOut)
def accept(request: HttpRequest, review_id: str) -> Any:
    """Take a file that was assigned to you."""
    return shown(commands.accept_review(by=signed_in(request), review=review_id))


@router.post("/reviews/{review_id}/recuse", response=ReviewOut)
def recuse(request: HttpRequest, review_id: str, body: RecuseIn) -> Any:
    """Give a file back."""
    return shown(commands.recuse(by=signed_in(request), review=review_id, reason=body.reason))


@router.put("/reviews/{review_id}/draft", response=ReviewOut)
def keep(request: HttpRequest, review_id: str, body: KeepIn) -> Any:
    """Keep a draft, finished or not."""
    return shown(commands.keep_review(by=signed_in(request), review=review_id, typed=body.typed))


@router.post("/reviews/{review_id}/submit", response=ReviewOut)
def submit(request: HttpRequest, review_id: str, body: SubmitIn) -> Any:
    """Hand in a review."""
    return shown(commands.submit_review(by=signed_in(request), review=review_id, **body.dict()))


@router.post("/reviewers/ties", response=TieOut)
def declare(request: HttpRequest, body: TieIn) -> Any:
    """Say what you are to an organisation or a person who may apply (reviewers)."""
    return commands.declare_tie(by=signed_in(request), **body.dict())


@router.put("/reviewers", response=ReviewerOut)
def save_reviewer(request: HttpRequest, body: ReviewerIn) -> Any:
    """Make somebody a reviewer, or change what they know and read (operators)."""
    row = commands.save_reviewer(by=signed_in(request), **body.dict())
    return {"id": row.public_id, "sectors": row.sectors, "kinds": row.kinds,
            "load_most": row.load_most, "active": row.active}  # fmt: skip


@router.post("/calls/{slug}/assign", response=AssignmentOut)
def assign(request: HttpRequest, slug: str) -> dict[str, Any]:
    """Settle who reads what (operators)."""
    panel = commands.assign_reviews(by=signed_in(request), call=slug)
    far = panels.progress(panel.call)
    return {"applications": far.applications, "wanted": far.wanted, "assigned": far.assigned,
            "submitted": far.submitted} | panel.numbers()  # fmt: skip


@router.post("/reviews/{review_id}/set-aside", response=ReviewOut)
def set_aside(request: HttpRequest, review_id: str, body: RecuseIn) -> Any:
    """Take a review out because of a conflict (operators)."""
    actor = signed_in(request)
    require(policies.may_run_calls(actor))
    return shown(commands.set_aside_review(by=actor, review=review_id, reason=body.reason))
