"""Live figures for the home page.

A capability takes part by having ``queries.public_counts() -> dict``: plain numbers and words that everybody
may know, computed from its rows.  They are kept in this process for a few seconds: looking at the page writes
nothing, and mostly asks nothing of the database.
"""

from __future__ import annotations

import time
from importlib import import_module
from typing import Any

from bitgoeul.apps.record import queries as record
from bitgoeul.kit.models import Fact
from bitgoeul.site import capabilities

KEPT_S = 15.0
_kept: tuple[float, dict[str, dict[str, Any]]] | None = None


def live() -> dict[str, dict[str, Any]]:
    """Capability -> its public counts, at most ``KEPT_S`` seconds old."""
    global _kept  # noqa: PLW0603  (one value per process, replaced whole)
    if _kept is None or time.monotonic() - _kept[0] > KEPT_S:
        _kept = (time.monotonic(), _collected())
    return _kept[1]


def forget() -> None:
    """Count again at the next call."""
    global _kept  # noqa: PLW0603
    _kept = None


def _record() -> dict[str, Any]:
    newest = record.newest_head()
    seal = {"sealed": newest.size, "root": newest.root, "sealed_at": newest.at} if newest else {}
    return {"facts": Fact.objects.count(), "sealed": 0, "root": "", "sealed_at": None} | seal


def _collected() -> dict[str, dict[str, Any]]:
    found = {"record": _record()}
    for name in capabilities.having("queries"):
        count = getattr(import_module(f"bitgoeul.apps.{name}.queries"), "public_counts", None)
        if count is not None:
            found[name] = count()
    return found
