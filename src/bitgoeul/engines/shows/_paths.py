"""From what files hold, points in metres over time, to the curves of a fleet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import gcd

import numpy as np

from ._curves import CANONICAL, Curves, Floats, Ints
from ._problems import Problem, ShowInvalid


@dataclass
class Path:
    """The path of one drone while it is read: segments in units of :data:`CANONICAL` per metre."""

    where: str
    ends_ms: list[int] = field(default_factory=list)
    controls: list[Ints] = field(default_factory=list)
    spot: Ints = field(default_factory=lambda: np.zeros(3, np.int64))
    started: bool = False

    def begins(self, spot: Floats) -> None:
        """Say where the path begins, for the case that it goes nowhere."""
        self.spot, self.started = _units(spot), True

    def add(self, end_ms: int, controls: Floats) -> None:
        """Add the segment with these 2, 3 or 4 control points in metres.  Raises: ShowInvalid."""
        begin = self.ends_ms[-1] if self.ends_ms else 0
        if end_ms <= begin:
            raise ShowInvalid(Problem("times-not-increasing", self.where, {"ms": end_ms, "after": begin}))
        self.ends_ms.append(end_ms)
        self.controls.append(_raised(_units(controls)))
        self.spot = self.controls[-1][3]

    def go(self, end_ms: int, there: Floats) -> None:
        """Fly straight from where the path ends.  Raises: ShowInvalid."""
        self.add(end_ms, np.stack([self.spot / CANONICAL, there]))

    def stand(self, until_ms: int, spot: Floats) -> None:
        """Stay at a spot until a moment, if it lies ahead."""
        if until_ms > (self.ends_ms[-1] if self.ends_ms else 0):
            self.add(until_ms, np.stack([spot, spot]))

    def lasts(self, until_ms: int) -> None:
        """Stay where the path ends until a moment."""
        if not self.ends_ms or self.ends_ms[-1] < until_ms:
            self.ends_ms.append(until_ms)
            self.controls.append(np.tile(self.spot, (4, 1)))


def _units(metres: Floats) -> Ints:
    return np.rint(np.asarray(metres, float) * CANONICAL).astype(np.int64)


def _raised(controls: Ints) -> Ints:
    """Raise a line or a quadratic to a cubic; a third is rounded to the nearest unit."""
    if len(controls) == 2:
        a, b = controls
        return np.stack([a, (2 * a + b + 1) // 3, (a + 2 * b + 1) // 3, b])
    if len(controls) == 3:
        a, b, c = controls
        return np.stack([a, (a + 2 * b + 1) // 3, (2 * b + c + 1) // 3, c])
    return controls


def fleet(paths: Sequence[Path]) -> Curves:
    """Join paths to curves on the coarsest grid that holds them; who ends early stands until the end.

    Raises: ShowInvalid when there is no drone or no time.
    """
    if not paths:
        raise ShowInvalid(Problem("no-drones"))
    if not (end := max((path.ends_ms[-1] for path in paths if path.ends_ms), default=0)):
        raise ShowInvalid(Problem("no-time"))
    for path in paths:
        path.lasts(end)
    first = np.cumsum([0] + [len(path.ends_ms) for path in paths]).astype(np.int64)
    controls = np.concatenate([np.stack(path.controls) for path in paths])
    common = gcd(int(np.gcd.reduce(controls, axis=None)), CANONICAL)
    ends = np.concatenate([np.array(path.ends_ms, np.int64) for path in paths])
    return Curves(CANONICAL // common, first, ends, controls // common)
