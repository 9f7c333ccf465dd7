"""How fast a transition could be at best, whoever flies where, and why: a bound that proves itself.

Some drones have, within a time, fewer goals than they are.  Then no pairing is done within that time: that is
Hall's theorem, and the drones and their goals are the certificate.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np

from ._compiled import NUMBA, compiled
from ._curves import Floats, Ints
from ._limits import Limits
from ._timelaw import least_time

Reach = tuple[float, float, float, float]
"""How far a drone gets in a time: horizontally, up, down, and as a whole, in metres."""


@dataclass(frozen=True, eq=False)
class LeastTime:
    """No pairing takes less than ``seconds``.

    The drones ``crowd`` have to fly to goals of which only ``within`` are nearer than that in time, and they
    are fewer than the drones; an empty crowd means that the bound is zero.
    """

    seconds: float
    crowd: Ints
    within: Ints


def pair_times(starts: Floats, goals: Floats, limits: Limits) -> Floats:
    """The least time of each start to its goal, (N, 3) each: a lower bound for any motion, seconds.

    Velocity is limited horizontally, up and down; acceleration and jerk of the whole vector limit those of
    each of its parts, so each part alone takes at least its own least time.
    """
    way = goals - starts
    over, up = np.hypot(way[..., 0], way[..., 1]), way[..., 2]
    a, j = limits.acceleration, limits.jerk
    vertical = np.where(
        up >= 0, least_time(up, limits.velocity_up, a, j), least_time(up, limits.velocity_down, a, j)
    )
    whole = least_time(np.sqrt(over * over + up * up), inf, a, j)
    return np.maximum(np.maximum(least_time(over, limits.velocity_xy, a, j), vertical), whole)


def least_makespan(
    starts: Floats, goals: Floats, limits: Limits, *, pairing: Ints | None = None, tolerance: float = 5e-4
) -> LeastTime:
    """The time of the slowest drone under the best of all pairings, from below.

    ``pairing`` is one to begin with.  ``tolerance``: by what share the bound may be below the true least.
    """
    drones = len(starts)
    current = np.arange(drones) if pairing is None else np.asarray(pairing, np.int64).copy()
    high = float(pair_times(starts, goals[current], limits).max(initial=0.0))
    best = LeastTime(0.0, np.empty(0, np.int64), np.empty(0, np.int64))
    guess = high * (1 - tolerance)
    step = 0.02
    while high > 0 and best.seconds < high * (1 - tolerance):
        fits = pair_times(starts, goals[current], limits) <= guess
        matched = np.where(fits, current, -1)
        stuck = _extended(starts, goals, matched, _reach(guess, limits), guess, limits)
        if stuck is None:
            current = matched
            high = float(pair_times(starts, goals[current], limits).max())
            guess = max(high * (1 - step), (best.seconds + high) / 2) if best.seconds else high * (1 - step)
            step *= 2
        else:
            crowd, within = stuck
            # Whoever of the crowd flies elsewhere takes at least this long.
            seconds = _way_out(starts, goals, crowd, within, limits)
            best = LeastTime(seconds, crowd, within)
            guess = (seconds + high) / 2
    return best


def holds(bound: LeastTime, starts: Floats, goals: Floats, limits: Limits) -> bool:
    """Whether the certificate proves the bound: checked drone by drone, trusting nothing but the drones."""
    if not bound.seconds:
        return True
    crowd, within = set(bound.crowd.tolist()), set(bound.within.tolist())
    if len(within) >= len(crowd):
        return False
    return _way_out(starts, goals, bound.crowd, bound.within, limits) >= bound.seconds * (1 - 1e-12)


def _way_out(starts: Floats, goals: Floats, crowd: Ints, within: Ints, limits: Limits) -> float:
    """The least time in which one of the crowd reaches a goal that is not within."""
    outside = np.ones(len(goals), bool)
    outside[within] = False
    others, least = goals[outside], inf
    if not len(others):
        return inf
    for begin in range(0, len(crowd), 64):
        some = starts[crowd[begin : begin + 64], None]
        least = min(least, float(pair_times(some, others[None], limits).min()))
    return least


def _reach(seconds: float, limits: Limits) -> Reach:
    """How far a drone gets in a time, a little too far rather than too short."""

    def far(velocity: float) -> float:
        low, high = 0.0, 1.0
        while least_time(high, velocity, limits.acceleration, limits.jerk) <= seconds:
            high *= 2
        for _halving in range(60):
            middle = (low + high) / 2
            if least_time(middle, velocity, limits.acceleration, limits.jerk) <= seconds:
                low = middle
            else:
                high = middle
        return high * (1 + 1e-12)

    return far(limits.velocity_xy), far(limits.velocity_up), far(limits.velocity_down), far(inf)


def _extended(  # noqa: PLR0917
    starts: Floats, goals: Floats, matched: Ints, reach: Reach, seconds: float, limits: Limits
) -> tuple[Ints, Ints] | None:
    """Complete ``matched`` in place with pairs within reach, or return a crowd and the goals within its
    reach."""
    if NUMBA:
        taker = np.full(len(goals), -1, np.int64)
        taker[matched[matched >= 0]] = np.flatnonzero(matched >= 0)
        crowd, within = _augment(starts, goals, matched, taker, *reach)
        return (crowd, within) if len(crowd) else None
    return _matched_by_matrix(starts, goals, matched, seconds, limits)


def _matched_by_matrix(
    starts: Floats, goals: Floats, matched: Ints, seconds: float, limits: Limits
) -> tuple[Ints, Ints] | None:
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_bipartite_matching

    within = pair_times(starts[:, None], goals[None], limits) <= seconds
    chosen = maximum_bipartite_matching(csr_array(within), perm_type="column").astype(np.int64)
    if (chosen >= 0).all():
        matched[:] = chosen
        return None
    taker = np.full(len(goals), -1, np.int64)
    taker[chosen[chosen >= 0]] = np.flatnonzero(chosen >= 0)
    crowd = np.zeros(len(starts), bool)
    crowd[np.flatnonzero(chosen < 0)[0]] = True
    while True:
        near = np.asarray(within[crowd].any(axis=0))
        larger = crowd.copy()
        larger[taker[near]] = True
        if (larger == crowd).all():
            return np.flatnonzero(crowd), np.flatnonzero(near)
        crowd = larger


@compiled
def _augment(starts, goals, matched, taker, over, up, down, whole):  # type: ignore[no-untyped-def]  # noqa: PLR0912, PLR0917
    """Find a goal for every drone without one along alternating paths; a crowd and its goals where none
    is."""
    drones = starts.shape[0]
    queue, before = np.empty(drones, np.int64), np.empty(drones, np.int64)
    unseen = np.empty(drones, np.int64)
    over2, whole2 = over * over, whole * whole
    for begin in range(drones):
        if matched[begin] >= 0:
            continue
        # Free goals first: they end a search.
        left, head, tail, found = 0, 0, 1, -1
        for j in range(drones):
            if taker[j] < 0:
                unseen[left] = j
                left += 1
        free = left
        for j in range(drones):
            if taker[j] >= 0:
                unseen[left] = j
                left += 1
        queue[0] = begin
        while head < tail and found < 0:
            i = queue[head]
            head += 1
            k = 0
            while k < left:
                j = unseen[k]
                dx, dy = goals[j, 0] - starts[i, 0], goals[j, 1] - starts[i, 1]
                dz = goals[j, 2] - starts[i, 2]
                flat = dx * dx + dy * dy
                if flat <= over2 and dz <= up and -dz <= down and flat + dz * dz <= whole2:
                    before[j] = i
                    if k < free:
                        found = j
                        break
                    left -= 1
                    unseen[k] = unseen[left]
                    queue[tail] = taker[j]
                    tail += 1
                else:
                    k += 1
        if found < 0:
            within = np.empty(tail - 1, np.int64)
            for k in range(1, tail):
                within[k - 1] = matched[queue[k]]
            return queue[:tail].copy(), within
        goal = found
        while True:
            i = before[goal]
            previous = matched[i]
            matched[i], taker[goal] = goal, i
            if i == begin:
                break
            goal = previous
    return queue[:0].copy(), queue[:0].copy()
