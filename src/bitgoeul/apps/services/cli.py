"""`bitgoeul services …`: the operator's words for services.  Amounts are in milli-credits."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from django.core.serializers.json import DjangoJSONEncoder
from rich.console import Console
from rich.table import Table

from bitgoeul.apps.services import api, commands, queries
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.doors import find

app = typer.Typer(help="Services: list, show, deploy, stop, start, redeploy and price.")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Slug = Annotated[str, typer.Argument(help="The service's short name in addresses.")]
Version = Annotated[str, typer.Argument(help="A model version, as NAME@2.")]


def _say(value: Any) -> None:
    typer.echo(json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False))


def _tell(row: Any, as_json: bool) -> None:
    figures = api.detail_out(find(queries.visible_to(SYSTEM), slug=row.slug))
    if as_json:
        _say(figures)
    else:
        typer.echo(f"{figures['slug']}: {figures['state']} ({figures['model']}@{figures['version']})")


@app.command("list")
def list_services(sector: str = "", text: str = "", as_json: Json = False) -> None:
    """List every service."""
    rows = [api.service_out(row) for row in queries.listed(SYSTEM, sector=sector, text=text)]
    if as_json:
        _say(rows)
        return
    table = Table("service", "state", "sector", "organisation", "model", "predictions")
    for row in rows:
        model = f"{row['model']}@{row['version']}"
        table.add_row(
            *(row[key] for key in ("slug", "state", "sector", "organisation")),
            model,
            str(row["predictions_total"]),
        )
    Console().print(table)


@app.command()
def show(service: Slug, as_json: Json = False) -> None:
    """Show one service with its meter."""
    figures = api.detail_out(find(queries.visible_to(SYSTEM), slug=service))
    if as_json:
        _say(figures)
        return
    table = Table("", figures["slug"])
    for name in (
        "state", "why", "model", "version", "predictions_today", "predictions_total", "spent", "owed",
        "crashes", "infer_url",
    ):  # fmt: skip
        table.add_row(name, str(figures[name]))
    Console().print(table)


@app.command()
def deploy(
    version: Version,
    slug: Annotated[str, typer.Argument(help="The address of the new service.")],
    *,
    ko: Annotated[str, typer.Option(help="Title in Korean.")] = "",
    en: Annotated[str, typer.Option(help="Title in English.")] = "",
    private: Annotated[bool, typer.Option(help="Only for its organisation.")] = False,
    as_json: Json = False,
) -> None:
    """Deploy a model version as a service."""
    row = commands.deploy_service(
        by=SYSTEM,
        model_version=version,
        slug=slug,
        title={"ko": ko or en or slug, "en": en or ko or slug},
        public=not private,
    )
    _tell(row, as_json)


@app.command()
def stop(service: Slug, as_json: Json = False) -> None:
    """Stop a service."""
    _tell(commands.stop_service(by=SYSTEM, service=service), as_json)


@app.command()
def start(service: Slug, as_json: Json = False) -> None:
    """Start a service again."""
    _tell(commands.start_service(by=SYSTEM, service=service), as_json)


@app.command()
def redeploy(service: Slug, version: Version, as_json: Json = False) -> None:
    """Answer with another version under the same address."""
    _tell(commands.redeploy_service(by=SYSTEM, service=service, model_version=version), as_json)


@app.command()
def price(
    per_thousand: Annotated[int | None, typer.Argument(help="Milli-credits for 1,000 predictions.")] = None,
    as_json: Json = False,
) -> None:
    """Show the price that holds, or set a new one from now on."""
    if per_thousand is not None:
        commands.set_price(by=SYSTEM, per_thousand=per_thousand)
    row = queries.present_price()
    figures = {"per_thousand": row.per_thousand, "is_example": row.is_example, "starts_at": row.starts_at}
    if as_json:
        _say(figures)
    else:
        example = " (example)" if row.is_example else ""
        typer.echo(f"{row.per_thousand} milli-credits for 1,000 predictions{example}")
