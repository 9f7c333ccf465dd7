from __future__ import annotations

from typing import Annotated, Any

import typer

from bitgoeul.apps.programmes.cli.app import JSON, actor_of, app, read, say

AS = typer.Option(..., "--as", help="The e-mail address of a member.")


@app.command("find")
def find_calls(
    need: str = typer.Option("", help="compute, data, place, start, money, rules, learn, come or show."),
    stage: str = typer.Option("", help="Such as startup."),
    sector: str = typer.Option("", help="Such as health."),
    as_json: bool = JSON,
) -> None:
    """What can I get?  The open calls that fit."""
    from bitgoeul.apps.programmes import queries
    from bitgoeul.apps.programmes.queries import finding
    from bitgoeul.kit import clock

    taking, _announced = queries.present(clock.now())
    rows = finding.fitting(taking, need, stage, sector)
    data = [{"slug": row.slug, "kind": row.kind, "tier": row.tier, "title": row.title} for row in rows]
    say(as_json, {"calls": data}, "\n".join(f"{row.slug:<24} {row.title}" for row in rows))


@app.command("open-case")
def open_case(
    title: str,
    call: Annotated[list[str], typer.Option(help="A call; repeat it for each.")],
    organisation: str = typer.Option(..., help="The organisation's slug."),
    who: str = AS,
    as_json: bool = JSON,
) -> None:
    """Begin applications to several calls as one case."""
    from bitgoeul.apps.programmes import commands

    row = commands.open_case(by=actor_of(who), organisation=organisation, title=title, calls=call)
    _show(row.public_id, who, as_json)


@app.command("answer-case")
def answer_case(
    case_id: str,
    answers: str = typer.Option(..., help="Answers as JSON."),
    who: str = AS,
    as_json: bool = JSON,
) -> None:
    """Keep answers; each part that asks a question gets the answer."""
    from bitgoeul.apps.programmes import commands

    commands.answer_case(by=actor_of(who), case=case_id, answers=read(answers))
    _show(case_id, who, as_json)


@app.command("submit-case")
def submit_case(
    case_id: str,
    accept_terms: bool = typer.Option(False, help="Agree to the terms of every part."),
    who: str = AS,
    as_json: bool = JSON,
) -> None:
    """Hand in every open part, each for itself."""
    from bitgoeul.apps.programmes import commands

    ended = commands.submit_case(by=actor_of(who), case=case_id, accept_terms=accept_terms)
    for part, refusal in ended:
        if refusal is not None:
            typer.echo(f"{part.call.slug}: {refusal}", err=True)
    _show(case_id, who, as_json)


@app.command("case")
def case(case_id: str, who: str = AS, as_json: bool = JSON) -> None:
    """Show one case with its parts."""
    _show(case_id, who, as_json)


def _show(case_id: str, who: str, as_json: bool) -> None:
    from bitgoeul.apps.programmes.queries import cases
    from bitgoeul.kit.doors import find

    actor = actor_of(who)
    row = find(cases.cases_visible_to(actor), public_id=case_id)
    parts: list[dict[str, Any]] = [
        {"id": part.public_id, "call": part.call.slug, "state": part.state}
        for part in cases.parts_of(row, actor)
    ]
    lines = [f"{part['id']}  {part['call']:<24} {part['state']}" for part in parts]
    data = {"id": row.public_id, "title": row.title, "parts": parts}
    say(as_json, data, "\n".join([f"{row.public_id}  {row.title}", *lines]))
