"""Price lists and quotes.  Amounts are whole won."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from ninja import Field, Query, Schema

from bitgoeul.apps.credits import commands
from bitgoeul.apps.credits.api.routes import organisation_of, router
from bitgoeul.apps.credits.models import AgreedPrice, Tariff
from bitgoeul.apps.credits.queries import prices as queries
from bitgoeul.engines.pricing import MOST_WON, Quote
from bitgoeul.kit.api import write_once
from bitgoeul.kit.doors import find


class TariffOut(Schema):
    number: int
    title: dict[str, str]
    state: str
    valid_from: dt.date
    example: bool
    fingerprint: str
    content: dict[str, Any]


class QuoteOut(Schema):
    """list = paid + in kind."""

    tariff: int
    example: bool
    currency: str = "KRW"
    list_won: int
    paid_won: int
    in_kind_won: int
    discount: str


class MachineQuestion(Schema):
    machine: str
    count: int = 1
    months: Decimal = Field(Decimal(1), max_digits=12)
    grounds: list[str] = Field(default_factory=list)
    on: dt.date | None = None


class EquipmentQuestion(Schema):
    equipment: str
    hours: Decimal = Field(Decimal(1), max_digits=12)
    consumables_won: int = Field(0, ge=0, le=MOST_WON)
    operator: bool = False
    grounds: list[str] = Field(default_factory=list)
    on: dt.date | None = None


class StartIn(Schema):
    copy_of: int | None = Field(None, ge=1, le=2**31 - 1)


class TariffIn(Schema):
    title: dict[str, str]
    valid_from: dt.date
    content: dict[str, Any]
    example: bool = False


class AgreedIn(Schema):
    """The price of one grant; ``like`` names an earlier one whose price list it keeps."""

    reference: str = Field(min_length=1, max_length=120)
    machine: str
    count: int = Field(ge=1, le=queries.MOST_MACHINES)
    months: Decimal = Field(max_digits=12)
    confirmed: list[str] = Field(default_factory=list)
    like: str = Field("", max_length=120)


class AgreedOut(Schema):
    reference: str
    tariff: int
    machine: str
    count: int
    months: str
    discount: str
    list_won: int
    paid_won: int
    in_kind_won: int


def tariff_of(row: Tariff) -> dict[str, Any]:
    return {
        "number": row.number,
        "title": dict(row.title),
        "state": row.state,
        "valid_from": row.valid_from,
        "example": row.is_example,
        "fingerprint": row.fingerprint,
        "content": row.content,
    }


def quote_of(tariff: Tariff, quote: Quote) -> dict[str, Any]:
    return {
        "tariff": tariff.number,
        "example": tariff.is_example,
        "currency": "KRW",
        "list_won": quote.list_won,
        "paid_won": quote.paid_won,
        "in_kind_won": quote.in_kind_won,
        "discount": quote.discount,
    }


def agreed_of(row: AgreedPrice) -> dict[str, Any]:
    names = ("reference", "machine", "count", "discount", "list_won", "paid_won", "in_kind_won")
    return {name: getattr(row, name) for name in names} | {
        "tariff": row.tariff.number,
        "months": f"{row.months.normalize():f}",
    }


def _number(request: HttpRequest, number: int) -> Tariff:
    return find(queries.tariffs_seen_by(request.actor), number=number)  # type: ignore[attr-defined]


@router.get("/prices", response=list[TariffOut], summary="Price lists, newest first")
def tariffs(request: HttpRequest) -> list[dict[str, Any]]:
    return [tariff_of(row) for row in queries.tariffs_seen_by(request.actor)[:100]]  # type: ignore[attr-defined]


@router.get("/prices/now", response=TariffOut, summary="The price list in force today")
def tariff_now(request: HttpRequest) -> dict[str, Any]:
    return tariff_of(queries.tariff_on(queries.today()))


@router.get("/prices/quote/machine", response=QuoteOut, summary="What machines cost for some months")
def machine_quote(request: HttpRequest, asked: Query[MachineQuestion]) -> dict[str, Any]:
    tariff = queries.tariff_on(asked.on or queries.today())
    fields = asked.dict(exclude={"on", "grounds"})
    held = queries.known_grounds(tariff, asked.grounds)
    return quote_of(tariff, queries.machine_quote(tariff, fields.pop("machine"), grounds=held, **fields))


@router.get("/prices/quote/equipment", response=QuoteOut, summary="What equipment costs for some hours")
def equipment_quote(request: HttpRequest, asked: Query[EquipmentQuestion]) -> dict[str, Any]:
    tariff = queries.tariff_on(asked.on or queries.today())
    fields = asked.dict(exclude={"on", "grounds"})
    held = queries.known_grounds(tariff, asked.grounds)
    return quote_of(tariff, queries.equipment_quote(tariff, fields.pop("equipment"), grounds=held, **fields))


@router.get("/prices/{int:number}", response=TariffOut, summary="One price list")
def tariff(request: HttpRequest, number: int) -> dict[str, Any]:
    return tariff_of(_number(request, number))


@router.post("/prices", response=TariffOut, summary="Begin a draft (operator)")
def start(request: HttpRequest, payload: StartIn) -> dict[str, Any]:
    return write_once(
        request,
        lambda: tariff_of(commands.start_tariff(by=request.actor, copy_of=payload.copy_of)),  # type: ignore[attr-defined]
    )


@router.put("/prices/{int:number}", response=TariffOut, summary="Change a draft (operator)")
def edit(request: HttpRequest, number: int, payload: TariffIn) -> dict[str, Any]:
    return tariff_of(commands.edit_tariff(by=request.actor, number=number, **payload.dict()))  # type: ignore[attr-defined]


@router.post("/prices/{int:number}/publish", response=TariffOut, summary="Publish a draft (operator)")
def publish(request: HttpRequest, number: int) -> dict[str, Any]:
    return tariff_of(commands.publish_tariff(by=request.actor, number=number))  # type: ignore[attr-defined]


@router.post("/prices/{int:number}/drop", response=TariffOut, summary="Give up a draft (operator)")
def drop(request: HttpRequest, number: int) -> dict[str, Any]:
    return tariff_of(commands.drop_tariff(by=request.actor, number=number))  # type: ignore[attr-defined]


@router.get("/{slug}/prices", response=list[AgreedOut], summary="Prices that grants keep")
def agreed(request: HttpRequest, slug: str) -> list[dict[str, Any]]:
    return [agreed_of(row) for row in queries.agreed(organisation_of(request, slug))]


@router.post("/{slug}/prices", response=AgreedOut, summary="Fix the price of a grant (operator)")
def agree(request: HttpRequest, slug: str, payload: AgreedIn) -> dict[str, Any]:
    organisation = organisation_of(request, slug)
    return write_once(
        request,
        lambda: agreed_of(
            commands.agree_price(by=request.actor, organisation=organisation, **payload.dict())  # type: ignore[attr-defined]
        ),
    )
