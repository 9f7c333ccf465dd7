"""Minimum-cost flow from applications to reviewers, exactly, by successive shortest paths.

Every review wanted is sent along the cheapest way that is still open: straight to a reviewer with room, or
by moving other applications from reviewer to reviewer. There are far fewer reviewers than applications,
so ways are searched among reviewers: one step from u to v moves that application of u for which the
move costs least. Whole numbers only; of equal ways always the same is taken.

Source: Ahuja, Magnanti, Orlin, "Network Flows" (1993), section 9.7; convex arc costs, section 14.5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]
    Truths = NDArray[np.bool_]

FAR = np.int64(1) << 60


class Flow:
    """A flow that is cheapest for what was sent so far.

    Args:
        cost:    (applications, reviewers) whole numbers, |cost| < 2**40.
        allowed: (applications, reviewers) who may read what.
        limit:   (reviewers,) the most that each may read.
        load:    (reviewers,) what each has already, outside this flow.
        balance: what the n-th application of a reviewer costs: n times this; >= 0.
    """

    def __init__(
        self, cost: Integers, allowed: Truths, limit: Integers, load: Integers, balance: int
    ) -> None:
        self.cost = cost
        self.limit = limit
        self.load = load.copy()
        self.balance = balance
        # What it costs to give an application to a reviewer who does not have it.
        self.open = np.where(allowed, cost, FAR)
        self.held: list[list[int]] = [[] for _ in limit]
        self.holders: list[list[int]] = [[] for _ in cost]
        # Prices keep reduced costs at or above zero; the sink's is zero.
        self.potential: Integers = -self.balance * (self.load + 1)
        self._move: Integers = np.full((len(limit), len(limit)), FAR)
        self._stale = np.zeros(len(limit), dtype=bool)

    def send(self, application: int) -> bool:
        """Give the application one more reviewer; False if no way is open."""
        way = self._cheapest(application)
        if way is None:
            return False
        moved = application
        for reviewer, previous in way:
            if previous is not None:
                moved = self._mover(previous, reviewer)
                self._take_back(moved, previous)
            self._give(moved, reviewer)
        self.load[way[-1][0]] += 1
        return True

    def reachable(self, application: int) -> Truths:
        """Say which reviewers could take the application if others took over what they hold."""
        seen = self.open[application] < FAR
        waiting = list(np.flatnonzero(seen))
        while waiting:
            further = (self._moves(int(waiting.pop())) < FAR) & ~seen
            seen |= further
            waiting += list(np.flatnonzero(further))
        return seen

    def _cheapest(self, application: int) -> list[tuple[int, int | None]] | None:
        """Dijkstra over reviewers; return (reviewer, the one before) along the way, and adjust prices."""
        near = self.open[application] < FAR
        if not near.any():
            return None
        start = self.open[application] - self.potential
        start = np.where(near, start - start.min(), FAR)
        distance, before = start.copy(), np.full(len(start), -1)
        # What it costs to end here: one more application for this reviewer.
        ending = np.where(self.load < self.limit, self.balance * (self.load + 1) + self.potential, FAR)
        final, last = FAR, -1
        pending = distance.copy()
        while True:
            here = int(pending.argmin())
            if pending[here] >= final or pending[here] >= FAR:
                break
            if distance[here] + ending[here] < final:
                final, last = distance[here] + ending[here], here
            pending[here] = FAR
            step = self._moves(here)
            reach = np.where(step < FAR, step + (distance[here] + self.potential[here]) - self.potential, FAR)
            better = reach < distance
            distance[better], pending[better], before[better] = reach[better], reach[better], here
        if last < 0:
            return None
        # Everything nearer than the end becomes dearer by the difference: the new way costs nothing more.
        self.potential += np.minimum(distance, final) - final
        way: list[tuple[int, int | None]] = []
        while last >= 0:
            previous = int(before[last])
            way.append((last, previous if previous >= 0 else None))
            last = previous
        return way[::-1]

    def _moves(self, reviewer: int) -> Integers:
        """Return (reviewers,): the least it costs to hand one application of this reviewer to each other."""
        if self._stale[reviewer]:
            mine = self.held[reviewer]
            self._move[reviewer] = FAR
            if mine:
                given = self.open[mine] - self.cost[mine, reviewer][:, None]
                self._move[reviewer] = given.min(axis=0)
            self._move[reviewer][self._move[reviewer] >= FAR >> 1] = FAR
            self._stale[reviewer] = False
        row: Integers = self._move[reviewer]
        return row

    def _mover(self, reviewer: int, to: int) -> int:
        mine = sorted(self.held[reviewer])
        return mine[int((self.open[mine, to] - self.cost[mine, reviewer]).argmin())]

    def _give(self, application: int, reviewer: int) -> None:
        self.open[application, reviewer] = FAR
        self.held[reviewer].append(application)
        self.holders[application].append(reviewer)
        self._stale[self.holders[application]] = True

    def _take_back(self, application: int, reviewer: int) -> None:
        self._stale[self.holders[application]] = True
        self.held[reviewer].remove(application)
        self.holders[application].remove(reviewer)
        self.open[application, reviewer] = self.cost[application, reviewer]


def bound(  # noqa: PLR0917 - the problem as :class:`Flow` takes it, then the prices
    cost: Integers, allowed: Truths, wanted: Integers, limit: Integers, load: Integers, balance: int,
    prices: Integers,
) -> int:  # fmt: skip
    """Return what every assignment costs at least, from prices for the reviewers' time alone.

    Whatever the prices are, this is a lower bound (weak duality): each application takes the cheapest
    reviewers at cost plus price, each reviewer the load that suits him best at his price.

    Args:
        prices: (reviewers,) any whole numbers; those of an optimal flow make the bound tight.
    """
    priced = np.sort(np.where(allowed, cost + prices, FAR), axis=1)
    demanded = 0
    for count in np.unique(wanted):
        demanded += int(priced[wanted == count, : int(count)].sum())
    offered = 0
    for price, most, has in zip(prices.tolist(), limit.tolist(), load.tolist(), strict=True):
        # The next application is worth taking while its cost is below the price.
        taken = most - has if not balance else min(max(price // balance - has, 0), most - has)
        taken = taken if price > 0 or balance else 0
        offered += price * taken - balance * sum(range(has + 1, has + taken + 1))
    return demanded - offered
