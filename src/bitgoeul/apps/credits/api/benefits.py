"""What each support was worth.  Amounts are whole won."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Field, Query, Schema

from bitgoeul.apps.credits import commands, exports
from bitgoeul.apps.credits.api.routes import download, organisation_of, router
from bitgoeul.apps.credits.models import Benefit
from bitgoeul.apps.credits.queries import benefits as queries
from bitgoeul.engines.pricing import MOST_WON, Finding
from bitgoeul.kit.api import write_once
from bitgoeul.kit.doors import find
from bitgoeul.kit.refusals import Invalid

Word = Field(min_length=1, max_length=120)


class SumsOut(Schema):
    """list = paid + in kind."""

    list_won: int
    paid_won: int
    in_kind_won: int
    aid_percent: str


class YearOut(SumsOut):
    year: int


class ProgrammeOut(SumsOut):
    programme: str


class BenefitOut(Schema):
    reference: str
    programme: str
    item: str
    list_won: int
    paid_won: int
    in_kind_won: int
    legal_basis: dict[str, str]
    starts_on: dt.date
    ends_on: dt.date
    beside: list[str]
    reverses: str | None
    reason: str
    at: dt.datetime


class BenefitsOut(Schema):
    organisation: str
    currency: str = "KRW"
    year: int | None
    programme: str
    lines: list[BenefitOut]
    by_year: list[YearOut]
    by_programme: list[ProgrammeOut]
    total: SumsOut
    double_funding: list[FindingOut]


class FindingOut(Schema):
    """For a person to look at; it blocks nothing."""

    worry: str
    references: list[str]
    programmes: list[str]
    item: str
    starts_on: dt.date
    ends_on: dt.date
    percent: str
    ceiling_percent: int
    said: str


class Support(Schema):
    programme: str = Word
    item: str = Word
    starts_on: dt.date
    ends_on: dt.date
    list_won: int = Field(gt=0, le=MOST_WON)
    paid_won: int = Field(0, ge=0, le=MOST_WON)


class BenefitIn(Support):
    """A support by hand; ``reference`` makes it this one, so that it is never posted twice."""

    reference: str = Word
    legal_basis: dict[Literal["ko", "en"], str]


class ReversalIn(Schema):
    reference: str = Field(min_length=1, max_length=140)
    reason: str = Field(min_length=1, max_length=200)


class ReversedOut(Schema):
    reference: str
    reverses: str


BenefitsOut.model_rebuild()


def line_of(row: Benefit) -> dict[str, Any]:
    names = ("reference", "programme", "item", "list_won", "paid_won", "in_kind_won", "starts_on", "ends_on")
    return {name: getattr(row, name) for name in names} | {
        "legal_basis": dict(row.legal_basis),
        "beside": row.beside,
        "reverses": row.reverses.reference if row.reverses else None,
        "reason": row.reason,
        "at": row.at,
    }


def sums_of(sums: queries.Sums) -> dict[str, Any]:
    return vars(sums) | {"aid_percent": f"{sums.aid_percent:f}"}


def finding_of(finding: Finding) -> dict[str, Any]:
    return vars(finding) | {
        "worry": str(finding.worry),
        "references": list(finding.references),
        "programmes": list(finding.programmes),
        "percent": f"{finding.percent:f}",
        "said": queries.said(finding),
    }


def statement_of(statement: queries.Statement) -> dict[str, Any]:
    return {
        "organisation": statement.organisation.slug,
        "currency": "KRW",
        "year": statement.year,
        "programme": statement.programme,
        "lines": [line_of(line) for line in statement.lines],
        "by_year": [{"year": year} | sums_of(sums) for year, sums in statement.by_year],
        "by_programme": [{"programme": name} | sums_of(sums) for name, sums in statement.by_programme],
        "total": sums_of(statement.total),
        "double_funding": [finding_of(finding) for finding in queries.funded_twice(statement.organisation)],
    }


@router.get("/{slug}/benefits", response=BenefitsOut, summary="Benefit statement as JSON, CSV or XLSX")
def benefits(
    request: HttpRequest,
    slug: str,
    year: int | None = None,
    programme: str = "",
    format: Literal["json", "csv", "xlsx"] = "json",
) -> Any:
    statement = queries.statement(organisation_of(request, slug), year=year, programme=programme)
    if format == "json":
        return statement_of(statement)
    write = exports.benefits_csv if format == "csv" else exports.benefits_xlsx
    return download(write(statement), f"benefits-{slug}.{format}")


@router.get(
    "/{slug}/benefits/double-funding", response=list[FindingOut], summary="What speaks against a support"
)
def double_funding(request: HttpRequest, slug: str, support: Query[Support]) -> list[dict[str, Any]]:
    organisation = organisation_of(request, slug)
    check_span(support.starts_on, support.ends_on, support.list_won, support.paid_won)
    return [finding_of(found) for found in queries.double_funding(organisation, **support.dict())]


def check_span(starts_on: dt.date, ends_on: dt.date, list_won: int, paid_won: int) -> None:
    """A question about a support that could not be posted has no answer."""
    if problem := queries.unlikely(starts_on, ends_on, list_won, paid_won):
        raise Invalid(problem)


@router.post("/{slug}/benefits", response=BenefitOut, summary="Post a support by hand (operator)")
def post(request: HttpRequest, slug: str, payload: BenefitIn) -> dict[str, Any]:
    organisation = organisation_of(request, slug)
    return write_once(
        request,
        lambda: line_of(
            commands.post_benefit(by=request.actor, organisation=organisation, **payload.dict())  # type: ignore[attr-defined]
        ),
    )


@router.post("/{slug}/benefits/reversals", response=ReversedOut, summary="Reverse a line (operator)")
def reverse(request: HttpRequest, slug: str, payload: ReversalIn) -> dict[str, Any]:
    find(queries.lines(organisation_of(request, slug)), reference=payload.reference)

    def do() -> dict[str, Any]:
        reversal = commands.reverse_benefit(by=request.actor, **payload.dict())  # type: ignore[attr-defined]
        return {"reference": reversal.reference, "reverses": payload.reference}

    return write_once(request, do)
