"""How many predictions one visitor may ask for in a minute, over all web processes together.

A process counts by itself and settles every twentieth part of the limit in one statement, so most visitors
never reach the database.  What follows, with ``p`` processes: nobody waits before the limit is used up, and
nobody gets more than the limit and ``p * (part - 1)``, at most 5 % of it for each process.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from django.db import connection
from django.utils.crypto import salted_hmac

from bitgoeul.apps.services.models import VisitorMinute
from bitgoeul.kit import clock

PARTS = 20
MOST_VISITORS = 10_000
SETTLE = """
    INSERT INTO services_visitorminute (visitor, minute, asked) VALUES (%s, %s, %s)
    ON CONFLICT (visitor, minute) DO UPDATE SET asked = services_visitorminute.asked + excluded.asked
    RETURNING asked
"""


@dataclass
class _Count:
    """What this process knows of one visitor in one minute."""

    minute: int
    unsettled: int = 0
    is_full: bool = False
    # While one request settles, others of this visitor wait: nobody else's do.
    lock: threading.Lock = field(default_factory=threading.Lock)


class Allowance:
    def __init__(self) -> None:
        self._counts: dict[str, _Count] = {}
        self._lock = threading.Lock()

    def take(self, visitor: str, per_minute: int) -> bool:
        """Whether this visitor may send one more request now."""
        count = self._count_of(visitor)
        with count.lock:
            if not count.is_full:
                count.unsettled += 1
                if count.unsettled >= per_minute // PARTS:
                    count.is_full = _settle(visitor, count.minute, count.unsettled) > per_minute
                    count.unsettled = 0
            return not count.is_full

    def _count_of(self, visitor: str) -> _Count:
        minute = _minute()
        with self._lock:
            count = self._counts.get(visitor)
            if count is None or count.minute != minute:
                if len(self._counts) >= MOST_VISITORS:
                    self._counts.clear()
                count = self._counts[visitor] = _Count(minute)
            return count


def _minute() -> int:
    return int(clock.now().timestamp()) // 60


def _settle(visitor: str, minute: int, asked: int) -> int:
    """Add what this process let through to what all of them did; return the sum."""
    # An address says something about a person, so only its keyed hash is written down.
    name = salted_hmac("bitgoeul.services.allowance", visitor, algorithm="sha256").hexdigest()[:32]
    with connection.cursor() as cursor:
        cursor.execute(SETTLE, [name, minute, asked])
        [(total,)] = cursor.fetchall()
    return int(total)


def forget() -> int:
    """Delete the counts of minutes that have passed; return how many."""
    return VisitorMinute.objects.filter(minute__lt=_minute() - 1).delete()[0]


ALLOWANCE = Allowance()
