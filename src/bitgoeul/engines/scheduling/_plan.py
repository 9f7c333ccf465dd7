from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Need:
    """An amount of each resource; whole numbers, never below zero."""

    cpus: int = 0
    memory_mib: int = 0
    gpus: int = 0

    def __add__(self, other: Need) -> Need:
        return Need(self.cpus + other.cpus, self.memory_mib + other.memory_mib, self.gpus + other.gpus)

    def __sub__(self, other: Need) -> Need:
        return Need(self.cpus - other.cpus, self.memory_mib - other.memory_mib, self.gpus - other.gpus)

    def fits_in(self, free: Need) -> bool:
        return not self.lacking_in(free)

    def lacking_in(self, free: Need) -> tuple[str, ...]:
        """Return the names of the resources of which ``free`` holds too little."""
        return tuple(
            name for name in ("cpus", "memory_mib", "gpus") if getattr(self, name) > getattr(free, name)
        )


@dataclass(frozen=True)
class Waiting:
    id: int
    need: Need
    wall_s: float


@dataclass(frozen=True)
class Running:
    id: int
    need: Need
    ends_at: float  # at the latest; seconds on the caller's clock


@dataclass(frozen=True)
class Start:
    """When a waiting job starts at the latest, if every other takes all of its declared time.

    ``lacking`` names what is short at this moment; it is empty when there is room but an
    earlier job was promised it.  ``after`` is the running job whose end makes room, if any.
    """

    id: int
    at: float | None  # None: larger than the whole machine
    lacking: tuple[str, ...]
    after: int | None


def plan(capacity: Need, running: Sequence[Running], waiting: Sequence[Waiting], now: float) -> list[Start]:
    """Return one Start per waiting job, in the same order.

    Jobs whose ``at`` equals ``now`` may start together at this moment.  A running job that
    is past its end is taken to end now: the next plan sees what became of it.

    >>> half, whole = Need(cpus=1), Need(cpus=2)
    >>> starts = plan(whole, [Running(1, half, 60)], [Waiting(2, whole, 30), Waiting(3, half, 50)], 0)
    >>> [(start.id, start.at, start.after) for start in starts]
    [(2, 60, 1), (3, 0, None)]
    """
    free_now = capacity
    for busy in running:
        free_now -= busy.need
    ends = sorted((max(now, job.ends_at), job.id, job.need) for job in running)
    profile = _Profile(now, free_now)
    for moment, _, need in ends:
        profile.release(moment, need)
    starts = []
    for job in waiting:
        if not job.need.fits_in(capacity):
            starts.append(Start(job.id, None, job.need.lacking_in(capacity), None))
            continue
        at = profile.earliest(job.need, job.wall_s)
        after = [number for moment, number, _ in ends if moment <= at] if at > now else []
        starts.append(Start(job.id, at, job.need.lacking_in(free_now), after[-1] if after else None))
        profile.take(at, at + job.wall_s, job.need)
    return starts


class _Profile:
    """What is free from each moment on until the next; the last step lasts for ever."""

    def __init__(self, now: float, free: Need) -> None:
        self.steps = [(now, free)]

    def _split(self, moment: float) -> int:
        """Make a step begin at ``moment`` and return its index."""
        for index, (begin, _free) in enumerate(self.steps):
            if begin == moment:
                return index
            if begin > moment:
                self.steps.insert(index, (moment, self.steps[index - 1][1]))
                return index
        self.steps.append((moment, self.steps[-1][1]))
        return len(self.steps) - 1

    def release(self, moment: float, need: Need) -> None:
        for index in range(self._split(moment), len(self.steps)):
            begin, free = self.steps[index]
            self.steps[index] = (begin, free + need)

    def take(self, begin: float, end: float, need: Need) -> None:
        first, last = self._split(begin), self._split(end)
        for index in range(first, last):
            moment, free = self.steps[index]
            self.steps[index] = (moment, free - need)

    def earliest(self, need: Need, duration: float) -> float:
        """Return the first moment from which ``need`` is free for ``duration``."""
        begin: float | None = None
        for moment, free in self.steps:
            if begin is not None and moment >= begin + duration:
                return begin
            if not need.fits_in(free):
                begin = None
            elif begin is None:
                begin = moment
        if begin is None:  # resources are overdrawn for ever; the caller's running jobs exceed the machine
            return self.steps[-1][0]
        return begin
