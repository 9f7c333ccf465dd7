"""`bitgoeul registry …`: the operator's words for models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from django.core.serializers.json import DjangoJSONEncoder
from rich.console import Console
from rich.table import Table

from bitgoeul.apps.registry import api, checking, commands, queries
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.doors import find

app = typer.Typer(help="Models: list, show, check, withdraw and reinstate.")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Reference = Annotated[str, typer.Argument(help="A model, or one version of it as NAME@2.")]


def _say(value: Any) -> None:
    typer.echo(json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False))


@app.command("list")
def list_models(sector: str = "", text: str = "", as_json: Json = False) -> None:
    """List every model."""
    rows = [api.model_out(row) for row in queries.listed(SYSTEM, sector=sector, text=text)]
    if as_json:
        _say(rows)
        return
    table = Table("model", "sector", "organisation", "versions", "public")
    for row in rows:
        table.add_row(
            row["slug"],
            row["sector"],
            row["organisation"],
            str(row["versions"]),
            "yes" if row["is_public"] else "",
        )
    Console().print(table)


@app.command()
def show(reference: Reference, as_json: Json = False) -> None:
    """Show one version with its measures and its lineage."""
    row = api.version_out(queries.version_of(SYSTEM, reference))
    if as_json:
        _say(row)
        return
    table = Table("", row["reference"])
    for name in ("state", "sha256", "size", "created_at", "lineage"):
        table.add_row(name, str(row[name]))
    for name, value in row["metrics"].items():
        table.add_row(name, str(value))
    Console().print(table)


@app.command()
def check(
    artefact: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The ONNX file.")],
    document: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Its model.json.")],
    as_json: Json = False,
) -> None:
    """Check a model as the registry would, without registering it."""
    checked = checking.check(artefact, document.read_bytes())
    if as_json:
        _say({"sha256": checked.sha256, "size": checked.size, "graph": checked.graph})
    else:
        typer.echo(f"{artefact}: {checked.size} bytes, {checked.graph['nodes']} operators, acceptable")


@app.command()
def withdraw(
    reference: Reference, reason: Annotated[str, typer.Option(help="Why.")] = "", as_json: Json = False
) -> None:
    """Take one version out of use."""
    version = queries.version_of(SYSTEM, reference)
    commands.withdraw_version(by=SYSTEM, model=version.model.slug, number=version.number, reason=reason)
    _tell(str(version), as_json)


@app.command()
def reinstate(reference: Reference, as_json: Json = False) -> None:
    """Make a withdrawn version available again."""
    slug, _at, number = reference.partition("@")
    version = find(queries.versions_visible_to(SYSTEM), model__slug=slug, number=number or 0)
    commands.reinstate_version(by=SYSTEM, model=slug, number=version.number)
    _tell(str(version), as_json)


def _tell(reference: str, as_json: bool) -> None:
    row = api.version_out(queries.version_of(SYSTEM, reference))
    if as_json:
        _say({"reference": row["reference"], "state": row["state"]})
    else:
        typer.echo(f"{row['reference']}: {row['state']}")
