"""Which pairs of drones come too close: the planner's own quick look, between its attempts.

It never passes a pair that comes too close by more than rounding; the certificate of a show is another's.
Heights are divided by the downwash before they get here, so that distance is the ordinary one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._bernstein import cut
from ._compiled import NUMBA, compiled, inner, shared
from ._curves import Curves, Floats, Ints
from ._limits import Limits

DEEPEST = 24
"""How often a piece of time is halved before a pair counts as too close."""

SHARE_ROWS, SHARE_PAIRS = 400, 4000
"""Fewer rows or pairs than these are not looked at side by side."""

ROUNDED_M = 1e-7
"""Distances are told to this: drones that stand exactly as close as they may are not too close."""


def near_pairs(starts: Floats, ways: Floats, waves: Ints, distance: float) -> tuple[Ints, Floats]:
    """Pairs (P, 2) that straight flights bring within ``distance``, and how close they come.

    In every wave, one after another, the drones of it fly their way by one clock and the others stand.
    """
    count = int(waves.max(initial=0)) + 1
    if not NUMBA:
        return _near_by_blocks(starts, ways, waves, count, distance)
    room = 48
    while True:
        found = np.empty((len(starts), room), np.int32)
        close = np.empty((len(starts), room), np.float64)
        counts = np.zeros(len(starts), np.int64)
        arrays = starts, ways, waves, count, distance * distance, found, close, counts

        def rows(begin: int, end: int, arrays: tuple[Any, ...] = arrays) -> None:
            _near(*arrays, begin, end)

        shared(rows, len(starts), SHARE_ROWS)
        if counts.max(initial=0) <= room:
            break
        room = int(counts.max())
    filled = np.arange(room)[None, :] < counts[:, None]
    pairs = np.stack([np.repeat(np.arange(len(starts)), counts), found[filled]], axis=1).astype(np.int64)
    return pairs, np.sqrt(close[filled])


def _near_by_blocks(
    starts: Floats, ways: Floats, waves: Ints, count: int, distance: float
) -> tuple[Ints, Floats]:
    pairs, close = [], []
    for begin in range(0, len(starts), 128):
        rows = np.arange(begin, min(begin + 128, len(starts)))
        apart = starts[rows, None] - starts[None]
        least = np.full(apart.shape[:2], np.inf)
        for wave in range(count):
            moves = ways * (waves == wave)[:, None]
            toward = moves[rows, None] - moves[None]
            square = (toward * toward).sum(axis=-1)
            across = (apart * toward).sum(axis=-1)
            share = np.clip(-across / np.maximum(square, 1e-300), 0, 1)
            least = np.minimum(least, (apart * apart).sum(axis=-1) + share * (2 * across + share * square))
            apart = apart + toward
        i, j = np.nonzero((least < distance * distance) & (rows[:, None] < np.arange(len(starts))[None]))
        pairs.append(np.stack([rows[i], j], axis=1))
        close.append(np.sqrt(np.maximum(least[i, j], 0)))
    return np.concatenate(pairs).astype(np.int64), np.concatenate(close)


@compiled
def _near(starts, ways, waves, count, square, found, close, counts, begin, end):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    drones, room = found.shape
    for turn in range(begin, end):
        # Rows from both ends by turns: whoever shares the rows out gets as many pairs as the others.
        i = turn // 2 if turn % 2 == 0 else drones - 1 - turn // 2
        have = 0
        for j in range(i + 1, drones):
            rx, ry, rz = starts[i, 0] - starts[j, 0], starts[i, 1] - starts[j, 1], starts[i, 2] - starts[j, 2]
            least = rx * rx + ry * ry + rz * rz
            for wave in range(count):
                a, b = 1.0 * (waves[i] == wave), 1.0 * (waves[j] == wave)
                wx, wy = a * ways[i, 0] - b * ways[j, 0], a * ways[i, 1] - b * ways[j, 1]
                wz = a * ways[i, 2] - b * ways[j, 2]
                across = rx * wx + ry * wy + rz * wz
                if across < 0.0:
                    long = wx * wx + wy * wy + wz * wz
                    share = min(1.0, -across / long)
                    least = min(least, rx * rx + ry * ry + rz * rz + share * (2 * across + share * long))
                rx, ry, rz = rx + wx, ry + wy, rz + wz
            if least < square:
                if have < room:
                    found[i, have], close[i, have] = j, max(least, 0.0)
                have += 1
        counts[i] = have


def too_close(first: Ints, ends_ms: Ints, controls: Floats, exempt: NDArray[np.bool_], pairs: Ints,  # noqa: PLR0917
              needs: Floats) -> NDArray[np.bool_]:  # fmt: skip
    """Which pairs come closer than they need, each of ``needs`` (P,); segments ``exempt`` keep no
    distance."""
    if not len(pairs):
        return np.zeros(0, bool)
    if NUMBA:
        bad = np.zeros(len(pairs), np.bool_)
        squares = needs * needs
        shared(
            lambda begin, end: _too_close(first, ends_ms, controls, exempt, pairs, squares, bad, begin, end),
            len(pairs),
            SHARE_PAIRS,
        )
        return bad
    return _too_close_by_arrays(first, ends_ms, controls, exempt, pairs, needs)


def conflicts(curves: Curves, limits: Limits, pairs: Ints) -> Ints:
    """Those of ``pairs`` that come closer in the air than the limits allow."""
    metric = curves.metres()
    metric[..., 2] /= limits.downwash
    needs = np.full(len(pairs), limits.distance_m - ROUNDED_M)
    bad = too_close(curves.first, curves.ends_ms, metric, curves.parked(), pairs, needs)
    return pairs[bad]


@inner
def _part(controls, segment, low, high, out, sign):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """Add to ``out`` the controls of a segment between two shares of its time, by its polar form."""
    for axis in range(3):
        a, b = controls[segment, 0, axis], controls[segment, 1, axis]
        c, d = controls[segment, 2, axis], controls[segment, 3, axis]
        if low > 0.0 or high < 1.0:
            ab, bc, cd = a + low * (b - a), b + low * (c - b), c + low * (d - c)
            abc, bcd = ab + low * (bc - ab), bc + low * (cd - bc)
            AB, BC, CD = a + high * (b - a), b + high * (c - b), c + high * (d - c)
            ABC, BCD = AB + high * (BC - AB), BC + high * (CD - BC)
            a, d = abc + low * (bcd - abc), ABC + high * (BCD - ABC)
            b, c = abc + high * (bcd - abc), ABC + low * (BCD - ABC)
        out[0, axis] += sign * a
        out[1, axis] += sign * b
        out[2, axis] += sign * c
        out[3, axis] += sign * d


@inner
def _squared(p, q):  # type: ignore[no-untyped-def]
    """The 7 Bezier coefficients of the squared length of a cubic."""
    for k in range(7):
        q[k] = 0.0
    for axis in range(3):
        a, b, c, d = p[0, axis], p[1, axis], p[2, axis], p[3, axis]
        q[0] += a * a
        q[1] += a * b
        q[2] += 0.4 * a * c + 0.6 * b * b
        q[3] += 0.1 * a * d + 0.9 * b * c
        q[4] += 0.4 * b * d + 0.6 * c * c
        q[5] += c * d
        q[6] += d * d


@inner
def _keeps(p, square, stack, depths):  # type: ignore[no-untyped-def]
    """Whether the length of a cubic stays at or above the root of ``square``."""
    x = p[0, 0] + 3 * (p[1, 0] + p[2, 0]) + p[3, 0]
    y = p[0, 1] + 3 * (p[1, 1] + p[2, 1]) + p[3, 1]
    z = p[0, 2] + 3 * (p[1, 2] + p[2, 2]) + p[3, 2]
    aside = x * x + y * y + z * z
    least = 1e300
    for k in range(4):
        least = min(least, p[k, 0] * x + p[k, 1] * y + p[k, 2] * z)
    if least > 0 and least * least >= square * aside:
        return True
    _squared(p, stack[0])
    depths[0] = 0
    top = 1
    while top > 0:
        top -= 1
        depth = depths[top]
        if stack[top, 0] < square or stack[top, 6] < square:
            return False
        least = stack[top, 1]
        for k in range(2, 6):
            least = min(least, stack[top, k])
        if least >= square:
            continue
        if depth >= DEEPEST:
            return False
        # Halve: the left half in place, the right half above it.
        for k in range(7):
            stack[top + 1, k] = stack[top, k]
        for level in range(6):
            stack[top, level] = stack[top + 1, 0]
            for k in range(6 - level):
                stack[top + 1, k] = 0.5 * (stack[top + 1, k] + stack[top + 1, k + 1])
        stack[top, 6] = stack[top + 1, 0]
        depths[top] = depths[top + 1] = depth + 1
        top += 2
    return True


@compiled
def _too_close(first, ends, controls, exempt, pairs, squares, bad, start, stop):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    apart, stack = np.empty((4, 3)), np.empty((DEEPEST + 4, 7))
    depths = np.empty(DEEPEST + 4, np.int64)
    for place in range(start, stop):
        i, j = pairs[place, 0], pairs[place, 1]
        a, b = first[i], first[j]
        begin_a, begin_b, now = 0, 0, 0
        while a < first[i + 1] and b < first[j + 1]:
            end = min(ends[a], ends[b])
            if not (exempt[a] or exempt[b]):
                apart[:] = 0.0
                long_a, long_b = ends[a] - begin_a, ends[b] - begin_b
                _part(controls, a, (now - begin_a) / long_a, (end - begin_a) / long_a, apart, 1.0)
                _part(controls, b, (now - begin_b) / long_b, (end - begin_b) / long_b, apart, -1.0)
                if not _keeps(apart, squares[place], stack, depths):
                    bad[place] = True
                    break
            now = end
            if ends[a] == end:
                begin_a = end
                a += 1
            if ends[b] == end:
                begin_b = end
                b += 1


def _too_close_by_arrays(first: Ints, ends_ms: Ints, controls: Floats, exempt: NDArray[np.bool_], pairs: Ints,  # noqa: PLR0917
                         needs: Floats) -> NDArray[np.bool_]:  # fmt: skip
    bad = np.zeros(len(pairs), bool)
    for begin in range(0, len(pairs), 2000):
        some = slice(begin, begin + 2000)
        members, place = np.unique(pairs[some], return_inverse=True)
        place = place.reshape(-1, 2)
        counts = first[members + 1] - first[members]
        of = np.repeat(np.arange(len(members)), counts)
        where = np.concatenate([np.arange(first[m], first[m + 1]) for m in members])
        ends, own, still = ends_ms[where], controls[where], exempt[where]
        begins = np.concatenate([[0], ends[:-1]])
        begins[np.cumsum(counts[:-1])] = 0
        begins[0] = 0
        long, stride = ends - begins, int(ends.max()) + 1
        shifted = ends + of * stride
        knots = np.unique(ends)
        for low, high in zip(np.concatenate([[0], knots[:-1]]), knots, strict=True):
            # The members' ends rise within each; shifted by its number they rise over all.
            at = np.searchsorted(shifted, low + np.arange(len(members)) * stride, side="right")
            parts = cut(own[at], (low - begins[at]) / long[at], (high - begins[at]) / long[at])
            free = still[at]
            asked = ~bad[some] & ~free[place[:, 0]] & ~free[place[:, 1]]
            rows = np.flatnonzero(asked)
            apart = parts[place[rows, 0]] - parts[place[rows, 1]]
            bad[begin + rows] = ~_keep_by_arrays(apart, needs[some][rows] ** 2)
    return bad


def _keep_by_arrays(apart: Floats, squares: Floats) -> NDArray[np.bool_]:
    p0, p1, p2, p3 = (apart[:, k] for k in range(4))

    def dot(a: Floats, b: Floats) -> Floats:
        return np.asarray((a * b).sum(axis=-1))

    aside = p0 + 3 * (p1 + p2) + p3
    least = np.stack([dot(p, aside) for p in (p0, p1, p2, p3)]).min(axis=0)
    keeps = (least > 0) & (least * least >= squares * dot(aside, aside))
    rows = np.flatnonzero(~keeps)
    keeps[rows] = True
    q = np.stack([
        dot(p0, p0), dot(p0, p1), 0.4 * dot(p0, p2) + 0.6 * dot(p1, p1), 0.1 * dot(p0, p3) + 0.9 * dot(p1,
        p2),
        0.4 * dot(p1, p3) + 0.6 * dot(p2, p2), dot(p2, p3), dot(p3, p3),
    ], axis=1)[rows]  # fmt: skip
    for _depth in range(DEEPEST + 1):
        low = squares[rows]
        fails = (q[:, 0] < low) | (q[:, 6] < low)
        keeps[rows[fails]] = False
        open_ = ~fails & (q.min(axis=1) < low) & keeps[rows]
        q, rows = q[open_], rows[open_]
        if not len(rows):
            return keeps
        left, right = np.empty_like(q), q.copy()
        for level in range(6):
            left[:, level] = right[:, 0]
            right[:, : 6 - level] = (right[:, : 6 - level] + right[:, 1 : 7 - level]) / 2
        left[:, 6] = right[:, 0]
        q, rows = np.concatenate([left, right]), np.concatenate([rows, rows])
    keeps[rows] = False
    return keeps
