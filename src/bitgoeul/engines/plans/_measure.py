"""How far an indicator has come from its baseline to its target, and whether that is fast enough."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Pace = Literal["reached", "on_pace", "behind", "unknown"]
Precision = Literal["day", "month", "year"]
PRECISIONS: tuple[Precision, ...] = ("day", "month", "year")


def last_day(of: dt.date, precision: Precision) -> dt.date:
    """The last day of the day, month or year that holds ``of``: what is known of a year holds at its end.

    >>> last_day(dt.date(2024, 2, 3), "month").isoformat(), last_day(dt.date(2024, 2, 3), "year").isoformat()
    ('2024-02-29', '2024-12-31')
    """
    if precision == "day":
        return of
    month = of.month if precision == "month" else 12
    return dt.date(of.year, month, calendar.monthrange(of.year, month)[1])


@dataclass(frozen=True)
class Figure:
    """A measured figure: a count, or a numerator over a denominator, as of a day."""

    numerator: Decimal
    denominator: Decimal | None
    as_of: dt.date

    @property
    def value(self) -> Decimal:
        """
        >>> str(Figure(Decimal(142), Decimal(244), dt.date(2024, 12, 31)).value)[:6]
        '0.5819'
        """
        return self.numerator if self.denominator is None else self.numerator / self.denominator


def progress(start: Decimal | None, now: Decimal, target: Decimal) -> Decimal | None:
    """The share of the way that is done: 0 at the start, 1 at the target, less than 0 when it went back.

    Without a start the way begins at zero.  None if there is no way to go.

    >>> progress(Decimal(100), Decimal(150), Decimal(200))
    Decimal('0.5')
    >>> progress(Decimal(40), Decimal(30), Decimal(20))  # less is better
    Decimal('0.5')
    """
    begin = start if start is not None else Decimal(0)
    return (now - begin) / (target - begin) if target != begin else None


def pace(
    start: Figure | None, now: Figure | None, target: Decimal | None, *, begins_on: dt.date, due_on: dt.date
) -> Pace:
    """Whether the way done keeps up with the time gone, both as shares, on the day of the figure.

    The time begins at the start of the phase, or at the day of the baseline if that is later.
    """
    if now is None or target is None:
        return "unknown"
    done = progress(start.value if start else None, now.value, target)
    if done is None:
        return "unknown"
    if done >= 1:
        return "reached"
    since = max(begins_on, start.as_of) if start else begins_on
    days, gone = (due_on - since).days, (now.as_of - since).days
    if days <= 0 or gone <= 0:
        return "unknown"
    return "on_pace" if done * days >= min(gone, days) else "behind"
