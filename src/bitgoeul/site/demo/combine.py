"""Step 4: join the tables with SQL into a training table and save it as a dataset with its lineage."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bitgoeul.site.demo.client import hold
from bitgoeul.site.demo.publish import TABLES, wait_until_published

if TYPE_CHECKING:
    from bitgoeul.site.demo.journey import Journey

TITLE = "Join the tables with SQL, save a training table with its lineage"
EXAMPLE = Path(__file__).resolve().parents[2] / "recipes" / "tabular_classifier" / "examples"


def training_query(reference: str) -> str:
    """The recipe's own example query, over exactly this version of the dataset."""
    sources = ",\n".join(f'{table} AS (FROM "{reference}".{table})' for table in TABLES)
    return "\n".join(["WITH", sources, (EXAMPLE / "flights.sql").read_text()])


def run(journey: Journey) -> None:
    member, source = journey.member, journey.kept["dataset"]
    sql = training_query(source)
    first = member.post("/api/lake/query", {"sql": sql, "rows": 5})
    hold(len(first["rows"]) == 5, "the query shows no rows")
    journey.progress(0.3, "saving the result")
    dataset = member.post(
        "/api/lake/datasets",
        {
            "organisation": journey.organisation,
            "slug": f"late-arrivals-{journey.tag}",
            "title": {"ko": "지연 도착 학습 표", "en": "Training table for late arrivals"},
            "description": {"ko": "항공편을 날씨, 항공기, 공항과 이은 표입니다.",
                            "en": "The flights, joined with weather, planes and airports."},
            "sector": "mobility",
            "licence": "CC0-1.0",
            "source": source,
        },
    )  # fmt: skip
    version = member.post("/api/lake/save", {"sql": sql, "dataset": dataset["slug"], "table": "training"})
    version = wait_until_published(journey, version)
    lineage = str(version["lineage"])
    hold(source.partition("@")[0] in lineage, "the lineage does not name the source")
    journey.kept["training_data"] = version["reference"]
    journey.say(f"{version['reference']}: {version['rows']:,} rows from {source}")
