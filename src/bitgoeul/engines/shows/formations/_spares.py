"""Formations smaller than the fleet: the drones left over wait in the dark."""

from __future__ import annotations

from enum import StrEnum
from math import isfinite

import numpy as np

from .._curves import Floats
from .._formation import Formation
from .._limits import Limits
from ._placing import MARGIN, MOST, closest, refuse


class Holding(StrEnum):
    """Where spares wait: behind the figure as the audience sees it, or above it."""

    BEHIND = "behind"
    ABOVE = "above"


def with_spares(
    formation: Formation,
    drones: int,
    limits: Limits,
    *,
    spacing_m: float | None = None,
    where: str = Holding.BEHIND,
) -> Formation:
    """Return a formation of the whole fleet: the figure first, then spares, dark, in a grid.

    The grid is twice the spacing away from the figure and keeps the spacing in itself.

    Raises: ShowInvalid: drones-out-of-range, spacing-below-distance, formation-larger-than-fleet,
        place-unknown, holding-too-high when the grid would rise above the highest altitude, drones-too-close
        when the figure itself does not keep the distance.
    """
    figure = formation.points
    spares = drones - len(figure)
    spacing = MARGIN * limits.distance_m if spacing_m is None else spacing_m
    if not 1 <= drones <= MOST:
        raise refuse("drones-out-of-range", "drones", drones=drones, most=MOST)
    if spares < 0:
        raise refuse("formation-larger-than-fleet", "drones", points=len(figure), drones=drones)
    if not (isfinite(spacing) and spacing >= limits.distance_m):
        raise refuse("spacing-below-distance", "spacing_m", spacing=spacing, distance=limits.distance_m)
    if where not in set(Holding):
        raise refuse("place-unknown", "where", place=where)
    # A hair more, so that rounding never eats the last digit of the spacing.
    grid = _grid(figure, spares, limits, spacing * (1 + 1e-9), Holding(where))
    points = np.concatenate([figure, grid])
    if grid[:, 2].max(initial=0.0) > limits.altitude_m:
        raise refuse("holding-too-high", "where", height=float(grid[:, 2].max()), altitude=limits.altitude_m)
    if (gap := closest(points, limits.downwash)) < limits.distance_m:
        raise refuse("drones-too-close", "formation", closest=gap, distance=limits.distance_m)
    return Formation(
        points,
        np.concatenate([formation.colours, np.zeros((spares, 3), np.uint8)]),
        np.concatenate([formation.lit, np.zeros(spares, bool)]),
    )


def _grid(figure: Floats, spares: int, limits: Limits, spacing: float, where: Holding) -> Floats:
    """Places of the spares, shape (spares, 3): rows from the middle of the figure outwards."""
    low = figure.min(axis=0) if len(figure) else np.array([0.0, 0.0, 2 * limits.navigation_m])
    high = figure.max(axis=0) if len(figure) else low
    step = spacing * limits.downwash
    floor = max(float(low[2]), limits.navigation_m)
    if where is Holding.ABOVE:
        columns = max(int(np.ceil(np.sqrt(spares))), 1)
        number = np.arange(spares)
        rows = -(-spares // columns)
        middle = (low + high) / 2
        x = middle[0] + (number % columns - (columns - 1) / 2) * spacing
        y = middle[1] + (number // columns - (rows - 1) / 2) * spacing
        return np.stack([x, y, np.full(spares, high[2] + 2 * step)], axis=1)
    # As wide as high, but not higher than drones may fly.
    storeys = max(int((limits.altitude_m - floor) / step) + 1, 1)
    columns = max(int(np.ceil(np.sqrt(spares * limits.downwash))), -(-spares // storeys), 1)
    number = np.arange(spares)
    x = (low[0] + high[0]) / 2 + (number % columns - (columns - 1) / 2) * spacing
    return np.stack([x, np.full(spares, high[1] + 2 * spacing), floor + (number // columns) * step], axis=1)
