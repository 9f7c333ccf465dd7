"""The proof that a show keeps its limits: every bound over every moment of the curves that are exported.

Rounding: legs of a curve are differences of whole numbers and exact; a velocity, acceleration or jerk is one
of them times a constant, so bounds of their squares are off by less than ROUNDING times the largest square,
which is added.  Heights are whole numbers themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ._bernstein import highest, squared
from ._bounds import TOLERANCE, Bound, Violation, moment, outward, tightest
from ._certificate import Certificate
from ._clearance import clearance
from ._curves import Curves, Floats, Ints
from ._limits import Limits, Site
from ._separation import separation

JUMP_S = 0.05
"""Where two segments meet, the velocity may change by what the limit of acceleration allows in this time.

A planned show is smooth but for its grid: a control point that is off by half a unit turns the velocity of a
segment of T seconds by up to 3 / T units per second.
"""
BATCH = 1 << 18
"""Segments whose polynomials are held at once."""


def prove(curves: Curves, limits: Limits, site: Site) -> Certificate:
    """Bound everything that a show must keep to, and name all drones and pairs that do not.

    What is proved holds for every moment of the curves, not for samples of them.  Deterministic.
    """
    apart = separation(curves, limits)
    return Certificate(
        digest=curves.digest(),
        drones=curves.drones,
        duration_ms=curves.duration_ms,
        units_per_metre=curves.per_metre,
        limits=limits,
        site=site,
        bounds=(apart.air, apart.pads, *_motions(curves, limits), *_places(curves, limits, site)),
    )


@dataclass(frozen=True)
class _Rule:
    """One limit as the maximum of a polynomial: of its value, its negative or its square."""

    name: str
    unit: str
    limit: float
    square: bool = False
    least: bool = False


def _motions(curves: Curves, limits: Limits) -> list[Bound]:
    """Bound speeds, accelerations and heights, as many drones at a time as memory likes."""
    rules = (
        _Rule("velocity_xy", "m/s", limits.velocity_xy, square=True),
        _Rule("velocity_up", "m/s", limits.velocity_up),
        _Rule("velocity_down", "m/s", limits.velocity_down),
        _Rule("acceleration", "m/s2", limits.acceleration, square=True),
        _Rule("jerk", "m/s3", limits.jerk, square=True),
        _Rule("velocity_jump", "m/s", limits.acceleration * JUMP_S, square=True),
        _Rule("altitude", "m", limits.altitude_m),
        _Rule("ground", "m", 0.0, least=True),
        _Rule("navigation", "m", limits.navigation_m, least=True),
    )
    found: list[list[Bound]] = [[] for _ in rules]
    for drones in _batches(curves):
        for bounds, rule, part in zip(found, rules, _polynomials(curves, drones), strict=True):
            bounds.append(_bounded(curves, rule, *part))
    return [tightest(bounds) for bounds in found]


def _batches(curves: Curves) -> Iterator[slice]:
    begin = 0
    while begin < curves.drones:
        end = int(np.searchsorted(curves.first, curves.first[begin] + BATCH, side="right")) - 1
        end = min(max(end, begin + 1), curves.drones)
        yield slice(int(curves.first[begin]), int(curves.first[end]))
        begin = end


_Part = tuple[Ints, Floats, Floats]


def _polynomials(curves: Curves, part: slice) -> Iterator[_Part]:
    """Yield, in the order of the rules: segments, Bernstein coefficients and the size of their terms."""
    rows = np.arange(part.start, part.stop)
    controls = curves.controls[part]
    seconds = ((curves.ends_ms - curves.begins_ms)[part] / 1000.0)[:, None, None]
    legs = np.diff(controls, axis=1)
    velocity = 3 * legs / (seconds * curves.per_metre)
    turns = np.diff(legs, axis=1)
    yield rows, *_square(velocity[:, :, :2])
    climb = velocity[:, :, 2]
    yield rows, climb, np.abs(climb).max(axis=1)
    yield rows, -climb, np.abs(climb).max(axis=1)
    yield rows, *_square(6 * turns / (seconds**2 * curves.per_metre))
    yield rows, *_square(6 * np.diff(turns, axis=1) / (seconds**3 * curves.per_metre))
    opens = np.zeros(len(curves.ends_ms), bool)
    opens[curves.first[:-1]] = True
    later = np.flatnonzero(~opens[part])
    # A jump is one vector; it happens when the later segment begins.
    yield rows[later], *_square(velocity[later, :1] - velocity[later - 1, 2:])
    height = controls[:, :, 2] / float(curves.per_metre)
    size = np.abs(height).max(axis=1)
    yield rows, height, size
    yield rows, -height, size
    sideways = (legs[:, :, :2] != 0).any(axis=(1, 2))
    yield rows[sideways], -height[sideways], size[sideways]


def _square(points: Floats) -> tuple[Floats, Floats]:
    """Return Bernstein coefficients of squared lengths, and how large their terms are."""
    return squared(points), (points**2).sum(axis=2).max(axis=1, initial=0.0)


def _bounded(curves: Curves, rule: _Rule, rows: Ints, values: Floats, size: Floats) -> Bound:
    if not len(rows):
        return Bound(name=rule.name, unit=rule.unit, least=rule.least, limit=rule.limit, value=None)
    sign = -1.0 if rule.least else 1.0
    allowed = sign * rule.limit + TOLERANCE
    gap = 0.25 * TOLERANCE
    if rule.square:
        allowed, gap = allowed**2, 2 * gap * rule.limit
    drone = np.searchsorted(curves.first, rows, side="right") - 1
    known, group = np.unique(drone, return_inverse=True)
    peaks = highest(values, size, group.ravel(), groups=len(known), limit=allowed, gap=gap)

    def told(value: float) -> float:
        return sign * (max(value, 0.0) ** 0.5 if rule.square else value)

    where = rows[peaks.row]
    begins = curves.begins_ms[where]
    when = begins + peaks.s * (curves.ends_ms[where] - begins)

    top = int(np.argmax(peaks.reached))
    return Bound(
        name=rule.name,
        unit=rule.unit,
        least=rule.least,
        limit=rule.limit,
        value=outward(told(peaks.most.max()), rule.least),
        at_ms=moment(when[top]),
        drones=(int(known[top]),),
        violations=tuple(
            Violation(
                drones=(int(known[k]),),
                at_ms=moment(when[k]),
                value=outward(told(peaks.reached[k]), rule.least),
            )
            for k in np.flatnonzero(peaks.most > allowed)
        ),
    )


def _places(curves: Curves, limits: Limits, site: Site) -> list[Bound]:
    """Bound how far drones stay from edges."""
    always = np.ones(len(curves.ends_ms), bool)
    fence = (site.fence,) if site.fence else ()
    return [
        clearance(curves, always, "fence", rings=fence, limit=0.0, inside=True),
        clearance(curves, always, "holes", rings=site.holes, limit=0.0, inside=False),
        clearance(
            curves,
            ~curves.parked(),
            "audience",
            rings=site.audience,
            limit=site.audience_distance_m,
            inside=False,
        ),
    ]
