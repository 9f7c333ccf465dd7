"""Formations that move: turning, drifting, breathing, waving, and changing into each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, pi

import numpy as np
from numpy.typing import NDArray

from .._curves import Floats
from .._formation import Formation
from .._limits import Limits
from .._problems import Problem, ShowInvalid
from ._placing import closest, refuse

LONGEST_S = 600.0
MOST_KEYS = 3_000
MARGIN = 1.04
"""A little less than figures at rest have: cubics between keyframes cut across the true circles."""

LOOKS = 4
"""Moments within a segment at which the spacing is looked at."""


@dataclass(frozen=True, kw_only=True)
class Rotate:
    """Turn around the vertical through the middle, or around ``axis``; a turn is 360 degrees."""

    turns: float = 1.0
    axis: tuple[float, float, float] = (0.0, 0.0, 1.0)

    def __post_init__(self) -> None:
        _finite(self.turns, *self.axis)
        if not any(self.axis):
            raise refuse("axis-unknown", "axis", axis=list(self.axis))

    def at(self, points: Floats, share: float) -> Floats:
        angle = 2 * pi * self.turns * share
        axis = np.array(self.axis) / np.linalg.norm(self.axis)
        middle = (points.min(axis=0) + points.max(axis=0)) / 2
        arm = points - middle
        along = (arm @ axis)[:, None] * axis
        return middle + along + (arm - along) * np.cos(angle) + np.cross(axis, arm) * np.sin(angle)


@dataclass(frozen=True, kw_only=True)
class Translate:
    """Drift by ``by`` metres."""

    by: tuple[float, float, float]

    def __post_init__(self) -> None:
        _finite(*self.by)

    def at(self, points: Floats, share: float) -> Floats:
        return points + share * np.array(self.by)


@dataclass(frozen=True, kw_only=True)
class Pulse:
    """Grow to ``factor`` times the size and back, ``beats`` times."""

    factor: float = 1.2
    beats: int = 2

    def __post_init__(self) -> None:
        _finite(self.factor, self.beats)
        if self.factor <= 0 or self.beats < 1:
            raise refuse("proportion-out-of-range", "pulse", factor=self.factor, beats=self.beats)

    def at(self, points: Floats, share: float) -> Floats:
        middle = (points.min(axis=0) + points.max(axis=0)) / 2
        swell = (1 - np.cos(2 * pi * self.beats * share)) / 2
        return middle + (points - middle) * (1 + (self.factor - 1) * swell)


@dataclass(frozen=True, kw_only=True)
class Waving:
    """Wave like a flag on a pole at the left: depth changes by ``amplitude_m``, ``waves`` along the width."""

    amplitude_m: float = 4.0
    waves: float = 1.5
    beats: float = 3.0

    def __post_init__(self) -> None:
        _finite(self.amplitude_m, self.waves, self.beats)

    def at(self, points: Floats, share: float) -> Floats:
        left = points[:, 0].min()
        along = (points[:, 0] - left) / max(float(np.ptp(points[:, 0])), 1e-9)
        # It hangs still at the beginning and at the end.
        strength = self.amplitude_m * np.sin(pi * share) ** 2
        depth = strength * along * np.sin(2 * pi * (self.waves * along - self.beats * share))
        return points + np.stack([np.zeros_like(depth), depth, np.zeros_like(depth)], axis=1)


@dataclass(frozen=True, kw_only=True)
class Morph:
    """Change into another formation: drone i flies straight to point i of it."""

    into: Formation

    def at(self, points: Floats, share: float) -> Floats:
        return points + share * (self.into.points - points)


Motion = Rotate | Translate | Pulse | Waving | Morph


@dataclass(frozen=True, eq=False)
class Moving:
    """Paths of N drones through K segments that share their times, at rest at both ends.

    ``times_s``: shape (K + 1,), from 0.  ``controls``: shape (K, N, 4, 3), Bezier control points in metres;
    position and velocity are continuous.  ``colours``, ``lit``: as in :class:`Formation`.  ``closest_m``: the
    smallest distance in the ellipsoid metric at the moments that were looked at; between them nothing is
    promised, that is what the proof of a show is for.
    """

    times_s: Floats
    controls: Floats
    colours: NDArray[np.uint8]
    lit: NDArray[np.bool_]
    closest_m: float

    def at(self, moment_s: float) -> Floats:
        """Shape (N, 3): where the drones are, in metres; before and after it they stand."""
        moment = min(max(moment_s, 0.0), float(self.times_s[-1]))
        segment = min(int(np.searchsorted(self.times_s, moment, side="right")) - 1, len(self.controls) - 1)
        begin, end = self.times_s[segment : segment + 2]
        return _bezier(self.controls[segment], (moment - begin) / (end - begin))

    @property
    def begins(self) -> Formation:
        """The formation that it begins in."""
        return Formation(self.controls[0, :, 0].copy(), self.colours, self.lit)

    @property
    def ends(self) -> Formation:
        """The formation that it ends in."""
        return Formation(self.controls[-1, :, 3].copy(), self.colours, self.lit)


def moving(
    formation: Formation,
    motions: Sequence[Motion],
    seconds: float,
    limits: Limits,
    *,
    spacing_m: float | None = None,
    step_s: float = 0.5,
    ease_s: float = 2.0,
) -> Moving:
    """Move a formation: all motions at once, each applied to what the one before it made.

    It starts and stops gently, within ``ease_s`` seconds.  Between keyframes ``step_s`` apart every drone
    flies one cubic with the true places and velocities at its ends.

    ``spacing_m`` is by default 1.04 times ``limits.distance_m``, a little less than a formation at rest has.

    Raises: ShowInvalid: motion-missing, time-out-of-range, value-not-finite, morph-unequal when the other
        formation has not the same number of points, moving-too-close when at some moment looked at two drones
        are nearer than the spacing (facts ``closest``, ``wanted``, ``at_s``, and ``scale``, by how much the
        formation would have to grow).
    """
    _check(formation, motions, seconds, step_s, ease_s)
    count = max(int(np.ceil(seconds / step_s)), 2)
    times = np.linspace(0.0, seconds, count + 1)
    ease = min(ease_s, seconds / 2)

    def at(moment: float) -> Floats:
        points, share = formation.points, _eased(moment, seconds, ease)
        for motion in motions:
            points = motion.at(points, share)
        return points

    places = np.stack([at(moment) for moment in times])
    hair = 1e-4
    speeds = np.zeros_like(places)  # at rest at both ends
    for number in range(1, count):
        speeds[number] = (at(times[number] + hair) - at(times[number] - hair)) / (2 * hair)
    third = (np.diff(times) / 3)[:, None, None]
    controls = np.stack(
        [places[:-1], places[:-1] + speeds[:-1] * third, places[1:] - speeds[1:] * third, places[1:]], axis=2
    )
    if not np.isfinite(controls).all() or np.abs(controls).max() > 1e6:
        raise refuse("value-not-finite", "motions")
    gap, moment = _closest(controls, times, limits.downwash)
    wanted = MARGIN * limits.distance_m if spacing_m is None else spacing_m
    if gap < wanted:
        facts = {"closest": gap, "wanted": wanted, "at_s": moment, "scale": wanted / gap if gap > 0 else None}
        raise ShowInvalid(Problem("moving-too-close", "motions", facts))
    return Moving(times, controls, formation.colours, formation.lit, gap)


def _check(
    formation: Formation, motions: Sequence[Motion], seconds: float, step_s: float, ease_s: float
) -> None:
    if not motions or len(formation.points) == 0:
        raise refuse("motion-missing", "motions")
    if not (isfinite(seconds) and 0 < seconds <= LONGEST_S):
        raise refuse("time-out-of-range", "seconds", seconds=seconds, most=LONGEST_S)
    if not (isfinite(step_s) and step_s > 0 and seconds / step_s <= MOST_KEYS):
        raise refuse("time-out-of-range", "step_s", seconds=step_s, least=seconds / MOST_KEYS)
    if not (isfinite(ease_s) and ease_s >= 0.1):
        raise refuse("time-out-of-range", "ease_s", seconds=ease_s, least=0.1)
    for motion in motions:
        if isinstance(motion, Morph) and len(motion.into.points) != len(formation.points):
            facts = {"points": len(motion.into.points), "drones": len(formation.points)}
            raise ShowInvalid(Problem("morph-unequal", "motions", facts))


def _eased(moment: float, seconds: float, ease: float) -> float:
    """The share of a motion that is done: its speed grows and falls within ``ease`` and is even between."""
    moment = min(max(moment, 0.0), seconds)

    def ramp(t: float) -> float:
        # Integral of 3 s^2 - 2 s^3, so that the acceleration is continuous too.
        s = t / ease
        return ease * (s**3 - s**4 / 2)

    whole = seconds - ease
    if moment < ease:
        return ramp(moment) / whole
    if moment > seconds - ease:
        return 1.0 - ramp(seconds - moment) / whole
    return (moment - ease / 2) / whole


def _closest(controls: Floats, times: Floats, downwash: float) -> tuple[float, float]:
    """The smallest distance at the moments looked at, and when it is."""
    best, when = np.inf, 0.0
    for number, segment in enumerate(controls):
        for look in range(LOOKS + (number == len(controls) - 1)):
            gap = closest(_bezier(segment, look / LOOKS), downwash)
            if gap < best:
                best, when = gap, float(times[number] + (times[number + 1] - times[number]) * look / LOOKS)
    return best, when


def _bezier(controls: Floats, s: float) -> Floats:
    a, b, c, d = (controls[:, k] for k in range(4))
    r = 1 - s
    return r * r * r * a + 3 * r * r * s * b + 3 * r * s * s * c + s * s * s * d


def _finite(*values: float) -> None:
    if not all(isfinite(value) and abs(value) <= 100_000 for value in values):
        raise refuse("value-not-finite", "motions")
