"""Indicators that the hub counts by itself, from what each capability shows to a visitor."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from bitgoeul.apps.governance.commands import record_measurement
from bitgoeul.apps.governance.models import Action
from bitgoeul.apps.governance.queries import plan as queries
from bitgoeul.apps.lake import queries as lake
from bitgoeul.apps.services import queries as services
from bitgoeul.apps.services.models import Service
from bitgoeul.engines import plans
from bitgoeul.kit.actor import ANONYMOUS, Actor
from bitgoeul.kit.text import translated

SOURCE = _("Counted by this hub")


def _open_datasets(_on: dt.date) -> tuple[int, int | None]:
    return lake.readable_by(ANONYMOUS).count(), None


def _live_services(_on: dt.date) -> tuple[int, int | None]:
    return services.visible_to(ANONYMOUS).filter(state=Service.State.LIVE).count(), None


def _actions_in_time(on: dt.date) -> tuple[int, int | None]:
    """Of the actions whose day has come, those done by then; what was cancelled does not count."""
    due = Action.objects.exclude(state=Action.State.CANCELLED).filter(due_on__lte=on)
    in_time = [row for row in due if row.closed_at and queries.local_day(row.closed_at) <= row.due_on]
    return len(in_time), due.count()


MEASURES: dict[str, Callable[[dt.date], tuple[int, int | None]]] = {
    "lake.open_datasets": _open_datasets,
    "services.live": _live_services,
    "governance.actions_in_time": _actions_in_time,
}


def measure_all(*, by: Actor) -> list[str]:
    """Write down what has changed since it was last counted; return the indicators."""
    day = queries.today()
    version = queries.version_on(day)
    latest, written = queries.latest_measurements(day), []
    for node in plans.nodes(version.tree) if version else ():
        count = MEASURES.get(node.content.get("measured_by", ""))
        if node.kind != "indicator" or count is None:
            continue
        above, below = count(day)
        if below == 0:  # nothing to take a share of yet
            continue
        last = latest.get(node.key)
        if last is not None and (last.numerator, last.denominator) == (
            Decimal(above),
            Decimal(below) if below is not None else None,
        ):
            continue
        record_measurement(
            by=by,
            indicator=node.key,
            numerator=str(above),
            denominator="" if below is None else str(below),
            as_of=day,
            source=translated(SOURCE),
            automatic=True,
        )
        written.append(node.key)
    return written
