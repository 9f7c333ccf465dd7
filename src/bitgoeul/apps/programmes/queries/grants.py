"""What can be seen of grants, and by whom."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bitgoeul.apps.programmes import policies
from bitgoeul.apps.programmes.models import (
    Agreement,
    Change,
    Grant,
    GrantPart,
    Pledge,
    Reclaim,
    Report,
    UseSample,
)
from bitgoeul.engines import reclaim as engine
from bitgoeul.kit import clock
from bitgoeul.kit.actor import Actor

RUNNING = (Reclaim.State.NOTICED, Reclaim.State.SHRUNK)
ALIVE = (Grant.State.ACTIVE, Grant.State.SUSPENDED)


def grants_visible_to(actor: Actor) -> QuerySet[Grant]:
    """Those of one's own organisations; all of them to the desk and to auditors."""
    rows = Grant.objects.select_related("application__call__programme", "organisation", "agreement").order_by(
        "-starts_at", "-id"
    )
    if policies.may_see_all(actor):
        return rows
    return rows.filter(organisation__in=list(actor.memberships))


def rule_of(grant: Grant) -> engine.Rule | None:
    """The rule of its call against idle capacity, if it has one."""
    found = grant.application.call.procedure.get("reclaim")
    if not found:
        return None
    return engine.Rule(
        below_percent=found["below_percent"],
        window_days=found["window_days"],
        shrink_after_days=found["shrink_after_days"],
        return_after_days=found["return_after_days"],
    )


def time_to_accept(grant: Grant) -> dt.timedelta:
    """How long whoever waits has to take what the rule of this grant's call took back."""
    return dt.timedelta(hours=grant.application.call.procedure["reclaim"]["accept_hours"])


def samples(part: GrantPart, since: dt.datetime, until: dt.datetime) -> list[engine.Sample]:
    """What meters said of a part between two moments."""
    day = dt.timedelta(days=1)  # the longest sample
    rows = UseSample.objects.filter(part=part, starts_at__gt=since - day, starts_at__lt=until)
    return [
        engine.Sample(int(start.timestamp()), seconds, used)
        for start, seconds, used in rows.values_list("starts_at", "seconds", "used")
    ]


def is_measured(part: GrantPart, since: dt.datetime, until: dt.datetime) -> bool:
    """Whether a meter has said anything about this span of time."""
    start, end = since.timestamp(), until.timestamp()
    return any(row.start < end and row.start + row.seconds > start for row in samples(part, since, until))


def mean_percent(part: GrantPart, days: int, until: dt.datetime | None = None) -> int | None:
    """The mean use of a part over the last days; None if too little was measured."""
    end = until or clock.now()
    start = end - dt.timedelta(days=days)
    return engine.mean_percent(
        samples(part, start, end),
        held=part.quantity,
        since=int(start.timestamp()),
        until=int(end.timestamp()),
    )


@dataclass(frozen=True)
class DayOfUse:
    day: dt.date
    percent: int | None


def use_by_day(part: GrantPart, days: int = 28) -> list[DayOfUse]:
    """The mean use of each of the last days; None where too little was measured."""
    end = clock.now()
    found = samples(part, end - dt.timedelta(days=days), end)
    rows = []
    for back in range(days, 0, -1):
        since = int((end - dt.timedelta(days=back)).timestamp())
        percent = engine.mean_percent(found, held=part.quantity, since=since, until=since + engine.DAY)
        rows.append(DayOfUse((end - dt.timedelta(days=back - 1)).date(), percent))
    return rows


def claimed_parts() -> QuerySet[GrantPart]:
    """The parts of live grants that hold something of a pool."""
    return GrantPart.objects.filter(
        part=GrantPart.Part.CAPACITY, state=GrantPart.State.ACTIVE, grant__state__in=ALIVE
    ).select_related("grant__application__call", "grant__organisation")


def running_reclaim(part: GrantPart) -> Reclaim | None:
    return part.reclaims.filter(state__in=RUNNING).first()


# Days before the end of a grant on which its organisation is told, if the grant had begun by then.
END_REMINDERS = (60, 30, 7, 1)


def near_their_end() -> Iterator[tuple[Grant, int]]:
    """Live grants with the latest reminder of their end that is due."""
    now = clock.now()
    ahead = now + dt.timedelta(days=END_REMINDERS[0])
    rows = Grant.objects.filter(state__in=ALIVE, ends_at__gt=now, ends_at__lte=ahead)
    for grant in rows.select_related("application__call", "organisation"):
        moments = [(days, grant.ends_at - dt.timedelta(days=days)) for days in END_REMINDERS]
        passed = [days for days, at in moments if grant.activated_at and grant.activated_at < at <= now]
        if passed:
            yield grant, passed[-1]


@dataclass(frozen=True)
class Deadline:
    """A clock of a grant: what must be done by when."""

    title: Any
    at: dt.datetime

    @property
    def days_left(self) -> int:
        """Whole days of the hub's zone from today until its day; less than zero once it is over."""
        return (timezone.localdate(self.at) - timezone.localdate(clock.now())).days


def deadlines(grant: Grant) -> list[Deadline]:
    """Everything of a grant that still runs, the nearest first; what is over and still open included."""
    if grant.state not in ALIVE:
        return []
    agreement = Agreement.objects.filter(grant=grant, state=Agreement.State.OFFERED).first()
    rows = [Deadline(_("End of the grant"), grant.ends_at)]
    if agreement is not None:
        rows.append(Deadline(_("Signature of the agreement"), agreement.expires_at))
    rows += [Deadline(row.title, row.due_at) for row in grant.reports.filter(state__in=Report.OPEN)]
    conditions = grant.conditions.filter(state="open", due_at__isnull=False)
    rows += [Deadline(row.text, row.due_at) for row in conditions if row.due_at]
    rows += [
        Deadline(row.get_kind_display(), row.due_at)
        for row in grant.pledges.filter(state__in=["open", "partly"])
    ]
    return sorted(rows, key=lambda row: row.at)


@dataclass(frozen=True)
class Waiting:
    """What waits at the desk about grants."""

    changes: list[Change]
    contests: list[Reclaim]
    reports: list[Report]
    pledges: list[Pledge]
    overdue: list[Report]
    missed: list[Pledge]
    unsigned: list[Agreement]


def waiting_at_the_desk(most: int = 50) -> Waiting:
    """Changes and contests to decide, reports and pledges to verify, and what is overdue."""
    about = ("grant__application__call", "grant__organisation")
    contested = Reclaim.objects.filter(
        state__in=RUNNING, contested_at__isnull=False, contest_decided_at__isnull=True
    ).select_related(*(f"part__{path}" for path in about))
    now = clock.now()
    late = Q(due_at__lt=now)
    return Waiting(
        changes=list(Change.objects.filter(state="asked").select_related(*about).order_by("asked_at")[:most]),
        contests=list(contested.order_by("contested_at")[:most]),
        reports=list(Report.objects.filter(state="handed_in").select_related(*about)[:most]),
        pledges=list(Pledge.objects.filter(state="claimed").select_related(*about)[:most]),
        overdue=list(Report.objects.filter(late, state__in=Report.OPEN).select_related(*about)[:most]),
        missed=list(Pledge.objects.filter(late, state="open").select_related(*about)[:most]),
        unsigned=list(
            Agreement.objects.filter(state="offered").select_related(*about).order_by("expires_at")[:most]
        ),
    )


def overdue_reports() -> int:
    """How many reports are late."""
    return Report.objects.filter(state__in=Report.OPEN, due_at__lt=clock.now()).count()


def decisions_about_grants() -> int:
    """How many changes and contests wait for an officer."""
    contests = Reclaim.objects.filter(
        state__in=RUNNING, contested_at__isnull=False, contest_decided_at__isnull=True
    )
    return Change.objects.filter(state=Change.State.ASKED).count() + contests.count()


def summary(row: Grant) -> dict[str, Any]:
    """The grant in a list."""
    agreement: Agreement | None = getattr(row, "agreement", None)
    return {
        "id": row.application.public_id,
        "call": row.application.call.slug,
        "organisation": row.organisation.slug,
        "state": row.state,
        "agreement": agreement.state if agreement else None,
        "amount": row.amount,
        "unit": row.application.call.budget_unit,
        "starts_at": row.starts_at,
        "ends_at": row.ends_at,
    }


def _part_data(part: GrantPart) -> dict[str, Any]:
    running = running_reclaim(part)
    claimed = part.part == "capacity" and part.state == "active"
    return {
        name: getattr(part, name) for name in ("number", "part", "quantity", "unit", "about", "state")
    } | {
        "use_percent": mean_percent(part, 7) if claimed else None,
        "reclaim": running.state if running else None,
        "contested": running.is_contested if running else False,
    }


def as_data(row: Grant) -> dict[str, Any]:
    """The whole grant as data: parts and their use, conditions, changes, reports, pledges."""

    def rows(related: Any, *names: str) -> list[dict[str, Any]]:
        return [{name: getattr(item, name) for name in names} for item in related.all()]

    return summary(row) | {
        "activated_at": row.activated_at,
        "parts": [_part_data(part) for part in row.parts.all()],
        "conditions": rows(row.conditions, "number", "text", "due_at", "state"),
        "changes": rows(
            row.changes, "number", "kind", "state", "starts_at", "ends_at", "amount", "words", "reason"
        ),
        "reports": [
            {"overdue": report.is_overdue}
            | {
                name: getattr(report, name)
                for name in ("number", "kind", "title", "due_at", "state", "words", "remark")
            }
            for report in row.reports.all()
        ],
        "pledges": rows(row.pledges, "number", "kind", "target", "due_at", "state", "reported", "verified"),
        "deadlines": [
            {"title": str(clock_of.title), "at": clock_of.at, "days_left": clock_of.days_left}
            for clock_of in deadlines(row)
        ],
        "record_subject": row.subject,
    }
