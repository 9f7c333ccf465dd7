"""What a show must keep to: limits of the drones, the area they fly in, and where people are.

Frame: right-handed, metres; x to the right and y away as the audience sees it, z up from the ground.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from fractions import Fraction
from math import isfinite
from typing import Any

from ._problems import Problem, ShowInvalid

Corner = tuple[float, float]
Ring = tuple[Corner, ...]
"""Corners (x, y) of a polygon in metres, in order, the first not repeated at the end."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What every moment of a show must keep to.

    Two drones in the air keep ``distance_m`` in the ellipsoid metric: a vertical difference counts
    ``1 / downwash`` of its metres, because the air below a drone is rough.  A pair of which one is parked on
    its pad (on the ground and still) is exempt; parked drones keep ``pad_distance_m``.  Below
    ``navigation_m`` a drone moves only vertically.  Distances are in m, velocities in m/s, ``acceleration``
    in m/s2 and ``jerk`` in m/s3, both of the whole vector.

    Raises: ShowInvalid with every limit that is zero, negative, not finite or contradicts another.
    """

    distance_m: float = 3.0
    downwash: float = 1.0
    velocity_xy: float = 8.0
    velocity_up: float = 3.0
    velocity_down: float = 3.0
    acceleration: float = 4.0
    jerk: float = 8.0
    altitude_m: float = 150.0
    navigation_m: float = 2.5
    pad_distance_m: float = 0.5

    def __post_init__(self) -> None:
        problems = [
            Problem("limit-not-positive", spec.name, {"value": value})
            for spec in fields(self)
            if not (
                isinstance(value := getattr(self, spec.name), int | float) and isfinite(value) and value > 0
            )
        ]
        if not problems and self.downwash < 1:
            problems.append(Problem("downwash-below-one", "downwash", {"value": self.downwash}))
        if not problems and self.navigation_m >= self.altitude_m:
            problems.append(
                Problem("navigation-above-altitude", "navigation_m", {"altitude": self.altitude_m})
            )
        if problems:
            raise ShowInvalid(problems)

    def as_data(self) -> dict[str, float]:
        """Return the limits as plain data, by name."""
        return {spec.name: float(getattr(self, spec.name)) for spec in fields(self)}

    @classmethod
    def of(cls, data: dict[str, Any]) -> Limits:
        """Read limits from plain data.  Raises: ShowInvalid for unknown names and impossible values."""
        known = {spec.name for spec in fields(cls)}
        if unknown := sorted(set(data) - known):
            raise ShowInvalid([Problem("limit-unknown", name) for name in unknown])
        return cls(**data)


@dataclass(frozen=True, kw_only=True)
class Site:
    """Where a show flies: the fence around it, holes in it, and where people are.

    ``fence`` is the outer ring; an empty one means that none is set.  ``audience`` are areas with people,
    from which every drone in the air keeps ``audience_distance_m`` horizontally.  ``origin`` is latitude and
    longitude in degrees and height above sea level in metres of the frame's origin; ``orientation_deg`` is
    the direction of x, from North towards East.

    Raises: ShowInvalid when a ring has fewer than three corners, is not finite, crosses or touches itself, or
    when a hole has no fence.
    """

    fence: Ring = ()
    holes: tuple[Ring, ...] = ()
    audience: tuple[Ring, ...] = ()
    audience_distance_m: float = 50.0
    origin: tuple[float, float, float] | None = None
    orientation_deg: float = 90.0

    def __post_init__(self) -> None:
        rings = {"fence": self.fence} if self.fence else {}
        rings |= {f"holes.{n}": ring for n, ring in enumerate(self.holes, 1)}
        rings |= {f"audience.{n}": ring for n, ring in enumerate(self.audience, 1)}
        problems = [problem for name, ring in rings.items() if (problem := _flaw(name, ring))]
        if self.holes and not self.fence:
            problems.append(Problem("hole-without-fence", "holes"))
        if not (isfinite(self.audience_distance_m) and self.audience_distance_m >= 0):
            problems.append(Problem("distance-negative", "audience_distance_m"))
        if problems:
            raise ShowInvalid(problems)


def _flaw(name: str, ring: Ring) -> Problem | None:
    """Return what keeps a ring from being the simple outline of an area."""
    if len(ring) < 3:
        return Problem("ring-too-short", name, {"corners": len(ring)})
    if not all(isfinite(value) for corner in ring for value in corner):
        return Problem("ring-not-finite", name)
    edges = list(zip(ring, (*ring[1:], ring[0]), strict=True))
    for i, edge in enumerate(edges):
        if edge[0] == edge[1]:
            return Problem("ring-repeats-corner", name, {"corner": i + 1})
        for j in range(i + 1, len(edges)):
            neighbours = j == i + 1 or (i == 0 and j == len(edges) - 1)
            if _folded(edge, edges[j]) if neighbours else _meet(edge, edges[j]):
                return Problem("ring-crosses-itself", name, {"edges": [i + 1, j + 1]})
    return None


def _turn(a: Corner, b: Corner, c: Corner) -> int:
    """1 when c lies left of a > b, -1 right of it, 0 on the line: exactly."""
    ax, ay, bx, by, cx, cy = (Fraction(value) for value in (*a, *b, *c))
    cross = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    return (cross > 0) - (cross < 0)


def _within(a: Corner, b: Corner, c: Corner) -> bool:
    """Whether c, which lies on the line a, b, lies between them."""
    return min(a[0], b[0]) <= c[0] <= max(a[0], b[0]) and min(a[1], b[1]) <= c[1] <= max(a[1], b[1])


def _meet(one: tuple[Corner, Corner], other: tuple[Corner, Corner]) -> bool:
    a, b, c, d = *one, *other
    turns = _turn(a, b, c), _turn(a, b, d), _turn(c, d, a), _turn(c, d, b)
    if turns[0] != turns[1] and turns[2] != turns[3] and 0 not in turns:
        return True
    ends = ((a, b, c), (a, b, d), (c, d, a), (c, d, b))
    return any(turn == 0 and _within(*end) for turn, end in zip(turns, ends, strict=True))


def _folded(one: tuple[Corner, Corner], other: tuple[Corner, Corner]) -> bool:
    """Whether two edges with a corner in common run back over each other."""
    shared = one[1] if one[1] in other else one[0]
    first = one[0] if shared == one[1] else one[1]
    second = other[1] if shared == other[0] else other[0]
    return _turn(first, shared, second) == 0 and (
        _within(shared, first, second) or _within(shared, second, first)
    )
