from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Query, Schema

from bitgoeul.apps.programmes import policies
from bitgoeul.apps.programmes.api.routes import Text, router
from bitgoeul.apps.programmes.commands import draws as drawing
from bitgoeul.apps.programmes.commands import panels as commands
from bitgoeul.apps.programmes.models import Appeal, Draw
from bitgoeul.apps.programmes.queries import (
    applications_visible_to,
    calls_visible_to,
    draws,
    funding,
    panels,
    results,
)
from bitgoeul.kit.api import signed_in
from bitgoeul.kit.doors import find, found
from bitgoeul.kit.paging import page_of
from bitgoeul.kit.refusals import require

JSON_LINES = "application/jsonl; charset=utf-8"


class LineOut(Schema):
    """One application in the ranking; ``change``: places up if leniency were taken out.

    ``double_funding`` names supports of the same by other programmes, as long as nothing is decided.
    """

    place: int
    application: str
    score: str
    raw: str
    trimmed: str
    calibrated: str | None
    change: int | None
    bonus: str
    amount: int
    standing: str
    double_funding: list[str]


class RankingOut(Schema):
    page: int
    pages: int
    winners: int
    line: str | None
    band: list[str]
    items: list[LineOut]


class DecideIn(Schema):
    """Why applicants have both where another programme supports the same, by number of the application."""

    despite: dict[str, Text] = {}


class DecidedOut(Schema):
    """What the panel decided; amounts in the unit of the call's budget."""

    applications: int
    offered: int
    reserve: int
    rejected: int
    budget: int
    asked: int
    cut: str
    line: str
    band: int
    draw: str


class DrawOut(Schema):
    """A draw: its promise, who takes part, and its sheet once it is held or void."""

    state: str
    commitment: str
    rules_digest: str
    rules: dict[str, Any]
    entries: int
    pool: str
    sheet: dict[str, Any] | None
    sheet_digest: str


class ReplayIn(Schema):
    """What is turned, for example ``{"weights.impact": "40", "cut": "65"}``."""

    set: dict[str, str] = {}


class PartOfAllOut(Schema):
    applied: int
    won: int
    asked: dict[str, int]
    granted: dict[str, int]


class ReplayedOut(Schema):
    """Amounts by name: ``amount`` in the unit of the budget, and every number that the form asks for."""

    winners: list[str]
    reserve: int
    refused: int
    to_draw: list[str]
    line: str | None
    band: list[str]
    left: int | None
    total: PartOfAllOut
    regions: dict[str, PartOfAllOut]


class ReplayOut(Schema):
    """Who would win under other rules; nothing was written."""

    call: str
    unit: str
    weights: dict[str, str]
    before: ReplayedOut
    after: ReplayedOut
    gained: list[str]
    lost: list[str]
    kept: int


class AppealIn(Schema):
    words: str


class AnswerIn(Schema):
    upheld: bool
    answer: Text


class AppealOut(Schema):
    application: str
    state: str
    words: str
    answer: Text
    filed_at: dt.datetime
    answered_at: dt.datetime | None


def _appeal(row: Appeal) -> dict[str, Any]:
    return {"application": row.application.public_id, "state": row.state, "words": row.words,
            "answer": row.answer, "filed_at": row.filed_at, "answered_at": row.answered_at}  # fmt: skip


@router.get("/calls/{slug}/ranking", response=RankingOut)
def ranking(request: HttpRequest, slug: str, page: int = Query(1, ge=1)) -> dict[str, Any]:
    """The ranking by the published rules, raw, trimmed and calibrated side by side (operators)."""
    actor = signed_in(request)
    call = find(panels.with_a_panel(calls_visible_to(actor)), slug=slug)
    require(policies.may_run_calls(actor))
    board = panels.board_or_404(call)
    ranked = panels.ranking(board, panels.settings_of(call, board.budget), panels.lot_of(board))
    lines = page_of(ranked.lines, request, size=100)
    line = ranked.outcome.line
    beside = panels.beside_in_review(call)
    return {
        "page": lines.number,
        "pages": lines.paginator.num_pages,
        "winners": len(ranked.outcome.decision.awards),
        "line": None if line is None else str(line),
        "band": list(ranked.outcome.band),
        "items": [
            {
                "place": row.place,
                "application": row.application,
                "score": str(row.score),
                "raw": str(row.raw),
                "trimmed": str(row.trimmed),
                "calibrated": None if row.calibrated is None else str(row.calibrated),
                "change": row.change,
                "bonus": str(row.bonus),
                "amount": row.amount,
                "standing": row.standing,
                "double_funding": funding.references_of(beside.get(row.application, ())),
            }
            for row in lines
        ],
    }


@router.post("/calls/{slug}/decide", response=DecidedOut)
def decide(request: HttpRequest, slug: str, body: DecideIn | None = None) -> Any:
    """Decide about every application in review, by the published procedure (operators)."""
    despite = body.despite if body else {}
    return commands.decide_panel(by=signed_in(request), call=slug, despite=despite).result


@router.post("/applications/{application_id}/appeal", response=AppealOut)
def appeal(request: HttpRequest, application_id: str, body: AppealIn) -> Any:
    """Object to the panel's decision, once and in time."""
    actor = signed_in(request)
    return _appeal(commands.file_appeal(by=actor, application=application_id, words=body.words))


@router.post("/applications/{application_id}/appeal/answer", response=AppealOut)
def answer(request: HttpRequest, application_id: str, body: AnswerIn) -> Any:
    """Uphold an appeal or dismiss it (operators)."""
    actor = signed_in(request)
    return _appeal(
        commands.answer_appeal(by=actor, application=application_id, upheld=body.upheld, answer=body.answer)
    )


def _drawn(draw: Draw) -> dict[str, Any]:
    return {"state": draw.state, "commitment": draw.commitment, "rules_digest": draw.rules_digest,
            "rules": draws.rules_of(draw).as_data(), "entries": len(draw.entries), "pool": draw.pool,
            "sheet": draw.sheet, "sheet_digest": draw.sheet_digest}  # fmt: skip


@router.get("/calls/{slug}/draw", response=DrawOut)
def draw(request: HttpRequest, slug: str) -> dict[str, Any]:
    """The draw of a call, public from the day on which it opens."""
    call = find(calls_visible_to(request.actor), slug=slug)  # type: ignore[attr-defined]
    return _drawn(found(draws.draw_of(call)))


@router.post("/calls/{slug}/draw/entries", response=DrawOut)
def publish_entries(request: HttpRequest, slug: str) -> dict[str, Any]:
    """Fix who takes part (operators)."""
    return _drawn(drawing.publish_entries(by=signed_in(request), call=slug))


@router.post("/calls/{slug}/draw/hold", response=DrawOut)
def hold_draw(request: HttpRequest, slug: str) -> dict[str, Any]:
    """Show the secret and draw the order (operators)."""
    return _drawn(drawing.hold_draw(by=signed_in(request), call=slug))


@router.post("/calls/{slug}/replay", response=ReplayOut)
def replay(request: HttpRequest, slug: str, body: ReplayIn) -> dict[str, Any]:
    """Decide again under other rules (operators and auditors).  Nothing is written."""
    actor = signed_in(request)
    call = find(panels.with_a_panel(calls_visible_to(actor)), slug=slug)
    require(policies.may_see_all(actor))
    return panels.replayed(panels.board_or_404(call), body.set).as_data()


@router.get("/calls/{slug}/bundle", summary="Everything public about a call, with its proofs")
def bundle(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    """JSON lines that the offline verifiers check: facts with their proofs, then the draw sheet."""
    call = find(calls_visible_to(request.actor), slug=slug)  # type: ignore[attr-defined]
    return StreamingHttpResponse(results.bundle_of(call), content_type=JSON_LINES)


@router.get("/applications/{application_id}/receipt", summary="A signed receipt with its proofs")
def receipt(request: HttpRequest, application_id: str) -> StreamingHttpResponse:
    """Every sealed fact about an application of yours, with your values, their salts and the proofs."""
    actor = signed_in(request)
    row = find(applications_visible_to(actor), public_id=application_id)
    require(policies.may_apply(actor, row.organisation_id))
    return StreamingHttpResponse(results.receipt_of(row), content_type=JSON_LINES)
