"""Where drones may fly, seen from above: within the fence, outside its holes, away from people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ._curves import Curves, Floats, Ints
from ._limits import Site
from ._problems import Problem


class Area:
    """The site's polygons, prepared for many questions.  Without a site everything is allowed."""

    def __init__(self, site: Site | None) -> None:
        self.fence: Any = None
        self.holes: list[Any] = []
        self.audience: list[Any] = []
        self.distance = site.audience_distance_m if site else 0.0
        if site and (site.fence or site.audience):
            import shapely

            self.fence = shapely.Polygon(site.fence) if site.fence else None
            self.holes = [shapely.Polygon(ring) for ring in site.holes]
            self.audience = [shapely.Polygon(ring) for ring in site.audience]
            shapely.prepare(
                [shape for shape in (self.fence, *self.holes, *self.audience) if shape is not None]
            )

    @property
    def bounded(self) -> bool:
        """Whether there is anywhere that drones may not fly."""
        return self.fence is not None or bool(self.audience)

    def clearance(self, shapes: Any) -> Floats:
        """How far shapes are from where no drone may be, metres; negative or zero where they are in it."""
        import shapely

        least = np.full(len(shapes), np.inf)
        if self.fence is not None:
            inside = shapely.covers(self.fence, shapes)
            edge = shapely.distance(self.fence.boundary, shapes)
            least = np.where(inside, edge, -np.maximum(shapely.distance(self.fence, shapes), 1e-9))
        for hole in self.holes:
            least = np.minimum(
                least, np.where(shapely.intersects(hole, shapes), -1e-9, shapely.distance(hole, shapes))
            )
        for people in self.audience:
            least = np.minimum(least, shapely.distance(people, shapes) - self.distance)
        return least

    def lines(self, starts: Floats, goals: Floats) -> Floats:
        """The clearance of each straight way, (N,)."""
        return self.paths(np.stack([starts, goals], axis=1))

    def paths(self, points: Floats) -> Floats:
        """The clearance of each path of straight pieces, (N,), through ``points`` (N, K, 3)."""
        if not self.bounded:
            return np.full(len(points), np.inf)
        import shapely

        return self.clearance(shapely.linestrings(points[:, :, :2]))

    def points(self, points: Floats) -> Floats:
        """The clearance of each point, (N,)."""
        if not self.bounded:
            return np.full(len(points), np.inf)
        import shapely

        return self.clearance(shapely.points(points[:, :2]))

    def leaving(self, curves: Curves) -> Ints:
        """Segments that may leave the area: those whose hull seen from above is not within it."""
        if not self.bounded:
            return np.empty(0, np.int64)
        import shapely

        flat = curves.metres()[:, :, :2]
        first = curves.first
        low = np.minimum.reduceat(flat.min(axis=1), first[:-1])
        high = np.maximum.reduceat(flat.max(axis=1), first[:-1])
        # A box around all that a drone flies is quick to make, and mostly within.
        doubtful = np.flatnonzero(self.clearance(shapely.box(*low.T, *high.T)) < 0)
        segments = np.concatenate(
            [np.arange(first[n], first[n + 1]) for n in doubtful] or [np.empty(0, np.int64)]
        )
        if not len(segments):
            return np.empty(0, np.int64)
        hulls = shapely.convex_hull(shapely.multipoints(list(flat[segments])))
        return np.asarray(segments[self.clearance(hulls) < 0])


def outside(area: Area, points: Floats, code: str, names: Sequence[str]) -> list[Problem]:
    """A problem for each point where no drone may be."""
    return [
        Problem(code, names[n], {"x": float(points[n, 0]), "y": float(points[n, 1])})
        for n in np.flatnonzero(area.points(points) < 0).tolist()
    ]
