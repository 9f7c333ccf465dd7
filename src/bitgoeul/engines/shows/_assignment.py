"""Who flies where: the pairing of starts and goals with the least sum of squared distances, and how close
to it.

The shortest sum of squares keeps straight synchronous flights apart (any two drones would not gain by
swapping), which leaves few pairs to repair.  An auction finds it without a matrix of costs: a drone bids for
the goal with the least squared distance plus price, and goals are found through a tree of boxes.

Source: Bertsekas, the auction algorithm with ε-scaling; the gap is weak duality of the assignment problem.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._compiled import NUMBA, compiled, inner
from ._curves import Floats, Ints

EXACT = 400
"""Up to so many drones SciPy's exact method is as quick, and the pairing the same with and without Numba."""
LEAF = 8
CACHED = 12
"""How many goals a drone remembers from its last search of the tree."""
SHRINK = 5.0
FINEST = 0.02
"""The last ε as a share of the smallest squared spacing that the drones have."""
ALONE = 1e9
_NEVER = 1e300


@dataclass(frozen=True)
class Assignment:
    """``goals[i]`` is the goal of start i.

    ``cost``: its sum of squared distances.  ``least``: no pairing has less, proved by prices of the goals.
    """

    goals: Ints
    cost: float
    least: float

    @property
    def gap(self) -> float:
        """By what share of the least sum this pairing may be longer than the best."""
        return (self.cost - self.least) / self.least if self.least > 0 else 0.0


def assigned(starts: Floats, goals: Floats, downwash: float = 1.0) -> Assignment:
    """Pair starts with goals, both (N, 3) in metres; heights count ``1 / downwash`` of their metres.

    The same points give the same pairing on every machine of one floating-point standard.  Without Numba the
    exact method of SciPy is used, which needs a matrix of N² costs.

    Raises: ValueError if there are not as many goals as starts.
    """
    if starts.shape != goals.shape or starts.ndim != 2 or starts.shape[1] != 3:
        raise ValueError("starts and goals both have shape (N, 3)")
    scale = np.array([1.0, 1.0, 1.0 / downwash])
    a, b = starts * scale, goals * scale
    if not len(a):
        return Assignment(np.empty(0, np.int64), 0.0, 0.0)
    return _by_auction(a, b) if NUMBA and len(a) > EXACT else _by_matrix(a, b)


def _by_matrix(a: Floats, b: Floats) -> Assignment:
    from scipy.optimize import linear_sum_assignment
    from scipy.spatial.distance import cdist

    costs = cdist(a, b, "sqeuclidean")
    rows, chosen = linear_sum_assignment(costs)
    cost = float(costs[rows, chosen].sum())
    return Assignment(chosen.astype(np.int64), cost, cost)


def within(costs: Floats, allowed: NDArray[np.bool_]) -> Ints:
    """The pairing of the least cost (N, N) of those that are allowed; there must be one."""
    from scipy.optimize import linear_sum_assignment

    never = (float(costs.max()) + 1.0) * (len(costs) + 1)
    return np.asarray(linear_sum_assignment(np.where(allowed, costs, never))[1], np.int64)


def least_allowed(costs: Floats) -> float:
    """The greatest cost of the pairing in which it is least; costs (N, N) of infinity are not allowed."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_bipartite_matching

    values = np.unique(costs)
    low, high = 0, len(values) - 1
    while low < high:
        middle = (low + high) // 2
        if (maximum_bipartite_matching(csr_array(costs <= values[middle]), perm_type="column") >= 0).all():
            high = middle
        else:
            low = middle + 1
    return float(values[low])


def _by_auction(a: Floats, b: Floats) -> Assignment:
    # Moving all goals together changes every sum of squares by the same amount, and small numbers round less.
    shift = a.mean(axis=0) - b.mean(axis=0)
    near = b + shift
    order = _along_a_curve(a)
    rows = np.ascontiguousarray(a[order] - a.mean(axis=0))
    tree = _Tree.over(near - a.mean(axis=0))
    prices = np.zeros(len(a))
    span = float(np.ptp(rows, axis=0).max() * np.ptp(tree.points, axis=0).max())
    finest = FINEST * min(_spacing(rows), _spacing(tree.points)) ** 2
    finest = max(finest, 1e-9 * max(span, 1e-9))
    epsilon = max(span / 16, finest)
    while True:
        taken = tree.bid(rows, prices, epsilon)
        if epsilon <= finest:
            break
        epsilon = max(epsilon / SHRINK, finest)
    best = _least_offers(rows, tree.points, prices)
    chosen = np.empty(len(a), np.int64)
    chosen[order] = tree.order[taken]
    cost = float(((a - b[chosen]) ** 2).sum())
    moved = float(((a - near[chosen]) ** 2).sum())
    # Rounding of N sums of a few dozen operations, outwards.
    most = len(a) * float(np.abs(prices).max())
    slack = 64 * np.finfo(float).eps * float(np.abs(best).sum() + most + moved)
    return Assignment(chosen, cost, min(cost, cost - moved + float(best.sum() - prices.sum()) - slack))


def _least_offers(rows: Floats, points: Floats, prices: Floats) -> Floats:
    """The least squared distance plus price of every drone, over all goals.

    It is a squared distance itself, in four dimensions: the root of a price is how far its goal is moved
    along the fourth.
    """
    from scipy.spatial import cKDTree

    cheapest = float(prices.min())
    lifted = np.column_stack([points, np.sqrt(prices - cheapest)])
    distance, _goal = cKDTree(lifted).query(np.column_stack([rows, np.zeros(len(rows))]))
    return np.asarray(distance * distance + cheapest)


def _spacing(points: Floats) -> float:
    from scipy.spatial import cKDTree

    if len(points) < 2:
        return 1.0
    return float(cKDTree(points).query(points, k=2)[0][:, 1].min())


def _along_a_curve(points: Floats) -> Ints:
    """An order in which neighbours in space are neighbours in the list: by interleaved bits."""
    low, high = points.min(axis=0), points.max(axis=0)
    cells = ((points - low) / max(float((high - low).max()), 1e-9) * 1023).astype(np.int64)
    code = np.zeros(len(points), np.int64)
    for bit in range(10):
        for axis in range(3):
            code |= ((cells[:, axis] >> bit) & 1) << (3 * bit + axis)
    return np.argsort(code, kind="stable")


@dataclass(frozen=True, eq=False)
class _Tree:
    """A full binary tree over points: node n has the children 2n + 1 and 2n + 2.

    ``points[k]`` is the given point ``order[k]``; node n holds ``points[begins[n, 0]:begins[n, 1]]`` within
    ``boxes[n]`` (low x, y, z, high x, y, z).
    """

    points: Floats
    order: Ints
    boxes: Floats
    begins: Ints

    @classmethod
    def over(cls, points: Floats) -> _Tree:
        levels = max(0, int(np.ceil(np.log2(max(len(points) / LEAF, 1)))))
        nodes = 2 ** (levels + 1) - 1
        order = np.arange(len(points))
        begins, boxes = np.zeros((nodes, 2), np.int64), np.zeros((nodes, 6))
        begins[0] = 0, len(points)
        for node in range(nodes):
            begin, end = begins[node]
            inside = points[order[begin:end]]
            boxes[node, :3], boxes[node, 3:] = inside.min(axis=0), inside.max(axis=0)
            if 2 * node + 2 < nodes:
                middle = (begin + end) // 2
                widest = int(np.argmax(boxes[node, 3:] - boxes[node, :3]))
                part = np.argpartition(inside[:, widest], middle - begin)
                order[begin:end] = order[begin:end][part]
                begins[2 * node + 1], begins[2 * node + 2] = (begin, middle), (middle, end)
        return cls(np.ascontiguousarray(points[order]), order, boxes, begins)

    def bid(self, rows: Floats, prices: Floats, epsilon: float) -> Ints:
        """Which point each row gets in an auction that begins with these prices, and raises them."""
        drones = len(rows)
        known, beyond = np.full((drones, CACHED), -1, np.int32), np.full(drones, -_NEVER)
        taken, taker = np.full(drones, -1, np.int64), np.full(drones, -1, np.int64)
        queue = np.arange(drones - 1, -1, -1)
        _auction(
            rows, self.points, self.boxes, self.begins, prices, self.lowest(prices), epsilon, CACHED, known,
            beyond, taken, taker, queue,
        )  # fmt: skip
        return taken

    def lowest(self, prices: Floats) -> Floats:
        """The least price in every node."""
        low = np.full(len(self.begins), _NEVER)
        leaves = len(self.begins) // 2
        low[leaves:] = np.minimum.reduceat(prices, self.begins[leaves:, 0])
        for node in range(leaves - 1, -1, -1):
            low[node] = min(low[2 * node + 1], low[2 * node + 2])
        return low


@inner
def _nearest(x, y, z, points, boxes, begins, weights, low, wanted, values, found, stack, bounds):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """The ``wanted`` points with the least squared distance plus weight, best first; how many there are.

    ``low[n]``: no weight in node n is less.  Weights only rise, so an old value stays true; those that this
    search passes are brought up to date.
    """
    count, top, nodes = 0, 1, boxes.shape[0]
    worst = _NEVER
    stack[0], bounds[0] = 0, -_NEVER
    while top > 0:
        top -= 1
        node = stack[top]
        if bounds[top] >= worst:
            continue
        left = 2 * node + 1
        if left >= nodes:
            least = _NEVER
            for j in range(begins[node, 0], begins[node, 1]):
                weight = weights[j]
                least = min(least, weight)
                dx, dy, dz = x - points[j, 0], y - points[j, 1], z - points[j, 2]
                value = dx * dx + dy * dy + dz * dz + weight
                if value >= worst:
                    continue
                if count < wanted:
                    place = count
                    count += 1
                else:
                    place = wanted - 1
                while place > 0 and values[place - 1] > value:
                    values[place], found[place] = values[place - 1], found[place - 1]
                    place -= 1
                values[place], found[place] = value, j
                if count == wanted:
                    worst = values[wanted - 1]
            low[node] = least
            continue
        low[node] = min(low[left], low[left + 1])
        near, far = 0.0, 0.0
        for side in range(2):
            child = left + side
            dx = max(boxes[child, 0] - x, 0.0, x - boxes[child, 3])
            dy = max(boxes[child, 1] - y, 0.0, y - boxes[child, 4])
            dz = max(boxes[child, 2] - z, 0.0, z - boxes[child, 5])
            bound = dx * dx + dy * dy + dz * dz + low[child]
            if side == 0:
                near = bound
            else:
                far = bound
        first = left if near <= far else left + 1
        stack[top], bounds[top] = 2 * left + 1 - first, max(near, far)
        stack[top + 1], bounds[top + 1] = first, min(near, far)
        top += 2
    return count


@compiled
def _auction(rows, points, boxes, begins, prices, low, epsilon, cached, known, beyond, taken, taker, queue):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """Let every drone bid until each has a goal, which is put into ``taken``; prices rise in place.

    ``low``: the least price in every node.  ``known`` and ``taken`` begin at -1, ``beyond`` at -inf.

    A drone remembers the best goals of its last search.  As prices only rise, a goal it does not remember is
    no better than it was then: ``beyond``.  It searches again when its second best is worse than that.
    """
    drones = rows.shape[0]
    values, found = np.empty(cached + 1), np.empty(cached + 1, np.int64)
    stack, bounds = np.empty(256, np.int64), np.empty(256)
    waiting = drones
    while waiting > 0:
        waiting -= 1
        i = queue[waiting]
        x, y, z = rows[i, 0], rows[i, 1], rows[i, 2]
        first, second, goal = _NEVER, _NEVER, -1
        for k in range(cached):
            j = known[i, k]
            if j < 0:
                break
            dx, dy, dz = x - points[j, 0], y - points[j, 1], z - points[j, 2]
            value = dx * dx + dy * dy + dz * dz + prices[j]
            if value < first:
                second, first, goal = first, value, j
            elif value < second:
                second = value
        if goal < 0 or second > beyond[i]:
            count = _nearest(
                x, y, z, points, boxes, begins, prices, low, cached + 1, values, found, stack, bounds
            )
            kept = min(count, cached)
            for k in range(kept):
                known[i, k] = found[k]
            for k in range(kept, cached):
                known[i, k] = -1
            beyond[i] = values[cached] if count > cached else _NEVER
            first, goal = values[0], found[0]
            second = values[1] if count > 1 else _NEVER
        if second >= _NEVER:
            second = first + ALONE
        prices[goal] += second - first + epsilon
        loser = taker[goal]
        if loser >= 0:
            queue[waiting] = loser
            waiting += 1
        taker[goal], taken[i] = i, goal
