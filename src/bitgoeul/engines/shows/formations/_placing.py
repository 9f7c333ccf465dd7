"""Exactly as many points as drones, never nearer to each other than the spacing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil, inf, isfinite

import numpy as np

from .._curves import Floats
from .._formation import Formation
from .._limits import Limits
from .._problems import Problem, ShowInvalid

MOST = 50_000
"""More drones than any show has flown."""

MARGIN = 1.05
"""Spacing over the distance that must be kept: transitions need a little room to be repaired in."""

LONGEST_M = 20_000.0
WHITE = (255, 255, 255)

Colour = tuple[int, int, int]


@dataclass(frozen=True, kw_only=True)
class Placing:
    """How many drones make a figure, how near they may be, and where the figure stands.

    ``spacing_m``: smallest distance of two drones in the ellipsoid metric of the limits; by default 1.05
    times ``limits.distance_m``.  ``size_m``: largest extent of the figure in metres; by default the smallest
    at which all drones fit.  ``centre``: x and y of the middle of the figure in metres.  ``lowest_z``: height
    of its lowest drone in metres.  ``colour``: of figures that bring none.  ``seed``: for what is drawn at
    random; the same seed gives the same formation.

    Raises: ShowInvalid for numbers that are not finite, no drones or too many, a spacing below the limit.
    """

    drones: int
    limits: Limits = field(default_factory=Limits)
    spacing_m: float | None = None
    size_m: float | None = None
    centre: tuple[float, float] = (0.0, 0.0)
    lowest_z: float = 20.0
    colour: Colour = WHITE
    seed: int = 0

    def __post_init__(self) -> None:
        problems = []
        if not 1 <= self.drones <= MOST:
            problems.append(Problem("drones-out-of-range", "drones", {"drones": self.drones, "most": MOST}))
        if not (isfinite(self.spacing) and self.spacing >= self.limits.distance_m):
            facts = {"spacing": self.spacing, "distance": self.limits.distance_m}
            problems.append(Problem("spacing-below-distance", "spacing_m", facts))
        if self.size_m is not None and not (isfinite(self.size_m) and 0 < self.size_m <= LONGEST_M):
            problems.append(Problem("size-out-of-range", "size_m", {"size": self.size_m, "most": LONGEST_M}))
        if not all(isfinite(value) and abs(value) <= LONGEST_M for value in (*self.centre, self.lowest_z)):
            problems.append(Problem("place-not-finite", "centre"))
        elif self.lowest_z < self.limits.navigation_m:
            facts = {"lowest": self.lowest_z, "navigation": self.limits.navigation_m}
            problems.append(Problem("formation-too-low", "lowest_z", facts))
        if not all(isinstance(value, int) and 0 <= value <= 255 for value in self.colour):
            problems.append(Problem("colour-out-of-range", "colour"))
        if problems:
            raise ShowInvalid(problems)

    @property
    def spacing(self) -> float:
        """The smallest distance of two drones, metres of the ellipsoid metric."""
        return MARGIN * self.limits.distance_m if self.spacing_m is None else self.spacing_m

    @property
    def squash(self) -> Floats:
        """Shape (3,): what turns differences in metres into differences of the ellipsoid metric."""
        return np.array([1.0, 1.0, 1.0 / self.limits.downwash])


@dataclass(frozen=True, eq=False)
class Figure:
    """Points of a shape whose largest extent is 1.

    ``points``: shape (N, 3).  ``colours``: shape (N, 3), or None where the shape has none of its own.
    """

    points: Floats
    colours: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Placed:
    """A formation, the largest extent of its shape and the smallest distance in it, in metres.

    ``closest_m`` is measured in the ellipsoid metric; a single drone has none, infinity.
    """

    formation: Formation
    size_m: float
    closest_m: float


def closest(points: Floats, downwash: float = 1.0) -> float:
    """Return the smallest distance of two points in the ellipsoid metric; infinity for fewer than two.

    ``points``: shape (N, 3), metres.  Exact up to the rounding of the distance itself.
    """
    from scipy.spatial import cKDTree

    if len(points) < 2:
        return inf
    metric = points / np.array([1.0, 1.0, downwash])
    return float(cKDTree(metric).query(metric, k=2)[0][:, 1].min())


def placed(draw: Callable[[int], Figure], placing: Placing) -> Placed:
    """Place a figure at the wanted size, or at the smallest at which every drone has its spacing.

    ``draw`` makes a figure of so many points; the same number always gives the same figure.
    Raises: ShowInvalid when so many do not fit in the wanted size: drones-do-not-fit with the facts ``fits``,
        how many do, ``wanted``, and ``scale``, the size in metres that would hold them all; shape-too-small
        when no size would; size-out-of-range when that size is beyond any field.
    """
    figure = draw(placing.drones)
    pitch = closest(figure.points, placing.limits.downwash)
    needed = placing.spacing if pitch == inf else _size_for(pitch, placing)
    size = needed if placing.size_m is None else placing.size_m
    points = _stand(figure.points, size, placing)
    while placing.size_m is None and closest(points, placing.limits.downwash) < placing.spacing:
        size += 0.001  # the rounding of the last digits ate the margin
        points = _stand(figure.points, size, placing)
    gap = closest(points, placing.limits.downwash)
    if gap < placing.spacing:
        facts = {"fits": _fits(draw, size, pitch, placing), "wanted": placing.drones, "scale": needed}
        raise ShowInvalid(Problem("drones-do-not-fit", "size_m", facts))
    if size > LONGEST_M:
        raise ShowInvalid(Problem("size-out-of-range", "size_m", {"size": size, "most": LONGEST_M}))
    return Placed(formation_of(points, figure.colours, placing.colour), size, gap)


def formation_of(points: Floats, colours: np.ndarray | None, colour: Colour) -> Formation:
    """Make a formation in which every drone shines.  Black does not shine: it takes ``colour`` instead."""
    shown = np.tile(np.array(colour, np.uint8), (len(points), 1))
    if colours is not None:
        shines = colours.max(axis=1, initial=0) >= 24
        shown[shines] = colours[shines]
    return Formation(np.ascontiguousarray(points, float), shown, np.ones(len(points), bool))


def refuse(code: str, where: str = "", **facts: object) -> ShowInvalid:
    """Return the refusal with one reason."""
    return ShowInvalid(Problem(code, where, facts))


def _size_for(pitch: float, placing: Placing) -> float:
    """The size, in whole millimetres, at which points ``pitch`` apart at size 1 keep the spacing."""
    if pitch <= 1e-9:
        raise refuse("shape-too-small", wanted=placing.drones)
    return ceil(placing.spacing / pitch * (1 + 1e-9) * 1000) / 1000


def _stand(points: Floats, size: float, placing: Placing) -> Floats:
    """Move a figure of size 1 to where it stands."""
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    middle[2] = points[:, 2].min()
    return (points - middle) * size + np.array([*placing.centre, placing.lowest_z])


def _fits(draw: Callable[[int], Figure], size: float, pitch: float, placing: Placing) -> int:
    """How many drones fit at a size: found by drawing fewer, so each number that is named was tried."""
    fits, beyond = 1, placing.drones
    share = pitch * size / placing.spacing
    for _ in range(8):
        # Along lines the number grows with the size, over areas with its square: the middle first.
        count = min(max(int(beyond * share**1.5), fits + 1), beyond - 1)
        if count <= fits or count >= beyond:
            break
        figure = draw(count)
        gap = closest(_stand(figure.points, size, placing), placing.limits.downwash)
        if gap >= placing.spacing:
            fits, share = count, 1.0 - 0.5 * (1.0 - count / beyond)
        else:
            beyond, share = count, gap / placing.spacing
    return fits
