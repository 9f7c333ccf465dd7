"""Points over areas and surfaces: as far from each other as they can be pushed."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from .._curves import Floats

SMALL = 1_500
"""So many points are first laid out one by one, each farthest from those before it."""


class Region(Protocol):
    """Somewhere to put points, in the ellipsoid metric."""

    @property
    def measure(self) -> float:
        """The area."""

    @property
    def edge(self) -> float:
        """The length of the edge; 0 where the region has none."""

    def candidates(self, count: int, rng: np.random.Generator) -> Floats:
        """Return at least ``count`` evenly random places in the region, shape (M, 3)."""

    def pull(self, points: Floats) -> Floats:
        """Return the nearest place in the region for each point, shape (N, 3)."""


def spread(region: Region, count: int, rng: np.random.Generator, fixed: Floats | None = None) -> Floats:
    """Return ``count`` places in a region, shape (N, 3), pushed apart from each other and from ``fixed``."""
    fixed = np.zeros((0, 3)) if fixed is None else fixed
    if count == 0:
        return np.zeros((0, 3))
    places = region.candidates(count * (40 if count <= SMALL else 12), rng)
    if count <= SMALL:
        points = _farthest(places, count, fixed)
    else:
        points = places[np.sort(rng.choice(len(places), count, replace=False))]
    points = _centred(region, points, places, fixed, rounds=8 if count <= SMALL else 24)
    return _pushed(region, points, fixed, rounds=240 if count <= SMALL else 80)


def _farthest(places: Floats, count: int, fixed: Floats) -> Floats:
    """Choose one place after the other, each the farthest from all before it."""
    from scipy.spatial import cKDTree

    middle = places.mean(axis=0)
    reach = np.square(places - middle).sum(axis=1)
    if len(fixed):
        reach = np.square(cKDTree(fixed).query(places)[0])
    chosen = np.empty(count, np.int64)
    for number in range(count):
        chosen[number] = np.argmax(reach)
        away = np.square(places - places[chosen[number]]).sum(axis=1)
        reach = away if number == 0 and not len(fixed) else np.minimum(reach, away)
    return places[chosen]


def _centred(region: Region, points: Floats, places: Floats, fixed: Floats, rounds: int) -> Floats:
    """Move each point to the middle of the places that are nearest to it, so that density evens out."""
    from scipy.spatial import cKDTree

    count = len(points)
    for number in range(rounds):
        away, nearest = cKDTree(np.concatenate([points, fixed])).query(places)
        served = np.bincount(nearest, minlength=count + len(fixed))[:count]
        sums = np.stack(
            [np.bincount(nearest, places[:, k], count + len(fixed))[:count] for k in range(3)], axis=1
        )
        middles = np.where(served[:, None] > 0, sums / np.maximum(served, 1)[:, None], points)
        if number < 2 * rounds // 3:
            middles = _filled_up(middles, places, away, nearest, fixed)
        points = region.pull(middles)
    return points


def _filled_up(points: Floats, places: Floats, away: Floats, nearest: Floats, fixed: Floats) -> Floats:
    """Let the most crowded points jump into the widest holes: what drifts would even out only slowly."""
    from scipy.spatial import cKDTree

    most = max(len(points) // 40, 1)
    gaps = cKDTree(np.concatenate([points, fixed])).query(points, k=2)[0][:, 1]
    crowded = np.argsort(gaps, kind="stable")[:most]
    order = np.argsort(-away, kind="stable")
    holes = order[np.sort(np.unique(nearest[order], return_index=True)[1])][:most]
    # One of a crowded pair jumps, and only where it is freer than before.
    pairs = min(len(holes), len(crowded) // 2 + 1)
    leaving, holes = crowded[::2][:pairs], holes[:pairs][: len(crowded[::2])]
    better = away[holes] > 1.05 * gaps[leaving]
    points = points.copy()
    points[leaving[better]] = places[holes[better]]
    return points


def _pushed(region: Region, points: Floats, fixed: Floats, rounds: int) -> Floats:
    """Push pairs that are nearer than a target apart; the target falls until all keep it."""
    from scipy.spatial import cKDTree

    count = len(points)
    start = _ideal(region, count + len(fixed) // 2)
    best, best_gap = points, 0.0
    for number in range(rounds + 1):
        target = start * (1.0 - 0.3 * number / rounds)
        everyone = np.concatenate([points, fixed])
        pairs = cKDTree(everyone).query_pairs(target, output_type="ndarray")
        pairs = pairs[pairs[:, 0] < count]
        away = everyone[pairs[:, 0]] - everyone[pairs[:, 1]]
        gaps = np.sqrt(np.square(away).sum(axis=1))
        gap = float(gaps.min(initial=target))
        if gap > best_gap:
            best, best_gap = points, gap
        if gap >= 0.999 * target:
            break
        points = region.pull(points + _push(pairs, away, gaps, target, count))
    return best


def _push(pairs: np.ndarray, away: Floats, gaps: Floats, target: float, count: int) -> Floats:
    """How far each point gives way, shape (N, 3); fixed ones do not."""
    lack = np.maximum(target - gaps, 0.0)
    ways = away * (0.45 * lack / np.maximum(gaps, 1e-12))[:, None]
    moves = np.empty((count, 3))
    second = pairs[:, 1] < count
    for k in range(3):
        moves[:, k] = np.bincount(pairs[:, 0], ways[:, k], count)
        moves[:, k] -= np.bincount(pairs[second, 1], ways[second, k], count)
    return moves


def _ideal(region: Region, count: int) -> float:
    """About the widest spacing at which so many points fit, the outermost on the edge."""
    share = np.sqrt(3) / 2 * count  # of the square of the spacing, per point of a hexagonal lattice
    half = region.edge / 4
    return float((half + np.sqrt(half * half + share * region.measure)) / share)
