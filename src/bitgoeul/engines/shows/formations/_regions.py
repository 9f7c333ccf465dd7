"""What can be filled with points: flat areas, triangles, and shapes that know their nearest point."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._curves import Floats


class Flat:
    """A flat area, a Shapely polygon whose coordinates are x and z of the ellipsoid metric."""

    def __init__(self, area: Any) -> None:
        import shapely
        from scipy.spatial import cKDTree

        self.area = area
        self.measure, self.edge = float(area.area), float(area.length)
        shapely.prepare(area)
        step = max(np.sqrt(self.measure) / 400, area.length / 60_000, 1e-9)
        edge = shapely.get_coordinates(shapely.segmentize(shapely.boundary(area), step))
        self._edge, self._nearest = edge, cKDTree(edge)

    def candidates(self, count: int, rng: np.random.Generator) -> Floats:
        import shapely

        left, low, right, high = self.area.bounds
        share = max(self.measure / max((right - left) * (high - low), 1e-300), 1e-3)
        found: list[Floats] = []
        while sum(map(len, found)) < count:
            tries = rng.random((int(count / share) + 16, 2)) * [right - left, high - low] + [left, low]
            found.append(tries[shapely.contains_xy(self.area, tries[:, 0], tries[:, 1])])
            if len(found) > 40:
                break  # a sliver: its edge is all there is
        # Some of the edge as well, so that the outermost points mark it.
        inner = np.concatenate(found)[:count]
        flat = np.concatenate([inner, self._edge[:: max(len(self._edge) // 400, 1)]])
        return np.stack([flat[:, 0], np.zeros(len(flat)), flat[:, 1]], axis=1)

    def pull(self, points: Floats) -> Floats:
        import shapely

        points = points * [1.0, 0.0, 1.0]
        outside = np.flatnonzero(~shapely.contains_xy(self.area, points[:, 0], points[:, 2]))
        if len(outside):
            nearest = self._edge[self._nearest.query(points[outside][:, [0, 2]])[1]]
            points[outside, 0], points[outside, 2] = nearest[:, 0], nearest[:, 1]
        return points


class Triangles:
    """A surface of triangles: ``corners`` of shape (T, 3, 3) in the ellipsoid metric."""

    edge = 0.0

    def __init__(self, corners: Floats) -> None:
        self.corners = corners
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        self._sizes = np.linalg.norm(normals, axis=1) / 2
        self.measure = float(self._sizes.sum())
        self._tree: Any = None

    def candidates(self, count: int, rng: np.random.Generator) -> Floats:
        from scipy.spatial import cKDTree

        places, _ = self._draw(max(count, 4_000), rng)
        dense, self._owners = self._draw(max(4 * count, 60_000) if count < 150_000 else count, rng)
        self._tree = cKDTree(dense)
        return places

    def _draw(self, count: int, rng: np.random.Generator) -> tuple[Floats, NDArray[np.int64]]:
        """Draw places, one in each equal share of the whole surface."""
        ends = np.cumsum(self._sizes)
        wanted = (np.arange(count) + rng.random(count)) / count * ends[-1]
        owner = np.minimum(np.searchsorted(ends, wanted), len(ends) - 1)
        u, v = rng.random((2, count))
        over = u + v > 1
        u, v = np.where(over, 1 - u, u)[:, None], np.where(over, 1 - v, v)[:, None]
        a, b, c = (self.corners[owner, k] for k in range(3))
        return a + u * (b - a) + v * (c - a), owner

    def pull(self, points: Floats) -> Floats:
        """Onto the triangle of the nearest drawn place; the places are much denser than the points."""
        return _nearest_on(points, self.corners[self._owners[self._tree.query(points)[1]]])


def _nearest_on(points: Floats, corners: Floats) -> Floats:
    """The nearest point of each triangle to each point, shapes (N, 3) and (N, 3, 3)."""
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    edges = [_nearest_between(points, p, q) for p, q in ((a, b), (b, c), (c, a))]
    u, v, w = b - a, c - a, points - a
    uu, uv, vv = (u * u).sum(1), (u * v).sum(1), (v * v).sum(1)
    wu, wv = (w * u).sum(1), (w * v).sum(1)
    area = np.maximum(uu * vv - uv * uv, 1e-300)
    s, t = (vv * wu - uv * wv) / area, (uu * wv - uv * wu) / area
    inside = (s >= 0) & (t >= 0) & (s + t <= 1)
    gaps = np.stack([np.square(points - edge).sum(1) for edge in edges])
    best = np.choose(gaps.argmin(axis=0)[:, None], edges)
    return np.where(inside[:, None], a + s[:, None] * u + t[:, None] * v, best)


def _nearest_between(points: Floats, p: Floats, q: Floats) -> Floats:
    way = q - p
    share = ((points - p) * way).sum(1) / np.maximum((way * way).sum(1), 1e-300)
    return p + np.clip(share, 0.0, 1.0)[:, None] * way


@dataclass(frozen=True, eq=False)
class Shape:
    """A shape that draws places and finds nearest ones by formulas."""

    measure: float
    edge: float
    draw: Callable[[int, np.random.Generator], Floats]
    nearest: Callable[[Floats], Floats]

    def candidates(self, count: int, rng: np.random.Generator) -> Floats:
        return self.draw(count, rng)

    def pull(self, points: Floats) -> Floats:
        return self.nearest(points)
