"""`bitgoeul credits …`: the operator's words for credits.  Amounts are in credits, up to three decimals."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Annotated

import typer
from django.utils import timezone
from rich.console import Console
from rich.table import Table

from bitgoeul.apps.credits import commands, exports, queries, tasks
from bitgoeul.apps.credits.api import transfers as api
from bitgoeul.apps.credits.cli.app import Day, Json, Slug, app, aware, organisation_of, say
from bitgoeul.engines import credits as engine
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM


def _amount(text: str) -> int:
    try:
        return engine.read(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


@app.command()
def balance(organisation: Slug, as_json: Json = False) -> None:
    """Print what was granted, spent, held, left and expired."""
    figures = api.standing_of(organisation_of(organisation))
    if as_json:
        say(figures)
        return
    table = Table("", "credits")
    for name in ("granted", "spent", "held", "left", "expired"):
        table.add_row(name, engine.written(figures[name]))
    Console().print(table)


@app.command()
def statement(
    organisation: Slug,
    since: Day = None,
    until: Day = None,
    out: Annotated[Path | None, typer.Option(help="Write to this .csv or .xlsx file.")] = None,
    as_json: Json = False,
) -> None:
    """Print or save every transfer with the figures before and after."""
    rows = queries.statement(organisation_of(organisation), aware(since), aware(until))
    if out is not None:
        if out.suffix not in {".csv", ".xlsx"}:
            raise typer.BadParameter("the file must end in .csv or .xlsx")
        write = exports.statement_csv if out.suffix == ".csv" else exports.statement_xlsx
        out.write_bytes(write(rows))
    if as_json:
        say(api.statement_of(rows))
    elif out is None:
        table = Table(
            "when", "what", "reference", "granted", "spent", "held", "left", "expired", "left after"
        )
        for line in rows.lines:
            change = [engine.written(amount) if amount else "" for amount in vars(line.change).values()]
            moment = timezone.localtime(line.at).strftime("%Y-%m-%d %H:%M")
            table.add_row(moment, line.kind, line.reference, *change, engine.written(line.left))
        closing = [engine.written(amount) for amount in vars(rows.closing).values()]
        table.add_row("", "closing", "", *closing, closing[3], style="bold")
        Console().print(table)


@app.command()
def grant(
    organisation: Slug,
    amount: Annotated[str, typer.Argument(help="Credits, up to three decimals.")],
    *,
    until: Annotated[dt.datetime, typer.Option(formats=["%Y-%m-%d"], help="The day on which they end.")],
    reference: Annotated[str, typer.Option(help="What makes this grant this one: it is never given twice.")],
    source: Annotated[str, typer.Option(help="Which call or decision gives them.")],
    since: Day = None,
    as_json: Json = False,
) -> None:
    """Give an organisation credits."""
    tranche = commands.grant_credits(
        by=SYSTEM,
        organisation=organisation_of(organisation),
        amount=_amount(amount),
        starts_at=aware(since)
        or timezone.localtime(clock.now()).replace(hour=0, minute=0, second=0, microsecond=0),
        ends_at=timezone.make_aware(until),
        reference=reference,
        source=source,
    )
    figures = api.standing_of(tranche.wallet.organisation)
    if as_json:
        say(figures)
    else:
        typer.echo(f"{reference}: {engine.written(tranche.amount)} credits until {until:%Y-%m-%d}")


@app.command()
def reverse(
    reference: Annotated[str, typer.Argument(help="The transfer to undo.")],
    reason: Annotated[str, typer.Option(help="Why; it stands in the record.")],
    as_json: Json = False,
) -> None:
    """Undo a grant, a spending or a settlement by a new transfer."""
    transfer = commands.reverse_transfer(by=SYSTEM, reference=reference, reason=reason)
    if as_json:
        say({"reference": transfer.reference, "reverses": reference})
    else:
        typer.echo(transfer.reference)


@app.command()
def expire(as_json: Json = False) -> None:
    """Write off what is left of tranches that have ended (the worker does this by itself)."""
    references = [transfer.reference for transfer in tasks.expire_ended()]
    if as_json:
        say({"expired": references})
    else:
        for reference in references:
            typer.echo(reference)


@app.command()
def check(as_json: Json = False) -> None:
    """Compare each balance with its postings; exit status 3 if the books do not balance."""
    found = [vars(difference) for difference in queries.discrepancies()]
    if as_json:
        say({"holds": not found, "discrepancies": found})
    else:
        for row in found:
            typer.echo(f"{row['what']}: {row['where']} ({row['expected']} expected, {row['found']} found)")
        if not found:
            typer.echo("The books balance.")
    if found:
        sys.exit(3)
