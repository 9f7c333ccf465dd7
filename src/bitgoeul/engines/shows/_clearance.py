"""How far drones stay from the edges of areas: inside the fence, outside holes and away from people."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._bernstein import halves
from ._bounds import TOLERANCE, Bound, Violation, moment, outward
from ._curves import Curves, Floats, Ints
from ._limits import Ring

HALVINGS = 30
"""After these a piece of path is shorter than what is asked for, or runs along an edge within rounding."""
PIECES = 1 << 18
"""Most pieces looked at in one go.  A path that runs exactly on the fence would need ever more of them: it is
then refused with the bound reached so far."""
BATCH = 1 << 18

Bools = NDArray[np.bool_]


def clearance(
    curves: Curves, which: Bools, name: str, *, rings: tuple[Ring, ...], limit: float, inside: bool
) -> Bound:
    """Bound how far the segments ``which`` stay within one ring, or out of all of several.

    Distances are signed: on the wrong side of an edge they are negative.
    """
    chosen = np.flatnonzero(which)
    if not len(chosen) or not rings:
        return Bound(name=name, unit="m", least=True, limit=limit, value=None)
    search = _Search(curves, chosen, rings, limit, inside)
    search.run()
    return search.bound(name)


class _Search:
    """Pieces of path, each with a bound of how close it comes; the promising ones are halved."""

    def __init__(
        self, curves: Curves, chosen: Ints, rings: tuple[Ring, ...], limit: float, inside: bool
    ) -> None:
        self.controls = curves.controls[chosen][:, :, :2] / float(curves.per_metre)
        self.begins = curves.begins_ms[chosen].astype(float)
        self.ends = curves.ends_ms[chosen].astype(float)
        self.drone = np.searchsorted(curves.first, chosen, side="right") - 1
        self.edges = [_edges(ring) for ring in rings]
        self.limit, self.inside = limit, inside
        # A path leaves its place by rounding less than this; well below the tolerance.
        self.gap = 0.25 * TOLERANCE
        self.reached = np.full(curves.drones, np.inf)
        self.when = np.zeros(curves.drones)
        self.least = np.full(curves.drones, np.inf)

    def run(self) -> None:
        """Look at whole drones, then at the segments of those that come near, then at halves of these."""
        starts = np.flatnonzero(np.diff(self.drone, prepend=-1))
        low = np.minimum.reduceat(self.controls.min(axis=1), starts)
        high = np.maximum.reduceat(self.controls.max(axis=1), starts)
        corners = np.stack(
            [low, np.stack([low[:, 0], high[:, 1]], 1), np.stack([high[:, 0], low[:, 1]], 1), high], axis=1
        )
        owner = self.drone[starts]
        keep = self._looked(owner, corners, self.controls[starts, 0], self.begins[starts])
        row = np.flatnonzero(np.isin(self.drone, owner[keep]))
        at, width = np.zeros(len(row)), 1.0
        pieces = self.controls[row]
        for depth in range(HALVINGS):
            middle = (pieces[:, 0] + 3 * pieces[:, 1] + 3 * pieces[:, 2] + pieces[:, 3]) / 8
            when = self.begins[row] + (at + width / 2) * (self.ends[row] - self.begins[row])
            keep = self._looked(self.drone[row], pieces, middle, when, last=depth == HALVINGS - 1)
            if not keep.any():
                return
            left, right = _halves(pieces[keep])
            pieces, row = np.concatenate([left, right]), np.tile(row[keep], 2)
            width /= 2
            at = np.concatenate([at[keep], at[keep] + width])

    def _looked(self, drone: Ints, hulls: Floats, spots: Floats, when: Floats, last: bool = False) -> Bools:
        """Take note of where pieces are at one moment; return which may come closer than what is known."""
        value, lower = self._distances(hulls, spots)
        order = np.lexsort((when, value))[::-1]
        better = order[value[order] < self.reached[drone[order]]]
        # Written from the largest to the smallest: the last written is the smallest.
        self.reached[drone[better]], self.when[drone[better]] = value[better], when[better]
        mine = self.reached[drone]
        close = (lower < self.reached.min() - self.gap) | (lower < self.limit - TOLERANCE)
        keep = (lower < mine - self.gap) & close
        if last or keep.sum() > PIECES:
            np.minimum.at(self.least, drone, lower)
            return np.zeros(len(drone), bool)
        np.minimum.at(self.least, drone[~keep], lower[~keep])
        return keep

    def _distances(self, hulls: Floats, spots: Floats) -> tuple[Floats, Floats]:
        """Return signed distances at the spots, and lower bounds of them over the hulls around these."""
        value, lower = np.full(len(spots), np.inf), np.full(len(spots), np.inf)
        for edges in self.edges:
            step = max(1, BATCH // len(edges))
            for begin in range(0, len(spots), step):
                part = slice(begin, begin + step)
                one, bound = _signed(hulls[part], spots[part], edges, self.inside)
                value[part], lower[part] = np.minimum(value[part], one), np.minimum(lower[part], bound)
        return value, lower

    def bound(self, name: str) -> Bound:
        """Say what was found."""
        least = np.minimum(self.least, self.reached)
        nearest = int(np.argmin(self.reached))
        beyond = np.flatnonzero(least < self.limit - TOLERANCE)
        return Bound(
            name=name,
            unit="m",
            least=True,
            limit=self.limit,
            value=outward(float(least.min()), True),
            at_ms=moment(self.when[nearest]),
            drones=(nearest,),
            violations=tuple(
                Violation(
                    drones=(int(k),), at_ms=moment(self.when[k]), value=outward(float(self.reached[k]), True)
                )
                for k in beyond
            ),
        )


def _halves(pieces: Floats) -> tuple[Floats, Floats]:
    left, right = zip(*(halves(pieces[:, :, x]) for x in range(2)), strict=True)
    return np.stack(left, axis=2), np.stack(right, axis=2)


def _edges(ring: Ring) -> Floats:
    """Shape (E, 2, 2): begin and end of each edge."""
    corners = np.array(ring, float)
    return np.stack([corners, np.roll(corners, -1, axis=0)], axis=1)


def _signed(hulls: Floats, spots: Floats, edges: Floats, inside: bool) -> tuple[Floats, Floats]:
    """Return signed distances of spots (n, 2), and lower bounds over hulls (n, 4, 2) that contain them.

    Two bounds hold.  The signed distance changes no faster than the spot moves.  And where the spot is on the
    right side: an edge lies beyond the line through its point closest to the spot, across the way there, so
    a hull that lies on the near side of such a line for every edge touches no edge, and is all on one side.
    """
    begin, along = edges[:, 0], edges[:, 1] - edges[:, 0]
    share = ((spots[:, None] - begin) * along).sum(axis=2) / (along * along).sum(axis=1)
    foot = begin + np.clip(share, 0, 1)[:, :, None] * along
    way = spots[:, None] - foot
    far = np.hypot(way[:, :, 0], way[:, :, 1])
    crossed = ((edges[:, 0, 1] > spots[:, 1, None]) != (edges[:, 1, 1] > spots[:, 1, None])) & (
        spots[:, 0, None]
        < begin[:, 0]
        + along[:, 0] * (spots[:, 1, None] - begin[:, 1]) / np.where(along[:, 1], along[:, 1], 1.0)
    )
    right = (crossed.sum(axis=1) % 2 == 1) == inside
    value = np.where(right, 1.0, -1.0) * far.min(axis=1)
    reach = np.sqrt(((hulls - spots[:, None]) ** 2).sum(axis=2)).max(axis=1)
    unit = way / np.where(far, far, 1.0)[:, :, None]
    clear = ((hulls[:, None] - foot[:, :, None]) * unit[:, :, None]).sum(axis=3).min(axis=2).min(axis=1)
    return value, np.maximum(value - reach, np.where(right & (clear > 0), clear, -np.inf))
