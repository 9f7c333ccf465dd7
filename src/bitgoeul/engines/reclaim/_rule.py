from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

DAY = 86_400
MILLI = 1000  # use is counted in thousandths of a unit


@dataclass(frozen=True)
class Rule:
    """Below so much mean use over the window: notice, then shrink, then return, counted from the notice."""

    below_percent: int
    window_days: int
    shrink_after_days: int
    return_after_days: int


@dataclass(frozen=True)
class Sample:
    """From ``start`` (in seconds) on, ``used`` thousandths of a unit were in use for ``seconds``."""

    start: int
    seconds: int
    used: int


class Standing(StrEnum):
    """Where a claim stands with the rule."""

    IN_USE = "in_use"
    NOTICED = "noticed"
    SHRUNK = "shrunk"


class Step(StrEnum):
    NOTHING = "nothing"
    NOTICE = "notice"
    SHRINK = "shrink"
    RETURN = "return"
    CLEAR = "clear"


def mean_percent(samples: Iterable[Sample], *, held: int, since: int, until: int) -> int | None:
    """The mean use of ``held`` units between two moments, in whole percent rounded down.

    Time without a sample is not counted as idle: a meter that fails must not cost anybody anything.
    Returns: None if less than half of the time was measured.
    Raises: ValueError if nothing is held or the time is empty.
    """
    if held <= 0 or until <= since:
        raise ValueError("there is nothing to measure")
    parts = list(_within(samples, since, until))
    measured = sum(seconds for seconds, _used in parts)
    if 2 * measured < until - since:
        return None
    worked = sum(seconds * used for seconds, used in parts)
    return min(100, 100 * worked // (measured * held * MILLI))


def needed(samples: Iterable[Sample], *, since: int, until: int) -> int:
    """The 95th percentile of use by time, in whole units rounded up; at least one unit.

    95 % of the measured time needed no more than this.
    """
    parts = sorted(_within(samples, since, until), key=lambda part: part[1])
    measured = sum(seconds for seconds, _used in parts)
    passed, level = 0, 0
    for seconds, level in parts:  # noqa: B007  (the level that was reached is the answer)
        passed += seconds
        if 100 * passed >= 95 * measured:
            break
    return max(1, -(-level // MILLI))


def next_step(rule: Rule, standing: Standing, *, percent: int | None, days: int) -> Step:
    """What the rule does now; ``days`` have passed since the notice, contests not counted.

    Without enough measurements nothing happens, neither against the holder nor for them.
    """
    if percent is None:
        return Step.NOTHING
    idle = percent < rule.below_percent
    if standing == Standing.IN_USE:
        return Step.NOTICE if idle else Step.NOTHING
    if not idle:
        return Step.CLEAR
    if days >= rule.return_after_days:
        return Step.RETURN
    if standing == Standing.NOTICED and days >= rule.shrink_after_days:
        return Step.SHRINK
    return Step.NOTHING


def _within(samples: Iterable[Sample], since: int, until: int) -> Iterator[tuple[int, int]]:
    """Seconds and use of the part of each sample that lies between the two moments."""
    for sample in samples:
        seconds = min(sample.start + sample.seconds, until) - max(sample.start, since)
        if seconds > 0:
            yield seconds, sample.used
