"""Which reports a grant owes, and when: those of the call, and what became of it after years."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bitgoeul.apps.programmes.models import Grant, Report
from bitgoeul.apps.programmes.queries.deadlines import LATEST_HOUR
from bitgoeul.kit.text import Localised, counted, translated

YEARS = (1, 3)
AFTER_YEARS = _("What has become of it after %(years)s year(s)")


def plan_reports(grant: Grant) -> None:
    """Write down what is due, counted from the start or back from the end; years count from the end."""
    asked: list[dict[str, Any]] = grant.application.call.procedure.get("reports", [])
    due = [(row["kind"], Localised.of(row["title"]), _due(grant, row)) for row in asked]
    if asked:  # a call that asks for nothing, as a first experiment, is not followed for years either
        due += [
            (Report.Kind.OUTCOME, _after(years), _day_after(grant.ends_at, years=years)) for years in YEARS
        ]
    Report.objects.bulk_create(
        [
            Report(grant=grant, number=number, kind=kind, title=title, due_at=due_at)
            for number, (kind, title, due_at) in enumerate(due, 1)
        ]
    )


def _after(years: int) -> Localised:
    texts = translated(AFTER_YEARS, years=years)
    return Localised({language: counted(words, years) for language, words in texts.items()})


def move_reports(grant: Grant, old_end: dt.datetime) -> None:
    """After an extension: what counts from the end, or is due at or after it, moves along if it is open."""
    asked: list[dict[str, Any]] = grant.application.call.procedure.get("reports", [])
    for report in grant.reports.filter(state=Report.State.DUE):
        row = asked[report.number - 1] if report.number <= len(asked) else {}
        if "before_end_days" in row:
            report.due_at = _due(grant, row)
        elif report.due_at >= old_end:
            report.due_at += grant.ends_at - old_end
        else:
            continue
        report.reminded = None
        report.save(update_fields=["due_at", "reminded"])


def _due(grant: Grant, row: dict[str, Any]) -> dt.datetime:
    if "before_end_days" in row:
        return max(_day_after(grant.ends_at, days=-row["before_end_days"]), grant.starts_at)
    return _day_after(grant.starts_at, days=row["after_days"])


def _day_after(moment: dt.datetime, days: int = 0, years: int = 0) -> dt.datetime:
    """The end of the office day so long after a moment, in the hub's zone."""
    day = timezone.localdate(moment) + dt.timedelta(days=days)
    if years:
        try:
            day = day.replace(year=day.year + years)
        except ValueError:  # the 29th of February
            day = day.replace(year=day.year + years, day=28)
    return timezone.make_aware(dt.datetime.combine(day, dt.time(LATEST_HOUR)))
