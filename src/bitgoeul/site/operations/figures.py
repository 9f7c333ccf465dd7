"""`figures`: counts the public figures a second time, from nothing but facts, and says whether they agree."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from bitgoeul.engines.figures import Figures, Happening, tally


def shown() -> Figures:
    """The figures of the home page, as counted from the tables of each capability."""
    from bitgoeul.site import counts

    counts.forget()
    live = counts.live()
    return Figures(
        facts=live["record"]["facts"],
        open_calls=live["programmes"]["open"],
        datasets=live["lake"]["datasets"],
        rows=live["lake"]["rows"],
        live_services=live["services"]["live"],
        predictions_today=live["services"]["today"],
    )


def recounted(happenings: Iterable[Happening] | None = None) -> Figures:
    """The same figures from the facts of this hub, or from those given."""
    from bitgoeul.apps.services.queries import midnight
    from bitgoeul.kit import clock

    facts = happenings if happenings is not None else _of_this_hub()
    return tally(facts, now=clock.now(), midnight=midnight())


def _of_this_hub() -> Iterator[Happening]:
    from bitgoeul.kit.models import Fact

    rows = Fact.objects.order_by("id").values_list("name", "at", "data")
    return (Happening(*row) for row in rows.iterator(chunk_size=1000))


def _of_export(file: Path) -> Iterator[Happening]:
    """The facts of an export of the record, one JSON object a line."""
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            item = json.loads(line)
            if item["type"] == "fact" and not item.get("missing"):
                fact = item["fact"]
                yield Happening(fact["name"], dt.datetime.fromisoformat(fact["at"]), fact["data"])


def figures(
    file: Annotated[
        Path | None, typer.Argument(help="An export of the record to count; without it, this hub is checked.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Count the public figures again from the facts alone; exit status 3 if the hub shows others."""
    counted = asdict(recounted(_of_export(file) if file else None))
    report: dict[str, Any] = {"recounted": counted}
    if file is None:
        on_show = asdict(shown())
        report |= {"shown": on_show, "agree": on_show == counted}
    if as_json:
        typer.echo(json.dumps(report))
    else:
        for name, value in counted.items():
            other = "" if file else f"   shown: {report['shown'][name]:>12,}"
            typer.echo(f"{name.replace('_', ' '):<18}{value:>12,}{other}")
    if not report.get("agree", True):
        raise typer.Exit(3)
