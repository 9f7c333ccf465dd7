"""How long batteries last, what wind leaves of a drone's speed, and flying a show more slowly."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from math import ceil, gcd, hypot, isfinite
from typing import Any

import numpy as np

from ._curves import Curves, Floats
from ._limits import Limits
from ._problems import Problem, ShowInvalid

Wind = tuple[float, float]
"""Where the air moves to, x and y in m/s."""


@dataclass(frozen=True, kw_only=True)
class Battery:
    """What a drone draws: an example, to be replaced by what a fleet's drones were measured to draw.

    In the air ``hover_w``; ``drag_w`` more per (m/s)² of horizontal air speed; ``climb_w`` more per m/s of
    climbing, nothing less for sinking.  On the ground ``idle_w``.  ``reserve``: the share that must be left.

    Raises: ShowInvalid with every figure that is negative or not finite.
    """

    capacity_wh: float = 40.0  # [EX]
    hover_w: float = 130.0  # [EX]
    drag_w: float = 0.35  # [EX]
    climb_w: float = 9.0  # [EX]
    idle_w: float = 6.0  # [EX]
    reserve: float = 0.25  # [EX]

    def __post_init__(self) -> None:
        problems = [
            Problem("battery-impossible", spec.name, {"value": value})
            for spec in fields(self)
            if not (isfinite(value := getattr(self, spec.name)) and value >= 0)
        ]
        if not problems and (self.capacity_wh == 0 or self.reserve >= 1):
            problems = [Problem("battery-empty")]
        if problems:
            raise ShowInvalid(problems)

    @classmethod
    def of(cls, data: dict[str, Any]) -> Battery:
        """Read a battery from plain data.  Raises: ShowInvalid for unknown names."""
        if unknown := sorted(set(data) - {spec.name for spec in fields(cls)}):
            raise ShowInvalid([Problem("battery-unknown", name) for name in unknown])
        return cls(**data)


@dataclass(frozen=True, eq=False)
class Energy:
    """``used_wh`` (N,): what each drone draws in the show.  ``left`` (N,): the share of its battery then
    left."""

    used_wh: Floats
    left: Floats
    reserve: float

    @property
    def holds(self) -> bool:
        """Whether every drone keeps its reserve."""
        return bool((self.left >= self.reserve).all())

    @property
    def worst(self) -> int:
        """The drone with the least left."""
        return int(np.argmin(self.left))


def energy(curves: Curves, battery: Battery, wind: Wind = (0.0, 0.0)) -> Energy:
    """Add up what each drone draws along its path.

    The squared air speed on a cubic has degree four, for which Gauss' rule with three points is exact;
    climbing
    counts its positive part at the same points.
    """
    seconds = (curves.ends_ms - curves.begins_ms) / 1000
    legs = 3 * np.diff(curves.metres(), axis=1) / seconds[:, None, None]
    flown = np.zeros(len(seconds))
    for u, weight in zip(*np.polynomial.legendre.leggauss(3), strict=True):
        s = (u + 1) / 2
        velocity = (1 - s) ** 2 * legs[:, 0] + 2 * s * (1 - s) * legs[:, 1] + s * s * legs[:, 2]
        air = velocity[:, :2] - np.asarray(wind)
        power = battery.drag_w * (air * air).sum(axis=1) + battery.climb_w * np.maximum(velocity[:, 2], 0)
        flown += weight / 2 * power
    watts = np.where(curves.parked(), battery.idle_w, battery.hover_w + flown)
    used = np.add.reduceat(watts * seconds, curves.first[:-1]) / 3600
    return Energy(used, 1 - used / battery.capacity_wh, battery.reserve)


def in_wind(limits: Limits, wind: Wind) -> Limits:
    """What is left of the horizontal speed against the wind, when the limit is one of air speed.

    Raises: ShowInvalid when nothing is left.
    """
    speed = hypot(*wind)
    if not isfinite(speed) or speed >= limits.velocity_xy:
        raise ShowInvalid(
            Problem("wind-too-strong", facts={"wind": speed, "velocity_xy": limits.velocity_xy})
        )
    return replace(limits, velocity_xy=limits.velocity_xy - speed)


def slowed(curves: Curves, factor: float) -> Curves:
    """Fly the same paths by a slower clock, the same for all drones: distances stay what they were proved
    to be.

    All times are multiples of some step (20 ms in planned shows); the factor is rounded up so that they are
    whole milliseconds again, and thus every drone's clock is slowed by exactly the same.
    Raises: ShowInvalid when the factor is below one, or not finite.
    """
    if not (isfinite(factor) and factor >= 1):
        raise ShowInvalid(Problem("factor-below-one", facts={"factor": factor}))
    step = gcd(*np.unique(curves.ends_ms).tolist())
    slower = ceil(round(step * factor, 9))
    return Curves(curves.per_metre, curves.first, curves.ends_ms // step * slower, curves.controls)
