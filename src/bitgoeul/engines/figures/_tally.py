"""One pass over the facts, oldest first; what is public and lasting is kept, the rest is passed by."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Happening(NamedTuple):
    """The part of a fact that figures are made of: its name (``lake.VersionPublished``), moment and data."""

    name: str
    at: dt.datetime
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Figures:
    """What the home page shows.

    ``rows`` counts the newest published version of each public dataset; ``predictions_today`` what live
    public services had metered since midnight.
    """

    facts: int = 0
    open_calls: int = 0
    datasets: int = 0
    rows: int = 0
    live_services: int = 0
    predictions_today: int = 0


@dataclass
class _Call:
    opens_at: dt.datetime
    closes_at: dt.datetime


@dataclass
class _Dataset:
    public: bool
    rows: dict[int, int] = field(default_factory=dict)


@dataclass
class _Service:
    public: bool
    live: bool = False
    today: int = 0


def tally(happenings: Iterable[Happening], *, now: dt.datetime, midnight: dt.datetime) -> Figures:
    """Count the public figures as of ``now`` from every fact up to it, oldest first.

    ``midnight`` is the beginning of the day in the zone of the hub; both moments are aware.
    Memory grows with the number of calls, datasets and services, not with the number of facts.
    """
    counting = _Counting(midnight)
    for happening in happenings:
        counting.take(happening)
    return counting.figures(now)


class _Counting:
    def __init__(self, midnight: dt.datetime) -> None:
        self.midnight = midnight
        self.facts = 0
        self.calls: dict[str, _Call] = {}
        self.datasets: dict[str, _Dataset] = {}
        self.services: dict[str, _Service] = {}
        self.takers: dict[str, Callable[[Happening], None]] = {
            "programmes.CallOpened": self._call_opened,
            "programmes.CallClosed": self._call_closed,
            "lake.DatasetCreated": self._dataset_described,
            "lake.DatasetEdited": self._dataset_described,
            "lake.VersionPublished": self._version_published,
            "lake.VersionWithdrawn": self._version_withdrawn,
            "services.ServiceDeployed": self._service_deployed,
            "services.ServiceLive": self._service_live,
            "services.PredictionsMetered": self._predictions_metered,
            **dict.fromkeys(_NO_LONGER_ANSWERING, self._service_down),
        }

    def take(self, happening: Happening) -> None:
        self.facts += 1
        if (taker := self.takers.get(happening.name)) is not None:
            taker(happening)

    def figures(self, now: dt.datetime) -> Figures:
        shown = [kept for kept in self.datasets.values() if kept.public and kept.rows]
        live = [kept for kept in self.services.values() if kept.public and kept.live]
        return Figures(
            facts=self.facts,
            open_calls=sum(call.opens_at <= now < call.closes_at for call in self.calls.values()),
            datasets=len(shown),
            rows=sum(kept.rows[max(kept.rows)] for kept in shown),
            live_services=len(live),
            predictions_today=sum(kept.today for kept in live),
        )

    def _call_opened(self, happening: Happening) -> None:
        moments = (dt.datetime.fromisoformat(happening.data[name]) for name in ("opens_at", "closes_at"))
        self.calls[happening.data["call"]] = _Call(*moments)

    def _call_closed(self, happening: Happening) -> None:
        self.calls.pop(happening.data["call"], None)

    def _dataset_described(self, happening: Happening) -> None:
        public = happening.data["visibility"] == "public"
        self.datasets.setdefault(happening.data["dataset"], _Dataset(public)).public = public

    def _version_published(self, happening: Happening) -> None:
        data = happening.data
        self.datasets[data["dataset"]].rows[data["version"]] = data["rows"]

    def _version_withdrawn(self, happening: Happening) -> None:
        data = happening.data
        self.datasets[data["dataset"]].rows.pop(data["version"], None)

    def _service_deployed(self, happening: Happening) -> None:
        self.services[happening.data["service"]] = _Service(public=happening.data["public"])

    def _service_live(self, happening: Happening) -> None:
        self.services[happening.data["service"]].live = True

    def _service_down(self, happening: Happening) -> None:
        self.services[happening.data["service"]].live = False

    def _predictions_metered(self, happening: Happening) -> None:
        if happening.at >= self.midnight:
            self.services[happening.data["service"]].today += happening.data["predictions"]


_NO_LONGER_ANSWERING = (
    "services.ServiceRedeployed",
    "services.ServiceStarted",
    "services.ServiceResumed",
    "services.ServiceStopped",
    "services.ServiceSuspended",
    "services.ServiceFailed",
    "services.PredictorCrashed",
)
