"""Largest values of many polynomials at once, from their coefficients in Bernstein form.

A polynomial on [0, 1] lies between the smallest and the largest of its Bernstein coefficients, and halving
the interval brings these bounds together.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np

from ._curves import Floats, Ints

ROUNDING = 1e-13
"""Share of the size of the terms that bounds rounding: about 450 units in the last place.  A coefficient is
a sum of at most 16 products (below 20 units); each of at most :data:`DEPTH` halvings takes at most six
averages, each of them half a unit (below 150 units)."""

DEPTH = 48
"""Halvings after which what is left counts as reached: a bound stays sound, it is only no longer tight."""


@dataclass(frozen=True)
class Peaks:
    """The largest values by group.

    ``reached``: shape (G,), values at ``row`` and ``s``.  ``most``: shape (G,), which no value of the group
    exceeds.  Both are close for the group with the largest of all and for groups above the limit; of others
    only ``most`` is known, to be below those.
    """

    reached: Floats
    most: Floats
    row: Ints
    s: Floats


def highest(rows: Floats, size: Floats, group: Ints, *, groups: int, limit: float, gap: float) -> Peaks:
    """Find where polynomials are largest, by group, to within ``gap``.

    Args:
        rows:  shape (R, n + 1), Bernstein coefficients.
        size:  shape (R,), bounds the terms that the coefficients were computed from.
        group: shape (R,), the group of each row, from 0 to ``groups`` - 1.
        limit: groups above it are all told apart from those below.
    """
    reached = np.full(groups, -np.inf)
    most = np.full(groups, -np.inf)
    best_row = np.zeros(groups, np.int64)
    best_s = np.zeros(groups)
    slack = np.zeros(groups)
    np.maximum.at(slack, group, ROUNDING * size)
    row, at, width = np.arange(len(rows)), np.zeros(len(rows)), 1.0
    for depth in range(DEPTH + 1):
        ends = rows[:, [0, -1]]
        values, later = ends.max(axis=1), ends.argmax(axis=1)
        before = reached.copy()
        np.maximum.at(reached, group[row], values)
        # The first row that reaches a value keeps it: assigned backwards, the first is written last.
        better = np.flatnonzero((values == reached[group[row]]) & (values > before[group[row]]))[::-1]
        best_row[group[row[better]]] = row[better]
        best_s[group[row[better]]] = at[better] + width * later[better]
        upper = rows.max(axis=1)
        top = reached.max(initial=-np.inf)
        mine = group[row]
        keep = (upper > reached[mine] + gap) & ((upper > top + gap) | (upper + slack[mine] > limit))
        if depth == DEPTH:
            np.maximum.at(most, mine[keep], upper[keep])
            break
        # What is let go of is bounded by this; of a group below the others, by the best of these.
        np.maximum.at(most, mine[~keep], upper[~keep])
        if not keep.any():
            break
        rows, row, at = rows[keep], row[keep], at[keep]
        left, right = halves(rows)
        width /= 2
        rows = np.concatenate([left, right])
        row, at = np.concatenate([row, row]), np.concatenate([at, at + width])
    return Peaks(reached, np.maximum(most, reached) + slack, best_row, best_s)


def halves(rows: Floats) -> tuple[Floats, Floats]:
    """Return the coefficients on [0, 1/2] and on [1/2, 1]: de Casteljau at the middle."""
    left, right = np.empty_like(rows), np.empty_like(rows)
    level = rows
    for k in range(rows.shape[1]):
        left[:, k], right[:, rows.shape[1] - 1 - k] = level[:, 0], level[:, -1]
        level = (level[:, 1:] + level[:, :-1]) / 2
    return left, right


def cut(controls: Floats, begin: Floats, end: Floats) -> Floats:
    """Return control points (n, 4, k) of cubics on [begin, end] of their parameter, by their polar form."""
    u = np.stack([begin, begin, begin, end], axis=1)
    v = np.stack([begin, begin, end, end], axis=1)
    w = np.stack([begin, end, end, end], axis=1)
    weights = np.stack(
        [
            (1 - u) * (1 - v) * (1 - w),
            u * (1 - v) * (1 - w) + (1 - u) * v * (1 - w) + (1 - u) * (1 - v) * w,
            u * v * (1 - w) + u * (1 - v) * w + (1 - u) * v * w,
            u * v * w,
        ],
        axis=2,
    )
    cut_out: Floats = weights @ controls
    return cut_out


def squared(points: Floats) -> Floats:
    """Return Bernstein coefficients (n, 2 m + 1) of squared lengths, of control points (n, m + 1, k)."""
    degree = points.shape[1] - 1
    result = np.zeros((len(points), 2 * degree + 1))
    for i in range(degree + 1):
        for j in range(degree + 1):
            weight = comb(degree, i) * comb(degree, j) / comb(2 * degree, i + j)
            result[:, i + j] += weight * (points[:, i] * points[:, j]).sum(axis=1)
    return result
