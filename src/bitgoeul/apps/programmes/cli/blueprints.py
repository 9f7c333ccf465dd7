from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typer

from bitgoeul.apps.programmes.cli.app import JSON, WHO, actor_of, app, read, say


@app.command("blueprints")
def list_blueprints(as_json: bool = JSON) -> None:
    """List the blueprints, shipped ones and copies."""
    from bitgoeul.apps.programmes.queries import blueprints

    rows = [
        {"name": name, "version": blueprints.newest(name)[1], "copy_of": ""} for name in blueprints.names()
    ]
    rows += [{"name": r.slug, "version": r.version, "copy_of": r.based_on} for r in blueprints.copies()]
    say(as_json, {"blueprints": rows}, "\n".join(f"{row['name']:<24} {row['version']}" for row in rows))


@app.command("blueprint")
def show_blueprint(name: str) -> None:
    """Print one blueprint as JSON, to change it and save it again."""
    from bitgoeul.apps.programmes.queries import blueprints

    typer.echo(json.dumps(blueprints.newest(name)[0], ensure_ascii=False, indent=2))


@app.command("copy-blueprint")
def copy_blueprint(name: str, slug: str, who: str = WHO, as_json: bool = JSON) -> None:
    """Copy a blueprint under a name of its own."""
    from bitgoeul.apps.programmes import commands

    _said(commands.copy_blueprint(by=actor_of(who), name=name, slug=slug), as_json)


@app.command("save-blueprint")
def save_blueprint(slug: str, file: Path, who: str = WHO, as_json: bool = JSON) -> None:
    """Write the next version of a copy from a file of JSON."""
    from bitgoeul.apps.programmes import commands

    content = read(file.read_text(encoding="utf-8"))
    _said(commands.save_blueprint(by=actor_of(who), slug=slug, content=content), as_json)


@app.command()
def draft(
    name: str,
    opens: str = typer.Option(..., help="When it opens, as 2027-01-04T09:00."),
    closes: str = typer.Option(..., help="Its deadline."),
    slug: str = typer.Option("", help="The call's name; empty: the blueprint's own."),
    who: str = WHO,
    as_json: bool = JSON,
) -> None:
    """Write a draft of a call from a blueprint."""
    import datetime as dt

    from bitgoeul.apps.programmes import commands

    opens_at, closes_at = dt.datetime.fromisoformat(opens), dt.datetime.fromisoformat(closes)
    call = commands.draft_from_blueprint(
        by=actor_of(who), name=name, slug=slug, opens_at=opens_at, closes_at=closes_at
    )
    data = {"slug": call.slug, "state": call.state, "blueprint": f"{name}@{call.blueprint_version}"}
    say(as_json, data, f"{call.slug}  {call.get_state_display()}  {data['blueprint']}")


def _said(row: Any, as_json: bool) -> None:
    data = {"name": row.slug, "version": row.version, "copy_of": row.based_on}
    say(as_json, data, f"{row.slug}@{row.version}")
