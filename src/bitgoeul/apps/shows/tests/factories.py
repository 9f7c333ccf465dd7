"""Shows, made versions and planned evenings."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

from bitgoeul.apps.people.models import Organisation, Person
from bitgoeul.apps.people.tests.factories import actor, make_organisation, make_person
from bitgoeul.apps.shows import commands, story
from bitgoeul.apps.shows.models import Flight, Show, Version
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM, Actor
from bitgoeul.kit.store import store
from bitgoeul.kit.text import Localised

_serial = itertools.count(1)


def make_designer() -> tuple[Person, Organisation, Actor]:
    """Somebody who may draw shows for an organisation of their own."""
    person = make_person()
    organisation = make_organisation(person)
    return person, organisation, actor(person)


def make_show(organisation: Organisation, by: Actor = SYSTEM, **changes: Any) -> Show:
    serial = next(_serial)
    drawn = story.blank(changes.pop("drones", 300), "빛고을")
    return commands.create_show(
        **{
            "by": by,
            "organisation": organisation,
            "title": Localised(ko=f"예시 쇼 {serial}", en=f"Example show {serial}"),
            "story_data": drawn,
        }
        | changes
    )


def bound(name: str, value: float, limit: float, *, holds: bool = True, **more: Any) -> dict[str, Any]:
    return {
        "name": name, "holds": holds, "value": value, "limit": limit, "unit": "m",
        "least": name in {"distance", "audience", "fence"}, "at_ms": 61_000.0, "drones": [3, 17],
    } | more  # fmt: skip


def certificate(*, holds: bool = True, **values: float) -> dict[str, Any]:
    distance = values.get("distance", 3.02)
    return {
        "holds": holds,
        "bounds": [
            bound("distance", distance, 3.0, holds=holds),
            bound("altitude", values.get("altitude", 92.0), 150.0, drones=[5]),
            bound("audience", values.get("audience", 71.5), 50.0, drones=[8]),
        ],
    }


def make_version(show: Show, *, holds: bool = True, **values: float) -> Version:
    """A version as the studio would leave it; its files are small and say what they are."""
    version = commands.submit_version(by=SYSTEM, show=show.slug)
    held = {"by": SYSTEM, "version_id": version.pk, "claim": "test 1"}
    commands.begin_making(**held)
    files = []
    for name, kind in (("certificate.json", "certificate"), ("show.skyc", "skyc"), ("show.pack", "pack")):
        kept = store().put(f"shows/made/test-{version.pk}/{name}", name.encode())
        files.append({
            "kind": kind, "name": name, "media": "application/octet-stream", "stored": kept.name,
            "size": kept.size, "sha256": kept.sha256,
        })  # fmt: skip
    made = {
        "drones": version.drones,
        "duration_ms": 480_000,
        "digest": f"{version.pk:064x}",
        "report": {
            "scenes": [
                {"key": "first", "begin_s": 30.0, "flight_s": 12.5, "bound_s": 12.4, "closest_m": 3.02}
            ],
            "pads_to_audience_m": values.get("pads", 80.0),
            "energy": {"left_share": values.get("battery", 0.4), "reserve": 0.25},
            "area": {
                "site": {"fence": [[-50, 0], [50, 0], [50, 120], [-50, 120]]},
                "pads": [[0, 60], [3, 60]],
            },
        },
        "certificate": certificate(holds=holds, **values),
    }
    return commands.complete_making(**held, made=made, files=files)


def make_flight(version: Version, by: Actor, **changes: Any) -> Flight:
    soon = clock.now() + dt.timedelta(days=60)
    return commands.plan_flight(
        **{
            "by": by,
            "show": version.show.slug,
            "number": version.number,
            "place": Localised(ko="예시 비행 연습장", en="Example flying field"),
            "starts_at": soon,
            "backup_at": soon + dt.timedelta(hours=2),
            "rules": "kiast",
        }
        | changes
    )
