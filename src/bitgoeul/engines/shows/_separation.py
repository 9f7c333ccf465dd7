"""How close drones come to each other, over all pairs and all moments.

Time is cut into slabs in which nobody moves far.  In a slab a drone stays in the box of its control points;
only drones whose boxes are near are looked at (cells, or a KD-tree without Numba).  For these the squared
distance of two cubics is a polynomial of degree six, whose Bernstein coefficients bound it from below;
halving goes on until the bound is above the limit, or a moment below it is found.

Why rounding cannot hide a meeting.  Coordinates are whole numbers; as metres each is off by half a unit in
the last place, cut to a slab by a few more.  So a relative position is off by at most ROUNDING * far, where
far bounds the coordinates of the show, and its square by ROUNDING * (size**2 + size * far), where size bounds
the relative position.  Each lower bound is lowered by this before it is believed.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ._bernstein import DEPTH, ROUNDING, cut, highest, squared
from ._bounds import TOLERANCE, Bound, Violation, moment, outward
from ._compiled import NUMBA, compiled, inner
from ._curves import Curves, Floats, Ints
from ._limits import Limits

LOOKED = 1.25
"""Times the limit within which pairs are looked at, so that the closest of them can be named."""
PARTS = 4
"""Runs of slabs that are looked through side by side; their number never depends on the machine."""
KEPT = 1 << 17
"""Meetings that one part can name; more are only counted."""
BINS = 8192
"""Most intervals of time for which the fastest drone is looked up."""

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Separation:
    """The closest that two drones come: in the air, in the ellipsoid metric, and parked on their pads."""

    air: Bound
    pads: Bound
    pairs: int

    @property
    def holds(self) -> bool:
        """Whether all pairs keep their distance."""
        return self.air.holds and self.pads.holds


@dataclass(frozen=True)
class _Paths:
    """Curves in the metric of the limits: metres, heights divided by the downwash factor."""

    controls: Floats
    begins: Floats
    ends: Floats
    parked: Bools
    first: Ints
    far: float


def separation(curves: Curves, limits: Limits) -> Separation:
    """Bound the distance of all pairs from below at all moments, and name all that are too close."""
    controls = curves.metres()
    controls[:, :, 2] /= limits.downwash
    paths = _Paths(
        controls,
        curves.begins_ms.astype(float),
        curves.ends_ms.astype(float),
        curves.parked(),
        curves.first,
        float(np.abs(controls).max(initial=0.0)) + 1.0,
    )
    drones = curves.drones
    return Separation(_air(paths, limits.distance_m), _pads(curves, limits), drones * (drones - 1) // 2)


def _air(paths: _Paths, limit: float) -> Bound:
    looked = limit * LOOKED
    # Squared: how close is too close, and how close to the true minimum a search must come.
    least, gap = (limit - TOLERANCE) ** 2, 0.5 * TOLERANCE * limit
    slabs = _slabs(paths, limit)
    if NUMBA:
        meetings, closest, unnamed = _by_cells(paths, slabs, looked, least, gap)
    else:
        meetings, closest, unnamed = _by_tree(paths, slabs, looked, least, gap), None, 0
        if len(meetings):
            closest = meetings[np.argmin(meetings[:, 4])]
    violations = _named(meetings[meetings[:, 4] < least])
    if closest is None:
        return Bound(name="distance", unit="m", least=True, limit=limit, value=outward(looked, True))
    return Bound(
        name="distance",
        unit="m",
        least=True,
        limit=limit,
        value=outward(max(closest[4], 0.0) ** 0.5, True),
        at_ms=moment(closest[2]),
        drones=(int(closest[0]), int(closest[1])),
        violations=violations,
        unnamed=unnamed,
    )


def _named(meetings: Floats) -> tuple[Violation, ...]:
    """One violation for each pair, at its worst, from rows (drone, drone, time, square, its bound)."""
    if not len(meetings):
        return ()
    meetings = meetings[np.lexsort((meetings[:, 2], meetings[:, 3], meetings[:, 1], meetings[:, 0]))]
    worst = np.ones(len(meetings), bool)
    worst[1:] = (meetings[1:, :2] != meetings[:-1, :2]).any(axis=1)
    return tuple(
        Violation(
            drones=(int(one), int(other)),
            at_ms=moment(at),
            value=outward(max(square, 0.0) ** 0.5, True),
        )
        for one, other, at, square, _ in meetings[worst].tolist()
    )


def _slabs(paths: _Paths, step: float) -> Floats:
    """Cut time so that within a slab nobody flies much further than ``step`` metres.

    Any cut is sound; this one is quick: whole intervals of the curves are kept together or divided evenly.
    """
    edges = np.unique(np.concatenate([[0.0], paths.ends]))
    if len(edges) > BINS:
        edges = np.linspace(0.0, edges[-1], BINS // 2)
    # A cubic is nowhere faster than three times its longest leg in its duration.
    legs = np.sqrt((np.diff(paths.controls, axis=1) ** 2).sum(axis=2)).max(axis=1)
    speed = 3 * legs / (paths.ends - paths.begins)
    speed[paths.parked] = 0.0
    moving = np.flatnonzero(speed > 0)
    low = np.searchsorted(edges, paths.begins[moving], side="right") - 1
    high = np.searchsorted(edges, paths.ends[moving], side="left")
    fastest = np.zeros(len(edges) - 1)
    for offset in range(int((high - low).max(initial=0))):
        inside = low + offset < high
        np.maximum.at(fastest, low[inside] + offset, speed[moving[inside]])
    moved = fastest * np.diff(edges)
    bounds, run = [float(edges[0])], 0.0
    for k, distance in enumerate(moved.tolist()):
        if run and run + distance > step:
            bounds.append(float(edges[k]))
            run = 0.0
        run += distance
        if run > step:
            parts = int(np.ceil(run / step))
            bounds.extend(np.linspace(bounds[-1], edges[k + 1], parts + 1)[1:].tolist())
            run = 0.0
    if bounds[-1] < edges[-1]:
        bounds.append(float(edges[-1]))
    return np.array(bounds)


# With Numba: cells.


def _by_cells(
    paths: _Paths, slabs: Floats, looked: float, least: float, gap: float
) -> tuple[Floats, Floats | None, int]:
    """Return meetings below the limit, the closest that was looked at, and how many were too many to keep."""
    cuts = np.linspace(0, len(slabs) - 1, PARTS + 1).astype(np.int64)
    drones = len(paths.first) - 1
    buckets = 1 << max(0, 2 * drones - 1).bit_length()

    def part(k: int) -> tuple[Floats, int, Floats]:
        found, closest = np.empty((KEPT, 5)), np.full((1, 5), np.inf)
        count = _look_through(
            paths.controls, paths.begins, paths.ends, paths.parked, paths.first, paths.far,
            slabs[cuts[k] : cuts[k + 1] + 1], looked, least, gap, found, closest,
            # Room to work in: where each drone is, its part of a curve, the box of it; cells; polynomials.
            np.empty((drones, 4), np.int64), np.empty((drones, 4, 3)), np.empty((drones, 6)),
            np.empty((drones, 4), np.int64), np.empty((2, buckets + 1), np.int64),
            np.empty((DEPTH + 4, 9)), np.empty((8, 3)),
        )  # fmt: skip
        return found[: min(count, KEPT)].copy(), max(0, count - KEPT), closest[0]

    with ThreadPoolExecutor(PARTS) as threads:
        parts = list(threads.map(part, range(PARTS)))
    closest = min((p[2] for p in parts), key=lambda row: (row[4], row[2]))
    return (
        np.concatenate([p[0] for p in parts]),
        closest if np.isfinite(closest[4]) else None,
        sum(p[1] for p in parts),
    )


AT, SINGLE, FLYING = 0, 1, 2
"""What is known of a drone in a slab: its segment, whether that is the only one, whether it is in the air."""


@compiled
def _look_through(  # type: ignore[no-untyped-def]  # noqa: PLR0912, PLR0917
    controls, begins, ends, parked, first, far, slabs, looked, least, gap, found, closest,
    state, own, box, cell, sorted_, stack, spare,
):  # fmt: skip
    """Look through slabs of time; returns how many meetings were found, of which ``found`` holds the first.

    ``closest`` becomes the closest meeting within ``looked``.  A meeting is drone, drone, time, squared
    distance then, and the bound below which the square does not fall near it.
    """
    drones, buckets = len(state), sorted_.shape[1] - 1
    for i in range(drones):
        state[i, AT] = first[i]
    nearest, count = looked * looked, 0
    for slab in range(len(slabs) - 1):
        u, v = slabs[slab], slabs[slab + 1]
        widest = _boxes(controls, begins, ends, parked, first, u, v, state, own, box)
        # Boxes whose centres are a cell or more apart in one direction are further apart than the reach.
        width = (np.sqrt(max(nearest, least)) + widest) * (1 + 1e-9) + ROUNDING * far
        _into_cells(state, box, width, cell, sorted_)
        for i in range(drones):
            if not state[i, FLYING]:
                continue
            # Half of the neighbouring cells, so that a pair is met once.
            for side in range(14):
                x, y = cell[i, 0] + (side + 13) // 9 - 1, cell[i, 1] + (side + 13) // 3 % 3 - 1
                z = cell[i, 2] + (side + 13) % 3 - 1
                b = _bucket(x, y, z, buckets)
                for m in range(sorted_[0, b], sorted_[0, b + 1]):
                    j = sorted_[1, m]
                    if side == 0 and j <= i:
                        continue
                    if cell[j, 0] != x or cell[j, 1] != y or cell[j, 2] != z:
                        continue
                    floor = max(nearest, least)
                    if _apart(box, i, j) > floor * (1 + 1e-9) + ROUNDING * far:
                        continue
                    p, q, begin = state[i, AT], state[j, AT], u
                    whole = state[i, SINGLE] and state[j, SINGLE]
                    while begin < v:
                        end = min(v, ends[p], ends[q])
                        if not (parked[p] or parked[q]):
                            if whole:
                                for c in range(4):
                                    for axis in range(3):
                                        spare[c, axis] = own[i, c, axis] - own[j, c, axis]
                            else:
                                _cut_one(controls, begins, ends, p, begin, end, spare, 0)
                                _cut_one(controls, begins, ends, q, begin, end, spare, 4)
                                for c in range(4):
                                    for axis in range(3):
                                        spare[c, axis] -= spare[c + 4, axis]
                            s, square, bound = _nearest_of(spare, far, floor, gap, stack)
                            if bound < closest[0, 4]:
                                _note(closest, 0, i, j, begin + s * (end - begin), square, bound)
                                nearest = min(nearest, bound)
                            if bound < least:
                                if count < len(found):
                                    _note(found, count, i, j, begin + s * (end - begin), square, bound)
                                count += 1
                        if ends[p] <= end and p + 1 < first[i + 1]:
                            p += 1
                        if ends[q] <= end and q + 1 < first[j + 1]:
                            q += 1
                        begin = end
    return count


@inner
def _note(rows, place, i, j, when, square, bound):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    rows[place, 0], rows[place, 1], rows[place, 2] = min(i, j), max(i, j), when
    rows[place, 3], rows[place, 4] = square, bound


@inner
def _bucket(x, y, z, buckets):  # type: ignore[no-untyped-def]
    """Spread cells over buckets; whoever falls into one bucket is told apart by its cell."""
    return (x * 73856093 ^ y * 19349663 ^ z * 83492791) & (buckets - 1)


@inner
def _boxes(controls, begins, ends, parked, first, u, v, state, own, box):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """Box in every drone for [u, v], leaving out where it is parked; returns the widest side of a box."""
    widest = 0.0
    for i in range(len(state)):
        k = state[i, AT]
        while ends[k] <= u:
            k += 1
        state[i, AT], state[i, SINGLE], state[i, FLYING] = k, ends[k] >= v, 0
        for x in range(3):
            box[i, x], box[i, x + 3] = np.inf, -np.inf
        while k < first[i + 1] and begins[k] < v:
            if not parked[k]:
                state[i, FLYING] = 1
                _cut_one(controls, begins, ends, k, max(u, begins[k]), min(v, ends[k]), own[i], 0)
                for c in range(4):
                    for x in range(3):
                        box[i, x] = min(box[i, x], own[i, c, x])
                        box[i, x + 3] = max(box[i, x + 3], own[i, c, x])
            k += 1
        if state[i, FLYING]:
            for x in range(3):
                widest = max(widest, box[i, x + 3] - box[i, x])
    return widest


@inner
def _cut_one(controls, begins, ends, k, u, v, out, place):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """Write the controls of segment k on [u, v] into ``out``, from row ``place`` on, by its polar form."""
    begin, end = begins[k], ends[k]
    s, t = (u - begin) / (end - begin), (v - begin) / (end - begin)
    for c in range(4):
        a, b, d = (s if c < 3 else t), (s if c < 2 else t), (s if c < 1 else t)
        w0 = (1 - a) * (1 - b) * (1 - d)
        w1 = a * (1 - b) * (1 - d) + (1 - a) * b * (1 - d) + (1 - a) * (1 - b) * d
        w2 = a * b * (1 - d) + a * (1 - b) * d + (1 - a) * b * d
        w3 = a * b * d
        for x in range(3):
            out[place + c, x] = (
                w0 * controls[k, 0, x]
                + w1 * controls[k, 1, x]
                + w2 * controls[k, 2, x]
                + w3 * controls[k, 3, x]
            )


@inner
def _into_cells(state, box, width, cell, sorted_):  # type: ignore[no-untyped-def]
    """Sort flying drones by bucket: those of b are ``sorted_[1, sorted_[0, b]:sorted_[0, b + 1]]``."""
    buckets = sorted_.shape[1] - 1
    for b in range(buckets + 1):
        sorted_[0, b] = 0
    for i in range(len(state)):
        if state[i, FLYING]:
            for x in range(3):
                cell[i, x] = int(np.floor((box[i, x] + box[i, x + 3]) / (2 * width)))
            cell[i, 3] = _bucket(cell[i, 0], cell[i, 1], cell[i, 2], buckets)
            sorted_[0, cell[i, 3]] += 1
    for b in range(1, buckets + 1):
        sorted_[0, b] += sorted_[0, b - 1]
    for i in range(len(state) - 1, -1, -1):
        if state[i, FLYING]:
            sorted_[0, cell[i, 3]] -= 1
            sorted_[1, sorted_[0, cell[i, 3]]] = i


@inner
def _apart(box, i, j):  # type: ignore[no-untyped-def]
    """Return the squared distance of two boxes."""
    total = 0.0
    for x in range(3):
        d = max(box[i, x] - box[j, x + 3], box[j, x] - box[i, x + 3], 0.0)
        total += d * d
    return total


@inner
def _nearest_of(apart, far, floor, gap, stack):  # type: ignore[no-untyped-def]  # noqa: PLR0912
    """Return (s, squared distance there, bound of the square) where two cubics are closest.

    ``apart`` are the control points of one relative to the other; a row of ``stack`` holds seven coefficients
    of the square, and where its part of the cubic begins and how long it is.  The bound is infinite when the
    square is nowhere below ``floor``.
    """
    box = size = 0.0
    for x in range(3):
        low, high = np.inf, -np.inf
        for c in range(4):
            low, high = min(low, apart[c, x]), max(high, apart[c, x])
        d = max(low, -high, 0.0)
        box += d * d
        size += max(-low, high)
    rounding = ROUNDING * (size * size + size * far)
    if box >= floor + rounding:
        return 0.0, np.inf, np.inf
    # Control points of the square of a cubic: products of those of the cubic.
    for k in range(7):
        stack[0, k] = 0.0
    for x in range(3):
        a, b, c, d = apart[0, x], apart[1, x], apart[2, x], apart[3, x]
        stack[0, 0] += a * a
        stack[0, 1] += a * b
        stack[0, 2] += 0.4 * a * c + 0.6 * b * b
        stack[0, 3] += 0.1 * a * d + 0.9 * b * c
        stack[0, 4] += 0.4 * b * d + 0.6 * c * c
        stack[0, 5] += c * d
        stack[0, 6] += d * d
    best, where = stack[0, 0], 0.0
    if stack[0, 6] < best:
        best, where = stack[0, 6], 1.0
    stack[0, 7], stack[0, 8] = 0.0, 1.0
    known = np.inf
    top = 1
    while top:
        top -= 1
        low = stack[top, 0]
        for k in range(1, 7):
            low = min(low, stack[top, k])
        if low >= floor + rounding:
            continue
        if low >= best - gap:
            known = min(known, low)
            continue
        s, half = stack[top, 7], stack[top, 8] / 2
        if half < 2.0**-DEPTH:
            known = min(known, low)
            continue
        # Halve in place: the later half stays here, the earlier one goes on top.
        for k in range(7):
            stack[top + 1, k] = stack[top, 0]
            for m in range(6 - k):
                stack[top, m] = (stack[top, m] + stack[top, m + 1]) / 2
        if stack[top, 0] < best:
            best, where = stack[top, 0], s + half
        stack[top, 7], stack[top, 8] = s + half, half
        stack[top + 1, 7], stack[top + 1, 8] = s, half
        top += 2
    bound = min(best, known) - rounding
    if bound >= floor:
        return 0.0, np.inf, np.inf
    return where, best, bound


# Without Numba: a KD-tree for each slab, and all polynomials at once.


def _by_tree(paths: _Paths, slabs: Floats, looked: float, least: float, gap: float) -> Floats:
    """Return all meetings within ``looked``, as far as they matter: below the limit, and the closest."""
    rows, size, spans, pairs = [], [], [], []
    for i, j, begin, end, one, other in _near(paths, slabs, looked):
        relative = one - other
        extent = np.abs(relative).max(axis=1).sum(axis=1)
        square = squared(relative)
        rounding = ROUNDING * (extent**2 + extent * paths.far)
        near = square.min(axis=1) < looked * looked + rounding
        rows.append(square[near])
        size.append(rounding[near] / ROUNDING)
        spans.append(np.stack([begin, end], axis=1)[near])
        pairs.append(np.stack([i, j], axis=1)[near])
    if not rows:
        return np.empty((0, 5))
    square, span, pair = np.concatenate(rows), np.concatenate(spans), np.concatenate(pairs)
    known, group = np.unique(pair, axis=0, return_inverse=True)
    peaks = highest(-square, np.concatenate(size), group.ravel(), groups=len(known), limit=-least, gap=gap)
    begin, end = span[peaks.row].T
    meetings = np.stack(
        [known[:, 0], known[:, 1], begin + peaks.s * (end - begin), -peaks.reached, -peaks.most], axis=1
    )
    return meetings[-peaks.reached < looked * looked]


_Near = tuple[Ints, Ints, Floats, Floats, Floats, Floats]


def _near(paths: _Paths, slabs: Floats, looked: float) -> Iterator[_Near]:
    """Yield pairs that may come within ``looked``, with spans of time and their control points there."""
    from scipy.spatial import cKDTree

    at, last = paths.first[:-1].copy(), paths.first[1:]
    for u, v in pairwise(slabs.tolist()):
        while (behind := paths.ends[at] <= u).any():
            at += behind
        low, high, flying = _boxes_of(paths, at, last, u, v)
        if len(flying) < 2:
            continue
        centres, radius = (low + high) / 2, float(np.sqrt(((high - low) ** 2).sum(axis=1)).max() / 2)
        reach = (looked + 2 * radius) * (1 + 1e-9) + ROUNDING * paths.far
        met = flying[cKDTree(centres).query_pairs(reach, output_type="ndarray")]
        met = met[np.lexsort((met[:, 1], met[:, 0]))]
        p, q, begin = at[met[:, 0]], at[met[:, 1]], np.full(len(met), u)
        while len(met):
            end = np.minimum(np.minimum(paths.ends[p], paths.ends[q]), v)
            both = ~(paths.parked[p] | paths.parked[q])
            yield (
                met[both, 0], met[both, 1], begin[both], end[both],
                _cut_at(paths, p[both], begin[both], end[both]),
                _cut_at(paths, q[both], begin[both], end[both]),
            )  # fmt: skip
            more = end < v
            p, q = (p + (paths.ends[p] <= end))[more], (q + (paths.ends[q] <= end))[more]
            met, begin = met[more], end[more]


def _boxes_of(paths: _Paths, at: Ints, last: Ints, u: float, v: float) -> tuple[Floats, Floats, Ints]:
    """Return boxes of the drones that fly in [u, v], and which these are."""
    drones = len(at)
    low, high = np.full((drones, 3), np.inf), np.full((drones, 3), -np.inf)
    k, who = at.copy(), np.arange(drones)
    while len(who):
        up = ~paths.parked[k]
        some, piece = who[up], k[up]
        own = _cut_at(paths, piece, np.maximum(paths.begins[piece], u), np.minimum(paths.ends[piece], v))
        low[some] = np.minimum(low[some], own.min(axis=1))
        high[some] = np.maximum(high[some], own.max(axis=1))
        more = (paths.ends[k] < v) & (k + 1 < last[who])
        who, k = who[more], k[more] + 1
    flying = np.flatnonzero(low[:, 0] < np.inf)
    return low[flying], high[flying], flying


def _cut_at(paths: _Paths, k: Ints, u: Floats, v: Floats) -> Floats:
    begin, length = paths.begins[k], paths.ends[k] - paths.begins[k]
    return cut(paths.controls[k], (u - begin) / length, (v - begin) / length)


# On the ground.


def _pads(curves: Curves, limits: Limits) -> Bound:
    """Bound how near parked drones stand to each other while both are parked."""
    from scipy.spatial import cKDTree

    drone, x, y, begin, end = _stays(curves)
    limit = limits.pad_distance_m
    looked = limit * LOOKED * curves.per_metre
    pairs = cKDTree(np.stack([x, y], axis=1).astype(float)).query_pairs(looked, output_type="ndarray")
    one, other = pairs.T
    at = np.maximum(begin[one], begin[other])
    both = (drone[one] != drone[other]) & (at < np.minimum(end[one], end[other]))
    one, other, at = one[both], other[both], at[both]
    if not len(one):
        return Bound(
            name="pads",
            unit="m",
            least=True,
            limit=limit,
            value=outward(limit * LOOKED, True) if len(drone) else None,
        )
    apart = np.hypot((x[one] - x[other]).astype(float), (y[one] - y[other]).astype(float)) / curves.per_metre
    low, high = np.minimum(drone[one], drone[other]), np.maximum(drone[one], drone[other])
    meetings = np.stack([low, high, at, apart**2, apart**2], axis=1)
    closest = meetings[np.lexsort((at, high, low, apart))[0]]
    return Bound(
        name="pads",
        unit="m",
        least=True,
        limit=limit,
        value=outward(closest[4] ** 0.5, True),
        at_ms=moment(closest[2]),
        drones=(int(closest[0]), int(closest[1])),
        violations=_named(meetings[apart < limit - TOLERANCE]),
    )


def _stays(curves: Curves) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Return drone, x, y, begin and end of every stay on the ground; neighbouring segments are one stay."""
    parked = np.flatnonzero(curves.parked())
    drone = np.searchsorted(curves.first, parked, side="right") - 1
    opens = np.ones(len(parked), bool)
    opens[1:] = (np.diff(parked) > 1) | (np.diff(drone) > 0)
    closes = np.append(opens[1:], True)[: len(parked)]
    spots = curves.controls[parked[opens], 0]
    return (
        drone[opens],
        spots[:, 0],
        spots[:, 1],
        curves.begins_ms[parked[opens]],
        curves.ends_ms[parked[closes]],
    )
