"""Deadlines: days of the hub's zone, and how people read a moment."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone
from django.utils.formats import date_format

from bitgoeul.kit import clock

LATEST_HOUR = 18  # deadlines fall at the end of the office day


def due_after(days: int, since: dt.datetime | None = None) -> dt.datetime:
    """The end of the office day so many days from a moment (now), in the hub's zone."""
    day = timezone.localdate(since or clock.now()) + dt.timedelta(days=days)
    return timezone.make_aware(dt.datetime.combine(day, dt.time(LATEST_HOUR)))


def written_moment(moment: dt.datetime) -> str:
    return date_format(timezone.localtime(moment), "DATETIME_FORMAT")


def end_of(day: dt.date | None) -> dt.datetime | None:
    """The end of the office day, in the hub's zone."""
    return timezone.make_aware(dt.datetime.combine(day, dt.time(LATEST_HOUR))) if day else None


def is_near(moment: dt.datetime) -> bool:
    """Whether a moment says its zone and lies within thirty years: what nobody means is refused early."""
    return moment.tzinfo is not None and abs(moment.year - clock.now().year) <= 30
