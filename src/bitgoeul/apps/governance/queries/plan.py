"""The plan as it was, as it is, and how far its indicators have come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from bitgoeul.apps.governance import policies
from bitgoeul.apps.governance.models import Measurement, PlanVersion
from bitgoeul.engines import plans
from bitgoeul.kit import clock
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.models import Fact
from bitgoeul.kit.text import Localised

State = PlanVersion.State


def today() -> dt.date:
    return local_day(clock.now())


def local_day(moment: dt.datetime) -> dt.date:
    """The day of a moment where the hub is."""
    return timezone.localdate(moment)


def published() -> QuerySet[PlanVersion]:
    """Every version that ever stood, the newest first."""
    return PlanVersion.objects.filter(state=State.PUBLISHED).order_by("-number")


def versions_visible_to(actor: Actor) -> QuerySet[PlanVersion]:
    return PlanVersion.objects.all() if policies.may_see_everything(actor) else published()


def draft() -> PlanVersion | None:
    return PlanVersion.objects.filter(state=State.DRAFT).first()


def version_on(day: dt.date, *, known_at: dt.datetime | None = None) -> PlanVersion | None:
    """The version that stands on ``day``; with ``known_at``, as it was known at that moment.

    A later version never reaches behind the beginning of the one before it, so for a day in the past and a
    moment in the past the answer never changes.
    """
    rows = published().filter(effective_from__lte=day)
    if known_at is not None:
        rows = rows.filter(published_at__lte=known_at)
    return rows.first()


def chain_problems() -> list[str]:
    """Versions that are not what was published: by their own fingerprint, by the next one, by the record."""
    announced = {
        fact.data["number"]: fact.data["fingerprint"]
        for fact in Fact.objects.filter(name="governance.PlanPublished")
    }
    wrong, previous = [], ""
    for version in published().order_by("number"):
        held = plans.fingerprint(version.tree)
        if not held == version.fingerprint == announced.get(version.number) or version.previous != previous:
            wrong.append(str(version.number))
        previous = version.fingerprint
    return wrong


@dataclass(frozen=True)
class Phase:
    key: str
    title: Localised
    starts_on: dt.date
    ends_on: dt.date
    content: Mapping[str, Any]

    @property
    def precision(self) -> str:
        return str(self.content.get("precision", "day"))

    def holds(self, day: dt.date) -> bool:
        return self.starts_on <= day <= self.ends_on

    def share(self, day: dt.date) -> int:
        """How much of its time is gone, in percent."""
        return max(0, min(100, 100 * (day - self.starts_on).days // (self.ends_on - self.starts_on).days))


def phases_of(tree: plans.Tree) -> list[Phase]:
    return [
        Phase(
            phase["key"],
            Localised(phase["title"]),
            dt.date.fromisoformat(phase["starts_on"]),
            dt.date.fromisoformat(phase["ends_on"]),
            phase,
        )
        for phase in tree["phases"]
    ]


def phase_on(phases: Iterable[Phase], day: dt.date) -> Phase | None:
    """The phase of a day; before the first the first, in a gap or after the end the last that began."""
    ordered = sorted(phases, key=lambda phase: phase.starts_on)
    begun = [phase for phase in ordered if phase.starts_on <= day]
    return begun[-1] if begun else (ordered[0] if ordered else None)


@dataclass(frozen=True)
class Line:
    """One indicator as a reader sees it on a day: where it began, where it is, where it should go."""

    key: str
    title: Localised
    unit: Localised
    content: Mapping[str, Any]
    start: plans.Figure | None
    now: plans.Figure | None
    latest: Measurement | None
    target: Decimal | None
    phase: Phase | None
    aim: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_ratio(self) -> bool:
        return bool(self.content.get("denominator"))

    @property
    def start_precision(self) -> str:
        return str((self.content.get("baseline") or {}).get("precision", "day"))

    @property
    def now_precision(self) -> str:
        return self.latest.precision if self.latest else "day"

    @property
    def progress(self) -> Decimal | None:
        if self.now is None or self.target is None:
            return None
        return plans.progress(self.start.value if self.start else None, self.now.value, self.target)

    @property
    def percent(self) -> int | None:
        """The way done, as the bar shows it."""
        return None if self.progress is None else max(0, min(100, int(self.progress * 100)))

    @property
    def pace(self) -> plans.Pace:
        if self.phase is None:
            return "unknown"
        return plans.pace(
            self.start, self.now, self.target, begins_on=self.phase.starts_on, due_on=self.phase.ends_on
        )

    @property
    def is_example(self) -> bool:
        """Whether anything in this line is invented to show how it looks."""
        baseline = self.content.get("baseline") or {}
        return bool(
            baseline.get("example") or self.aim.get("example") or (self.latest and self.latest.is_example)
        )


@dataclass(frozen=True)
class Task:
    key: str
    title: Localised
    summary: Localised
    content: Mapping[str, Any]
    lines: list[Line]

    @property
    def measured(self) -> int:
        return sum(line.percent is not None for line in self.lines)

    @property
    def percent(self) -> int | None:
        """The mean way done of those indicators that can tell."""
        known = [line.percent for line in self.lines if line.percent is not None]
        return sum(known) // len(known) if known else None


@dataclass(frozen=True)
class Strategy:
    key: str
    title: Localised
    summary: Localised
    tasks: list[Task]

    @property
    def lines(self) -> list[Line]:
        return [line for task in self.tasks for line in task.lines]

    @property
    def percent(self) -> int | None:
        known = [line.percent for line in self.lines if line.percent is not None]
        return sum(known) // len(known) if known else None

    @property
    def paces(self) -> dict[str, int]:
        found = [line.pace for line in self.lines]
        return {pace: found.count(pace) for pace in ("reached", "on_pace", "behind", "unknown")}


def latest_measurements(on: dt.date, known_at: dt.datetime | None = None) -> dict[str, Measurement]:
    """Indicator -> its newest figure as of ``on``; of several for one day, the one recorded last."""
    rows = Measurement.objects.filter(as_of__lte=on).order_by("as_of", "id")
    if known_at is not None:
        rows = rows.filter(recorded_at__lte=known_at)
    return {row.indicator: row for row in rows}


def outline(version: PlanVersion, on: dt.date, known_at: dt.datetime | None = None) -> list[Strategy]:
    """The whole picture on a day: a bounded number of queries, whatever the size of the plan."""
    latest = latest_measurements(on, known_at)
    phase = phase_on(phases_of(version.tree), on)
    return [
        Strategy(
            strategy["key"],
            Localised(strategy["title"]),
            Localised(strategy.get("summary") or {}),
            [
                Task(
                    task["key"],
                    Localised(task["title"]),
                    Localised(task.get("summary") or {}),
                    task,
                    [line_of(item, latest.get(item["key"]), phase) for item in task.get("indicators", [])],
                )
                for task in strategy.get("tasks", [])
            ],
        )
        for strategy in version.tree["strategies"]
    ]


def line_of(indicator: Mapping[str, Any], latest: Measurement | None, phase: Phase | None) -> Line:
    aims = {aim["phase"]: aim for aim in indicator.get("targets", [])}
    aim = aims.get(phase.key, {}) if phase else {}
    return Line(
        indicator["key"],
        Localised(indicator["title"]),
        Localised(indicator["unit"]),
        indicator,
        figure_of(indicator.get("baseline")),
        latest.figure if latest else None,
        latest,
        Decimal(aim["value"]) if aim else None,
        phase,
        aim,
    )


def figure_of(written: Mapping[str, Any] | None) -> plans.Figure | None:
    """A baseline as it is written in the tree."""
    if not written:
        return None
    below = written.get("denominator")
    return plans.Figure(
        Decimal(written["numerator"]),
        Decimal(below) if below else None,
        dt.date.fromisoformat(written["as_of"]),
    )


def node_of(tree: plans.Tree, kind: str, key: str) -> plans.Node | None:
    return next((node for node in plans.nodes(tree) if node.kind == kind and node.key == key), None)


def titles_of(tree: plans.Tree | None, kind: str = "task") -> dict[str, Localised]:
    """Key -> title of every node of a kind."""
    found = plans.nodes(tree) if tree else ()
    return {node.key: Localised(node.content["title"]) for node in found if node.kind == kind}


def every_title(kind: str = "task") -> dict[str, Localised]:
    """The same over all versions, so that what was dropped later still has its name; the newest name wins."""
    names: dict[str, Localised] = {}
    for version in published().order_by("number"):
        names |= titles_of(version.tree, kind)
    return names


def history_of(indicator: str) -> list[Measurement]:
    """Every figure of an indicator, the newest row of each day, oldest day first."""
    rows = Measurement.objects.filter(indicator=indicator).order_by("as_of", "id")
    return list({row.as_of: row for row in rows}.values())
