"""`bitgoeul credits prices …`: price lists, quotes and estimates.  Amounts are whole won."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal, InvalidOperation
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bitgoeul.apps.credits import commands
from bitgoeul.apps.credits.api import incentives as incentives_api
from bitgoeul.apps.credits.api import prices as api
from bitgoeul.apps.credits.cli.app import Day, Json, app, say
from bitgoeul.apps.credits.models import Tariff
from bitgoeul.apps.credits.queries import prices as queries
from bitgoeul.engines import pricing
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.doors import find

Number = Annotated[int, typer.Argument(help="The number of the price list.")]
Ground = Annotated[list[str] | None, typer.Option(help="A discount that holds; only the best one applies.")]


def _exact(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise typer.BadParameter(f"{text!r} is not a number") from None


@app.command()
def prices(
    number: Annotated[int | None, typer.Option(help="Another list than the one in force.")] = None,
    as_json: Json = False,
) -> None:
    """Print the prices in force today, or one price list."""
    tariff = find(Tariff.objects.all(), number=number) if number else queries.tariff_on(queries.today())
    if as_json:
        say(api.tariff_of(tariff))
        return
    words = tariff.prices()
    table = Table("what", "list", "user", "credits an hour", title=_headline(tariff))
    for name, machine in words.machines.items():
        user = pricing.written(machine.user_won, 0)
        credits = pricing.written(Decimal(machine.hour_milli_credits) / 1000, 3)
        table.add_row(name, pricing.written(machine.list_won, 0), user, credits)
    for name, equipment in words.equipment.items():
        table.add_row(name, "", f"{pricing.written(equipment.hour_won, 0)} an hour", "")
    for name, discount in words.discounts.items():
        table.add_row(name, "", f"-{discount.percent} %", "")
    Console().print(table)


def _headline(tariff: Tariff) -> str:
    example = " (example prices)" if tariff.is_example else ""
    return f"{tariff.number}: {tariff.title.in_language('en')}{example}, from {tariff.valid_from}"


@app.command()
def quote(
    machine: Annotated[str, typer.Argument(help="A machine of the price list, such as h100.")],
    count: Annotated[int, typer.Option(help="How many.")] = 1,
    months: Annotated[str, typer.Option(help="For how many months; parts as decimals.")] = "1",
    ground: Ground = None,
    on: Day = None,
    as_json: Json = False,
) -> None:
    """Print what machines are worth, what is paid, and what is in kind."""
    tariff = queries.tariff_on(on.date() if on else queries.today())
    found = queries.machine_quote(
        tariff,
        machine,
        count=count,
        months=_exact(months),
        grounds=queries.known_grounds(tariff, ground or []),
    )
    if as_json:
        say(api.quote_of(tariff, found))
        return
    figures = (("list", found.list_won), ("paid", found.paid_won), ("in kind", found.in_kind_won))
    for name, won in figures:
        typer.echo(f"{name:8}{pricing.written(won, 0):>18} won")
    typer.echo(_headline(tariff))


@app.command("start-prices")
def start_prices(
    copy_of: Annotated[int | None, typer.Option(help="The list to copy; else the example prices.")] = None,
    as_json: Json = False,
) -> None:
    """Begin a draft of a price list."""
    draft = commands.start_tariff(by=SYSTEM, copy_of=copy_of)
    if as_json:
        say(api.tariff_of(draft))
    else:
        typer.echo(_headline(draft))


@app.command("publish-prices")
def publish_prices(number: Number, as_json: Json = False) -> None:
    """Publish a draft: it is fixed from now on and valid from its day."""
    tariff = commands.publish_tariff(by=SYSTEM, number=number)
    if as_json:
        say(api.tariff_of(tariff))
    else:
        typer.echo(_headline(tariff))


@app.command()
def estimate(
    rule: Annotated[str, typer.Argument(help="The rule: " + ", ".join(pricing.RULES) + ".")],
    amount: Annotated[list[str] | None, typer.Option(help="NAME=WHOLE NUMBER, once for each.")] = None,
    on: Annotated[
        dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day of the investment.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Estimate an incentive by a dated rule; the law and the authority decide."""
    amounts = {}
    for pair in amount or []:
        name, _equals, text = pair.partition("=")
        if not text.isdecimal():
            raise typer.BadParameter(f"{pair!r} is not NAME=WHOLE NUMBER")
        amounts[name] = int(text)
    found = queries.incentive(rule, amounts, on.date() if on else queries.today())
    if as_json:
        say(incentives_api.estimate_of(found))
        return
    for step in found.steps:
        word = "at most" if step.is_cap else f"{step.percent} % of {pricing.written(step.base_won, 0)}"
        typer.echo(f"{word:36}{pricing.written(step.won, 0):>18}")
    typer.echo(f"{'estimate only':36}{pricing.written(found.won, 0):>18} won")
    typer.echo(found.rule.law["en"])
