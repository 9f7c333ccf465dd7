"""How numbers, sizes and times are written for a reader."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.dates import MONTHS
from django.utils.timezone import get_default_timezone, is_naive
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from bitgoeul.kit import clock

NOTHING = "–"
KIBI = 1024


def number(value: Any) -> str:
    """12345 -> 12,345; 0.674213 -> 0.6742 (four significant figures below a thousand)."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return str(value)
    if value == int(value):
        return f"{int(value):,}"
    if abs(float(value)) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def percent(value: Any) -> str:
    """0.674 -> 67.4 %."""
    if value is None or value == "":
        return NOTHING
    return f"{float(value) * 100:.1f}".removesuffix(".0") + " %"


def credits_of(milli: Any) -> str:
    """18400 milli-credits -> 18.4, exactly: no float is involved."""
    if milli is None or milli == "":
        return NOTHING
    sign = "−" if int(milli) < 0 else ""
    whole, rest = divmod(abs(int(milli)), 1000)
    decimals = f"{rest:03d}".rstrip("0")
    return f"{sign}{whole:,}" + (f".{decimals}" if decimals else "")


def size(value: Any) -> str:
    """Bytes in the largest binary unit that leaves at least one: 1536 -> 1.5 KiB."""
    if value is None or value == "":
        return NOTHING
    amount = float(value)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(amount) < KIBI:
            return f"{amount:.0f} {unit}" if unit == "B" or amount >= 100 else f"{amount:.1f} {unit}"
        amount /= KIBI
    return f"{amount:,.1f} TiB"


def duration(seconds: Any) -> str:
    """Seconds as people say them: 0.42 -> 0.42 s; 3725 -> 1 h 2 min."""
    if isinstance(seconds, timedelta):
        seconds = seconds.total_seconds()
    if seconds is None or seconds == "":
        return NOTHING
    seconds = float(seconds)
    if seconds < 10:
        return _("%(count)s s") % {"count": f"{seconds:.2f}".rstrip("0").rstrip(".")}
    whole = round(seconds)
    if whole < 60:
        return _("%(count)s s") % {"count": whole}
    if whole < 3600:
        return _("%(minutes)s min %(seconds)s s") % {"minutes": whole // 60, "seconds": whole % 60}
    if whole < 86400:
        return _("%(hours)s h %(minutes)s min") % {"hours": whole // 3600, "minutes": whole % 3600 // 60}
    days, hours = whole // 86400, whole % 86400 // 3600
    return (
        _("%(days)s d %(hours)s h") % {"days": days, "hours": hours}
        if hours
        else _("%(days)s d") % {"days": days}
    )


_MONTHS = ("", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _moment(value: datetime) -> datetime:
    return (value.replace(tzinfo=UTC) if value.tzinfo is None else value).astimezone(get_default_timezone())


def _parsed(value: Any) -> Any:
    if isinstance(value, str) and value:
        return datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
    return value


def _day(value: date) -> str:
    if get_language() == "ko":
        return f"{value.year:04d}-{value.month:02d}-{value.day:02d}"
    return f"{value.day} {_MONTHS[value.month]} {value.year:04d}"


def when(value: Any) -> str:
    """A moment in the hub's zone: 2026-11-22 14:20 (ko), 22 Nov 2026 14:20 (en)."""
    value = _parsed(value)
    if not value:
        return NOTHING
    if not isinstance(value, datetime):
        return _day(value)
    value = _moment(value)
    return f"{_day(value)} {value.hour:02d}:{value.minute:02d}"


def day(value: Any) -> str:
    value = _parsed(value)
    if not value:
        return NOTHING
    return _day(_moment(value) if isinstance(value, datetime) else value)


def period(value: Any, precision: str) -> str:
    """A day as exactly as it is known: 2024년 / 2024, 2024년 11월 / November 2024, or the day itself."""
    value = _parsed(value)
    if not value or precision not in ("month", "year"):
        return day(value)
    if precision == "year":
        return f"{value.year:04d}년" if get_language() == "ko" else f"{value.year:04d}"
    return (
        f"{value.year:04d}년 {value.month}월"
        if get_language() == "ko"
        else f"{MONTHS[value.month]} {value.year:04d}"
    )


def moment_attribute(value: datetime | None) -> str:
    """What the ``datetime`` of a ``<time>`` says: the moment in the hub's zone, ISO 8601."""
    return _moment(value).isoformat() if value else ""


def ago(value: Any) -> str:
    """How long ago, or how soon; after a month the day itself."""
    value = _parsed(value)
    if not value:
        return NOTHING
    if not isinstance(value, datetime):
        return day(value)
    gap = round((clock.now() - (value.replace(tzinfo=UTC) if is_naive(value) else value)).total_seconds())
    past, span = gap >= 0, abs(gap)
    if span < 60:
        return _("just now") if past else _("in a moment")
    for length, divisor, behind, ahead in (
        (3600, 60, _minutes_ago, _in_minutes),
        (86400, 3600, _hours_ago, _in_hours),
        (30 * 86400, 86400, _days_ago, _in_days),
    ):
        if span < length:
            return (behind if past else ahead)(span // divisor)
    return day(value)


def _minutes_ago(count: int) -> str:
    return ngettext("%(count)s minute ago", "%(count)s minutes ago", count) % {"count": count}


def _hours_ago(count: int) -> str:
    return ngettext("%(count)s hour ago", "%(count)s hours ago", count) % {"count": count}


def _days_ago(count: int) -> str:
    return ngettext("%(count)s day ago", "%(count)s days ago", count) % {"count": count}


def _in_minutes(count: int) -> str:
    return ngettext("in %(count)s minute", "in %(count)s minutes", count) % {"count": count}


def _in_hours(count: int) -> str:
    return ngettext("in %(count)s hour", "in %(count)s hours", count) % {"count": count}


def _in_days(count: int) -> str:
    return ngettext("in %(count)s day", "in %(count)s days", count) % {"count": count}


def short(digest: Any) -> str:
    """A long hash as people compare it: its head and its tail."""
    text = str(digest or "")
    return text if len(text) <= 16 else f"{text[:8]}…{text[-4:]}"
