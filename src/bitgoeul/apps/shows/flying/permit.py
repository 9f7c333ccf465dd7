"""The permit file of an evening: which documents it needs, which are there, when it must be handed in."""

from __future__ import annotations

import datetime as dt
import json
from functools import cache
from pathlib import Path
from typing import Any

from bitgoeul.apps.shows.models import Flight
from bitgoeul.kit import clock
from bitgoeul.kit.text import Localised


@cache
def _read() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(Path(__file__).with_name("permit.json").read_text())
    return read


def documents() -> list[dict[str, Any]]:
    """The kinds of document, in the order of the file."""
    found: list[dict[str, Any]] = _read()["documents"]
    return found


def questions() -> list[tuple[str, Localised]]:
    """What the show does not know and somebody answers: key and title."""
    return [(key, Localised(title)) for one in documents() for key, title in one.get("asks", {}).items()]


def deadline(flight: Flight) -> dt.date:
    """The day until which the file must be handed in, because its review takes that long."""
    return (flight.starts_at - dt.timedelta(days=_read()["deadline_days"])).date()


def deadline_if_special(flight: Flight) -> dt.date:
    """The same when the review is a special one."""
    return (flight.starts_at - dt.timedelta(days=_read()["longest_days"])).date()


def is_late(flight: Flight) -> bool:
    return flight.permit == Flight.Permit.DRAFT and clock.now().date() > deadline(flight)


def checklist(flight: Flight) -> list[dict[str, Any]]:
    """Each document with whether it is there, and the files that were brought for it."""
    brought: dict[str, list[Any]] = {}
    for attachment in flight.attachments.all():
        brought.setdefault(attachment.document, []).append(attachment)
    lines = []
    for one in documents():
        files = brought.get(one["key"], [])
        if one["filled"] == "show":
            ready = flight.version.is_certified
        elif one["filled"] == "answers":
            ready = all(flight.answers.get(key, "").strip() for key in one["asks"])
        else:
            ready = bool(files)
        lines.append(
            one
            | {
                "title": Localised(one["title"]),
                "files": files,
                "ready": ready,
                "needed": one.get("needed", True),
                "questions": [
                    {"key": key, "title": Localised(title), "answer": flight.answers.get(key, "")}
                    for key, title in one.get("asks", {}).items()
                ],
            }
        )
    return lines
