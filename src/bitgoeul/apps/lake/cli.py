"""``bitgoeul lake …``: the same commands for a terminal."""

from __future__ import annotations

import datetime as dt
import json
import sys
import time
from pathlib import Path
from typing import Any

import typer

app = typer.Typer(no_args_is_help=True, help="Datasets: publish, query, save, download.")


def _as(email: str) -> Any:
    from bitgoeul.apps.people.models import Person
    from bitgoeul.apps.people.queries import actor_for
    from bitgoeul.kit.actor import ANONYMOUS

    if not email:
        return ANONYMOUS
    person = Person.objects.filter(email=email.lower()).first()
    if person is None:
        raise typer.BadParameter(f"nobody has the address {email}")
    return actor_for(person)


def _organisation(actor: Any, slug: str) -> Any:
    from bitgoeul.apps.people.queries import organisations_of

    rows = organisations_of(actor)
    row = rows.filter(slug=slug).first() if slug else rows.first()
    if row is None:
        raise typer.BadParameter("give --organisation, the short name of an organisation you belong to")
    return row


def _say(value: Any, as_json: bool, line: str) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, default=str) if as_json else line)


@app.command()
def search(words: list[str] = typer.Argument(None), who: str = typer.Option("", "--as"),
           as_json: bool = typer.Option(False, "--json")) -> None:  # fmt: skip
    """Search the catalogue."""
    from bitgoeul.apps.lake import queries

    rows = list(queries.search(_as(who), " ".join(words or [])).datasets[:50])
    if as_json:
        _say([{"slug": r.slug, "title": dict(r.title), "latest": r.latest} for r in rows], True, "")  # type: ignore[attr-defined]
        return
    for row in rows:
        typer.echo(f"{row.slug}@{row.latest or '-'}\t{row.title}")  # type: ignore[attr-defined]


@app.command()
def publish(
    files: list[Path] = typer.Argument(exists=True, dir_okay=False),
    dataset: str = typer.Option(..., help="Its short name; it is created if it does not exist."),
    who: str = typer.Option(..., "--as", help="Your e-mail address."),
    organisation: str = typer.Option("", help="The short name of your organisation."),
    title: str = typer.Option(""),
    sector: str = typer.Option("public"),
    licence: str = typer.Option("KOGL-1"),
    note: str = typer.Option(""),
    wait: bool = typer.Option(True, help="Wait for the worker."),
    as_json: bool = typer.Option(False, "--json"),
) -> None:
    """Publish files as the next version of a dataset; each file becomes a table."""
    from bitgoeul.apps.lake import commands, queries

    actor = _as(who)
    row = queries.visible_to(actor).filter(slug=dataset).first()
    if row is None:
        row = commands.create_dataset(
            by=actor, organisation=_organisation(actor, organisation), slug=dataset, title=title or dataset,
            sector=sector, licence=licence,
        )  # fmt: skip
    parts = []
    for path in files:
        with path.open("rb") as stream:
            upload = commands.upload_file(
                by=actor, organisation=row.organisation, file_name=path.name, stream=stream,
                size=path.stat().st_size,
            )  # fmt: skip
        parts.append({"upload": upload.public_id})
    version = commands.publish_version(by=actor, dataset=dataset, files=parts, note=note)
    _report(version, wait, as_json)


def _report(version: Any, wait: bool, as_json: bool) -> None:
    from bitgoeul.apps.lake.errors import explain

    while wait and version.is_at_work:
        time.sleep(0.5)
        version.refresh_from_db()
    value = {
        "version": str(version),
        "state": version.state,
        "rows": version.rows,
        "tables": [table["name"] for table in version.tables],
        "problem": explain(version.problem) if version.problem else "",
    }
    _say(value, as_json, f"{version}: {version.get_state_display()} {value['problem'] or version.rows}")
    if version.state == "failed":
        raise typer.Exit(3)


@app.command()
def query(sql: str, who: str = typer.Option("", "--as"), rows: int = 100,
          as_json: bool = typer.Option(False, "--json")) -> None:  # fmt: skip
    """Run one SELECT; "-" reads it from stdin."""
    from bitgoeul.apps.lake import queries

    result = queries.run(_as(who), sys.stdin.read() if sql == "-" else sql, rows)
    if as_json:
        _say(vars(result), True, "")
        return
    typer.echo("\t".join(column["name"] for column in result.columns))
    for row in result.rows:
        typer.echo("\t".join("" if cell is None else str(cell) for cell in row))


@app.command()
def save(sql: str, dataset: str = typer.Option(...), table: str = typer.Option(...),
         who: str = typer.Option(..., "--as"), wait: bool = True,
         as_json: bool = typer.Option(False, "--json")) -> None:  # fmt: skip
    """Save the result of a query as a table of the next version of a dataset."""
    from bitgoeul.apps.lake import commands

    text = sys.stdin.read() if sql == "-" else sql
    _report(commands.save_query(by=_as(who), dataset=dataset, sql=text, table=table), wait, as_json)


@app.command()
def withdraw(reference: str, who: str = typer.Option(..., "--as"), reason: str = "",
             as_json: bool = typer.Option(False, "--json")) -> None:  # fmt: skip
    """Withdraw a version, given as name@number."""
    from bitgoeul.apps.lake import commands

    slug, _, number = reference.partition("@")
    version = commands.withdraw_version(by=_as(who), dataset=slug, number=int(number or 0), reason=reason)
    _say(
        {"version": str(version), "state": version.state},
        as_json,
        f"{version}: {version.get_state_display()}",
    )


@app.command(name="give-access")
def give_access(
    dataset: str,
    organisation: str = typer.Option(..., help="The short name of the organisation that may read it."),
    purpose: str = typer.Option(...),
    until: str = typer.Option(..., help="A day, such as 2026-12-31; access ends by itself."),
    who: str = typer.Option(..., "--as"),
    as_json: bool = typer.Option(False, "--json"),
) -> None:
    """Let an organisation read the rows of a dataset on request."""
    from bitgoeul.apps.lake import commands
    from bitgoeul.apps.programmes.queries.deadlines import end_of

    try:
        ends_at = end_of(dt.date.fromisoformat(until))
    except ValueError:
        raise typer.BadParameter("give --until as 2026-12-31") from None
    row = commands.give_access(
        by=_as(who), dataset=dataset, organisation=organisation, purpose=purpose, ends_at=ends_at
    )
    _say({"access": row.public_id, "ends_at": row.ends_at}, as_json, row.public_id)


@app.command()
def access(
    dataset: str = typer.Argument(""),
    who: str = typer.Option(..., "--as"),
    as_json: bool = typer.Option(False, "--json"),
) -> None:
    """Who may read what: what your organisations have, and what others have of yours."""
    from bitgoeul.apps.lake.queries.access import accesses_visible_to

    rows = accesses_visible_to(_as(who))
    for row in rows.filter(dataset__slug=dataset) if dataset else rows[:200]:
        value = {
            "access": row.public_id, "dataset": row.dataset.slug, "organisation": row.organisation.slug,
            "state": row.state, "ends_at": row.ends_at, "purpose": row.purpose,
        }  # fmt: skip
        _say(value, as_json, "\t".join(map(str, value.values())))


@app.command(name="end-access")
def end_access(
    access: str,
    reason: str = typer.Option(""),
    who: str = typer.Option(..., "--as"),
    as_json: bool = typer.Option(False, "--json"),
) -> None:
    """Take an access back, or give your own back."""
    from bitgoeul.apps.lake import commands

    row = commands.end_access(by=_as(who), access=access, reason=reason)
    _say({"access": row.public_id, "state": row.state}, as_json, f"{row.public_id}: {row.state}")


@app.command()
def flights(folder: Path) -> None:
    """Write the flights of 2013 as CSV files, ready to be published."""
    from bitgoeul.apps.lake.flights import write_files

    for path in write_files(folder):
        typer.echo(str(path))
