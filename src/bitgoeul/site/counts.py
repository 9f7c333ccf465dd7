"""Live figures for the home page, each from the queries of its capability as a visitor may see them.

``site/figures.py`` counts the same figures from the facts alone; a test holds the two together.

They are kept in this process for a few seconds: looking at the page writes nothing, and mostly asks the
database nothing.
"""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

from bitgoeul.apps.lake import queries as lake
from bitgoeul.apps.programmes import queries as programmes
from bitgoeul.apps.record import queries as record
from bitgoeul.apps.services import queries as services
from bitgoeul.apps.services.models import Service
from bitgoeul.kit import clock
from bitgoeul.kit.actor import ANONYMOUS
from bitgoeul.kit.models import Fact

KEPT_S = 15.0
SHOWN = 6
SOON = dt.timedelta(days=7)
_kept: tuple[float, dict[str, dict[str, Any]]] | None = None


def live() -> dict[str, dict[str, Any]]:
    """Capability -> its public figures, at most ``KEPT_S`` seconds old."""
    global _kept  # noqa: PLW0603  (one value per process, replaced whole)
    if _kept is None or time.monotonic() - _kept[0] > KEPT_S:
        counted = {"record": _record(), "programmes": _programmes(), "lake": _lake(), "services": _services()}
        _kept = (time.monotonic(), counted)
    return _kept[1]


def forget() -> None:
    """Count again at the next call."""
    global _kept  # noqa: PLW0603
    _kept = None


def _record() -> dict[str, Any]:
    newest = record.newest_head()
    seal = {"sealed": newest.size, "root": newest.root, "sealed_at": newest.at} if newest else {}
    return {"facts": Fact.objects.count(), "sealed": 0, "root": "", "sealed_at": None} | seal


def _programmes() -> dict[str, Any]:
    calls = programmes.taking_applications(programmes.calls_visible_to(ANONYMOUS))
    return {"open": calls.count(), "closing_soon": calls.filter(closes_at__lte=clock.now() + SOON).count()}


def _lake() -> dict[str, Any]:
    datasets = lake.readable_by(ANONYMOUS)
    rows: dict[int, int] = dict(
        lake.versions_readable_by(ANONYMOUS).order_by("number").values_list("dataset_id", "rows")
    )
    return {"datasets": datasets.count(), "rows": sum(rows.values())}


def _services() -> dict[str, Any]:
    """Those that answer now, the latest first, with what each answered since midnight."""
    answering = services.visible_to(ANONYMOUS).filter(state=Service.State.LIVE).order_by("-live_since")
    rows = [{"row": row, "today": services.predictions_today(row)} for row in answering[:SHOWN]]
    return {"live": answering.count(), "rows": rows, "today": services.metered_today(answering)}
