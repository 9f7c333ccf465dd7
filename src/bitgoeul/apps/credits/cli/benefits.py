"""`bitgoeul credits benefits …`: what each support was worth.  Amounts are whole won."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bitgoeul.apps.credits import commands, exports
from bitgoeul.apps.credits.api import benefits as api
from bitgoeul.apps.credits.cli.app import Json, Slug, app, organisation_of, say
from bitgoeul.apps.credits.queries import benefits as queries
from bitgoeul.engines import pricing
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.refusals import Invalid

Programme = Annotated[str, typer.Option(help="The programme that gives the support.")]
Item = Annotated[str, typer.Option(help="The cost item or purpose it pays for.")]
First = Annotated[dt.datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="Its first day.")]
Last = Annotated[dt.datetime, typer.Option("--until", formats=["%Y-%m-%d"], help="Its last day.")]
ListWon = Annotated[int, typer.Option("--list", help="What it is worth on the market, in won.")]
PaidWon = Annotated[int, typer.Option("--paid", help="What the organisation pays of that, in won.")]


@app.command()
def benefits(
    organisation: Slug,
    year: Annotated[int | None, typer.Option(help="Only supports that start in this year.")] = None,
    programme: Annotated[str, typer.Option(help="Only this programme.")] = "",
    out: Annotated[Path | None, typer.Option(help="Write to this .csv or .xlsx file.")] = None,
    as_json: Json = False,
) -> None:
    """Print or save what the organisation was given: list value, paid, in kind, legal basis."""
    statement = queries.statement(organisation_of(organisation), year=year, programme=programme)
    if out is not None:
        if out.suffix not in {".csv", ".xlsx"}:
            raise typer.BadParameter("the file must end in .csv or .xlsx")
        write = exports.benefits_csv if out.suffix == ".csv" else exports.benefits_xlsx
        out.write_bytes(write(statement))
    if as_json:
        say(api.statement_of(statement))
    elif out is None:
        _print(statement)


def _print(statement: queries.Statement) -> None:
    table = Table("from", "until", "programme", "item", "reference", "list", "paid", "in kind")
    for line in statement.lines:
        days = (line.starts_on.isoformat(), line.ends_on.isoformat())
        table.add_row(*days, line.programme, line.item, line.reference, *_written(line))
    for year, sums in statement.by_year:
        table.add_row("", "", "", "", str(year), *_written(sums))
    table.add_row("", "", "", "", "total", *_written(statement.total), style="bold")
    Console().print(table)
    for finding in queries.funded_twice(statement.organisation):
        typer.echo(queries.said(finding))


def _written(figures: Any) -> list[str]:
    return [pricing.written(won, 0) for won in (figures.list_won, figures.paid_won, figures.in_kind_won)]


@app.command("double-funding")
def double_funding(
    organisation: Slug,
    *,
    programme: Programme,
    item: Item,
    starts_on: First,
    ends_on: Last,
    list_won: ListWon,
    paid_won: PaidWon = 0,
    as_json: Json = False,
) -> None:
    """Say what speaks against a support before it is granted; nothing is written or blocked."""
    first, last = starts_on.date(), ends_on.date()
    if problem := queries.unlikely(first, last, list_won, paid_won):
        raise Invalid(problem)
    found = queries.double_funding(
        organisation_of(organisation),
        programme=programme,
        item=item,
        starts_on=first,
        ends_on=last,
        list_won=list_won,
        paid_won=paid_won,
    )
    if as_json:
        say([api.finding_of(finding) for finding in found])
    else:
        for finding in found:
            typer.echo(queries.said(finding))


@app.command("post-benefit")
def post_benefit(
    organisation: Slug,
    *,
    reference: Annotated[str, typer.Option(help="What makes this support this one.")],
    programme: Programme,
    item: Item,
    starts_on: First,
    ends_on: Last,
    list_won: ListWon,
    paid_won: PaidWon,
    legal_basis: Annotated[str, typer.Option(help="The rule on which it rests, with its date.")],
    as_json: Json = False,
) -> None:
    """Enter one support in the benefit ledger."""
    benefit = commands.post_benefit(
        by=SYSTEM,
        organisation=organisation_of(organisation),
        reference=reference,
        programme=programme,
        item=item,
        list_won=list_won,
        paid_won=paid_won,
        legal_basis=legal_basis,
        starts_on=starts_on.date(),
        ends_on=ends_on.date(),
    )
    if as_json:
        say(api.line_of(benefit))
    else:
        typer.echo(f"{reference}: {' '.join(_written(benefit))}")


@app.command("reverse-benefit")
def reverse_benefit(
    reference: Annotated[str, typer.Argument(help="The line to undo.")],
    reason: Annotated[str, typer.Option(help="Why; it stands in the record.")],
    as_json: Json = False,
) -> None:
    """Undo one line of the benefit ledger by another."""
    reversal = commands.reverse_benefit(by=SYSTEM, reference=reference, reason=reason)
    if as_json:
        say({"reference": reversal.reference, "reverses": reference})
    else:
        typer.echo(reversal.reference)
