"""Balances, statements and transfers of the organisations one belongs to.  Amounts are milli-credits."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Field, Query, Schema
from pydantic import AwareDatetime

from bitgoeul.apps.credits import commands, exports, queries
from bitgoeul.apps.credits.api.routes import download, organisation_of, router
from bitgoeul.apps.credits.models import Hold, Tranche, Transfer
from bitgoeul.apps.people.models import Organisation
from bitgoeul.kit.api import signed_in, write_once
from bitgoeul.kit.doors import find
from bitgoeul.kit.refusals import require

PAGE = 200


class BalanceOut(Schema):
    """granted = spent + held + left + expired."""

    granted: int
    spent: int
    held: int
    left: int
    expired: int


class AccountOut(BalanceOut):
    organisation: str
    name: str
    unit: str = "milli-credit"


class TrancheOut(Schema):
    reference: str
    source: str
    amount: int
    left: int
    held: int
    starts_at: dt.datetime
    ends_at: dt.datetime


class StandingOut(AccountOut):
    level: str
    used_percent: int
    tranches: list[TrancheOut]


class LineOut(Schema):
    at: dt.datetime
    kind: str
    reference: str
    purpose: str
    change: BalanceOut
    left: int


class StatementOut(Schema):
    organisation: str
    unit: str = "milli-credit"
    since: dt.datetime | None
    until: dt.datetime | None
    opening: BalanceOut
    lines: list[LineOut]
    closing: BalanceOut


class TransferOut(BalanceOut):
    id: int
    at: dt.datetime
    kind: str
    reference: str
    purpose: str


class TransfersOut(Schema):
    items: list[TransferOut]
    next_after: int | None


class HoldOut(Schema):
    reference: str
    purpose: str
    amount: int
    settled: int
    state: str
    held_at: dt.datetime
    closed_at: dt.datetime | None


class GrantIn(Schema):
    """A grant by hand; ``reference`` makes it this one, so that it is never given twice."""

    amount: int = Field(gt=0, le=commands.LARGEST, description="milli-credits")
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    reference: str = Field(min_length=1, max_length=120)
    source: str = Field(min_length=1, max_length=200)


class ReversalIn(Schema):
    reference: str = Field(min_length=1, max_length=160)
    reason: str = Field(min_length=1, max_length=200)


class ReversalOut(Schema):
    reference: str
    reverses: str


class Span(Schema):
    since: dt.datetime | None = None
    until: dt.datetime | None = None


def balance_of(organisation: Organisation) -> dict[str, Any]:
    figures = vars(queries.balance(organisation))
    return {"organisation": organisation.slug, "name": organisation.name, **figures}


def _tranche(row: Tranche) -> dict[str, Any]:
    return {
        "reference": row.grant.reference,
        "source": row.source,
        "amount": row.amount,
        "left": row.free.balance,
        "held": row.held.balance,
        "starts_at": row.starts_at,
        "ends_at": row.ends_at,
    }


def standing_of(organisation: Organisation) -> dict[str, Any]:
    standing = queries.standing(organisation)
    return balance_of(organisation) | {
        "level": standing.level.name.lower(),
        "used_percent": standing.used_percent,
        "tranches": [_tranche(row) for row in queries.tranches(organisation)],
    }


def statement_of(statement: queries.Statement) -> dict[str, Any]:
    return {
        "organisation": statement.organisation.slug,
        "since": statement.since,
        "until": statement.until,
        "opening": vars(statement.opening),
        "lines": [vars(line) | {"change": vars(line.change)} for line in statement.lines],
        "closing": vars(statement.closing),
    }


@router.get("/", response=list[AccountOut], summary="The balances of my organisations")
def balances(request: HttpRequest) -> list[dict[str, Any]]:
    actor = signed_in(request)
    require(actor.allows("credits:read"))
    mine = queries.organisations_seen_by(actor).filter(pk__in=list(actor.memberships))
    return [balance_of(organisation) for organisation in mine]


@router.get("/{slug}", response=StandingOut, summary="Balance, level and tranches")
def standing(request: HttpRequest, slug: str) -> dict[str, Any]:
    return standing_of(organisation_of(request, slug))


@router.get("/{slug}/statement", response=StatementOut, summary="Statement as JSON, CSV or XLSX")
def statement(
    request: HttpRequest, slug: str, span: Query[Span], format: Literal["json", "csv", "xlsx"] = "json"
) -> Any:
    organisation = organisation_of(request, slug)
    return answer_statement(queries.statement(organisation, span.since, span.until), format)


def answer_statement(statement: queries.Statement, kind: str) -> Any:
    """The statement as a download, or as data."""
    if kind == "json":
        return statement_of(statement)
    write = exports.statement_csv if kind == "csv" else exports.statement_xlsx
    return download(write(statement), f"credits-{statement.organisation.slug}.{kind}")


@router.get("/{slug}/transfers", response=TransfersOut, summary="Transfers, oldest first")
def transfers(
    request: HttpRequest, slug: str, kind: Transfer.Kind | None = None, after: int = 0
) -> dict[str, Any]:
    rows = queries.transfers(organisation_of(request, slug)).order_by("id").filter(id__gt=after)
    if kind:
        rows = rows.filter(kind=kind)
    page = list(rows[: PAGE + 1])
    return {
        "items": [
            vars(queries.line_of(row).change)
            | {
                "id": row.pk,
                "at": row.at,
                "kind": row.kind,
                "reference": row.reference,
                "purpose": row.purpose,
            }
            for row in page[:PAGE]
        ],
        "next_after": page[PAGE - 1].pk if len(page) > PAGE else None,
    }


@router.get("/{slug}/holds", response=list[HoldOut], summary="Holds, newest first")
def holds(request: HttpRequest, slug: str, state: Hold.State | None = None) -> list[Hold]:
    organisation = organisation_of(request, slug)
    rows = Hold.objects.filter(wallet__organisation=organisation).order_by("-id")
    return list((rows.filter(state=state) if state else rows)[:PAGE])


@router.post("/{slug}/grants", response=StandingOut, summary="Grant credits by hand (operator)")
def grant(request: HttpRequest, slug: str, payload: GrantIn) -> dict[str, Any]:
    organisation = organisation_of(request, slug)

    def do() -> dict[str, Any]:
        commands.grant_credits(by=request.actor, organisation=organisation, **payload.dict())  # type: ignore[attr-defined]
        return standing_of(organisation)

    return write_once(request, do)


@router.post("/{slug}/reversals", response=ReversalOut, summary="Reverse a transfer (operator)")
def reverse(request: HttpRequest, slug: str, payload: ReversalIn) -> dict[str, Any]:
    organisation = organisation_of(request, slug)
    find(queries.transfers(organisation), reference=payload.reference)

    def do() -> dict[str, Any]:
        reversal = commands.reverse_transfer(by=request.actor, **payload.dict())  # type: ignore[attr-defined]
        return {"reference": reversal.reference, "reverses": payload.reference}

    return write_once(request, do)
