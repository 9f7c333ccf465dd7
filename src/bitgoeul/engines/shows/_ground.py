"""Pads, and the way between them and the air: straight up in layers, straight down again, and aborting.

Near the ground drones move only vertically.  Where pads are closer than drones in the air may be, groups of
drones that are far enough from each other rise one after another, the first the highest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from ._area import Area, outside
from ._curves import Curves, Floats, Ints
from ._limits import Limits, Site
from ._pairs import conflicts
from ._problems import Problem, ShowInvalid
from ._snapped import on_grid, peaks, shortest_phase_ms, snapped
from ._timelaw import TICK_MS, TimeLaw, time_law

LOWEST_M = 6.0
"""Where the lowest layer hovers, unless the limits ask for higher."""
ROOM = 1.04
"""How far apart drones hover after rising, in distances."""
TRIES = 12
_SHARE = 0.97
"""What share of each limit vertical flights are planned with: rounding uses the rest."""


def grid_pads(
    rows: int,
    columns: int,
    spacing_m: float,
    *,
    box: tuple[int, int] = (1, 1),
    inner_m: float = 0.5,
    drones: int | None = None,
) -> Floats:
    """Pads (N, 3) in a grid around the origin, x along columns and y along rows.

    At each place of the grid stands a box of ``box`` rows and columns of drones, ``inner_m`` apart.  The
    first
    ``drones`` pads are returned, all where none are given.
    Raises: ShowInvalid when there are fewer pads than drones, or a grid of nothing.
    """
    if min(rows, columns, *box) < 1 or min(spacing_m, inner_m) <= 0:
        raise ShowInvalid(Problem("pads-impossible"))
    counts = (rows, columns, *box)
    y, x, v, u = (axis.ravel() for axis in np.meshgrid(*map(np.arange, counts), indexing="ij"))
    pads = np.zeros((len(x), 3))
    pads[:, 0] = (x - (columns - 1) / 2) * spacing_m + (u - (box[1] - 1) / 2) * inner_m
    pads[:, 1] = (y - (rows - 1) / 2) * spacing_m + (v - (box[0] - 1) / 2) * inner_m
    if drones is not None and drones > len(pads):
        raise ShowInvalid(Problem("pads-too-few", facts={"pads": len(pads), "drones": drones}))
    return pads[:drones]


def check_pads(pads: Floats, limits: Limits, site: Site | None, names: Sequence[str]) -> None:
    """Refuse pads that are off the ground, too close to each other or outside the area, naming the drones."""
    from scipy.spatial import cKDTree

    problems = [
        Problem("pad-off-ground", names[n], {"z": float(pads[n, 2])})
        for n in np.flatnonzero(pads[:, 2] != 0).tolist()
    ]
    pairs = cKDTree(pads[:, :2]).query_pairs(limits.pad_distance_m, output_type="ndarray")
    for i, j in sorted(pairs.tolist()):
        apart = float(np.hypot(*(pads[i, :2] - pads[j, :2])))
        if apart < limits.pad_distance_m * (1 - 1e-9):
            problems.append(
                Problem("two-drones-on-one-pad", names[i], {"other": names[j], "distance_m": apart})
            )
    problems += outside(Area(site), pads, "pad-outside-area", names)
    if problems:
        raise ShowInvalid(problems)


@dataclass(frozen=True, eq=False)
class Ascent:
    """A take-off or landing.  ``layer`` (N,): 0 rises first and highest; ``points`` (N, 3): where it
    hovers."""

    curves: Curves
    layer: Ints
    points: Floats


def layers(pads: Floats, distance_m: float) -> Ints:
    """Groups of drones none of which stand closer than ``distance_m``, few of them: (N,) from 0.

    Pads are coloured one after another with the first colour that no near pad has, in two orders; the one
    with fewer colours is taken.
    """
    from scipy.spatial import cKDTree

    near = cKDTree(pads[:, :2]).query_ball_point(pads[:, :2], distance_m * (1 - 1e-9), return_sorted=True)
    by_place = np.lexsort((pads[:, 0], pads[:, 1]))
    by_degree = np.argsort([-len(some) for some in near], kind="stable")
    best: Ints | None = None
    for order in (by_place, by_degree):
        colour = np.full(len(pads), -1, np.int64)
        for n in order.tolist():
            taken = {int(colour[other]) for other in near[n]}
            colour[n] = next(c for c in range(len(taken) + 1) if c not in taken)
        if best is None or colour.max() < best.max():
            best = colour
    return best if best is not None else np.zeros(0, np.int64)


def take_off(
    pads: Floats, limits: Limits, site: Site | None, *, per_metre: int, lowest_m: float = LOWEST_M,
    names: Sequence[str] | None = None,
) -> Ascent:  # fmt: skip
    """Rise from the pads to layers; drones of one layer rise together.

    Raises: ShowInvalid for impossible pads, and where the layers do not fit below the altitude limit.
    """
    return _ascent(pads, limits, site, per_metre, lowest_m, names, limits.velocity_up)


def landing(
    pads: Floats, limits: Limits, site: Site | None, *, per_metre: int, lowest_m: float = LOWEST_M,
    names: Sequence[str] | None = None,
) -> Ascent:  # fmt: skip
    """Come down to the pads from the layers above them: a take-off as fast as drones may sink, backwards."""
    up = _ascent(pads, limits, site, per_metre, lowest_m, names, limits.velocity_down)
    return Ascent(backwards(up.curves), up.layer, up.points)


def backwards(curves: Curves) -> Curves:
    """The same paths flown from their end to their begin."""
    order = np.concatenate(
        [
            np.arange(end - 1, begin - 1, -1)
            for begin, end in zip(curves.first, curves.first[1:], strict=False)
        ]
    )
    return Curves(
        curves.per_metre, curves.first, curves.duration_ms - curves.begins_ms[order],
        np.ascontiguousarray(curves.controls[order, ::-1]),
    )  # fmt: skip


def _ascent(  # noqa: PLR0917
    pads: Floats, limits: Limits, site: Site | None, per_metre: int, lowest_m: float,
    names: Sequence[str] | None, velocity: float,
) -> Ascent:  # fmt: skip
    names = names or [str(n + 1) for n in range(len(pads))]
    check_pads(pads, limits, site, names)
    place = on_grid(pads, per_metre)
    # Pads at just the distance would leave drones no room to be parted in on their way to the first scene.
    layer = layers(place / per_metre, ROOM * limits.distance_m)
    count = int(layer.max()) + 1
    # A little more than delays ask for below, or none would be long enough.
    step = ceil(limits.distance_m * limits.downwash * ROOM * per_metre) + 4
    lowest = ceil(max(lowest_m, limits.navigation_m) * per_metre)
    heights = lowest + step * np.arange(count)[::-1]
    if heights[0] > limits.altitude_m * per_metre:
        raise ShowInvalid(
            Problem("take-off-too-high", facts={"layers": count, "height_m": float(heights[0] / per_metre)})
        )
    pairs = _columns(place / per_metre, limits.distance_m)
    share, slack = _SHARE, 1.002
    for _again in range(TRIES):
        laws = [_vertical(height / per_metre, velocity, limits, per_metre, share) for height in heights]
        delays = _delays(
            laws, heights / per_metre, limits.distance_m * limits.downwash * slack + 3 / per_metre
        )
        goals = place.copy()
        goals[:, 2] = heights[layer]
        curves = _staggered(place, goals, [laws[k] for k in layer], delays[layer], per_metre)
        over = peaks(curves).over(limits)
        if not over and not len(conflicts(curves, limits, pairs)):
            return Ascent(curves, layer, goals / per_metre)
        share, slack = (share * 0.97, slack) if over else (share, slack * 1.003)
    raise ShowInvalid(Problem("take-off-cannot-be-timed", facts={"over": sorted(over)}))


def _columns(points: Floats, distance_m: float) -> Ints:
    """Pairs whose columns of air are closer than drones may be."""
    from scipy.spatial import cKDTree

    return cKDTree(points[:, :2]).query_pairs(distance_m, output_type="ndarray").astype(np.int64)


def _vertical(height: float, velocity: float, limits: Limits, per_metre: int, share: float) -> TimeLaw:
    height = max(height, 1e-3)
    return time_law(
        share * velocity / height, share * limits.acceleration / height, share * limits.jerk / height,
        shortest_ms=shortest_phase_ms(per_metre, limits),
    )  # fmt: skip


def _delays(laws: Sequence[TimeLaw], heights: Floats, needed: float) -> Ints:
    """When each layer leaves the ground: as soon as every earlier one will always be far enough above it."""
    delays = [0]
    for k in range(1, len(laws)):
        delay = delays[-1]
        span = np.arange(0, laws[k].duration_ms + TICK_MS, TICK_MS)
        own = laws[k].at(span) * heights[k]
        while any((laws[j].at(span + delay - delays[j]) * heights[j] - own).min() < needed for j in range(k)):
            delay += TICK_MS
        delays.append(delay)
    return np.array(delays, np.int64)


def _staggered(starts: Ints, goals: Ints, laws: Sequence[TimeLaw], delays: Ints, per_metre: int) -> Curves:
    """Each drone waits, flies straight by its own law, and waits until the last has come; units of the
    grid."""
    total = max(int(delay) + law.duration_ms for law, delay in zip(laws, delays, strict=True))
    ends, controls, first = [], [], [0]
    cache: dict[tuple[int, int], Ints] = {}
    for n, (law, delay) in enumerate(zip(laws, delays.tolist(), strict=True)):
        still = starts[n] == goals[n]
        if still.all():
            ends.append([total])
            controls.append(np.broadcast_to(starts[n], (1, 4, 3)))
            first.append(first[-1] + 1)
            continue
        key = id(law), int(goals[n, 2] - starts[n, 2])
        if still[:2].all() and key in cache:
            moves = cache[key] + starts[n]
        else:
            way = (goals[n] - starts[n]) / per_metre
            moves = snapped((law.share[..., None] * way)[:, None], per_metre)[:, 0]
            if still[:2].all():
                cache[key] = moves
            moves = moves + starts[n]
        own, pieces = (law.ends_ms + delay).tolist(), [moves]
        if delay:
            own.insert(0, delay)
            pieces.insert(0, np.broadcast_to(starts[n], (1, 4, 3)))
        if own[-1] < total:
            own.append(total)
            pieces.append(np.broadcast_to(goals[n], (1, 4, 3)))
        ends.append(own)
        controls.append(np.concatenate(pieces))
        first.append(first[-1] + len(own))
    return Curves(
        per_metre, np.array(first, np.int64), np.concatenate([np.asarray(own, np.int64) for own in ends]),
        np.concatenate(controls).astype(np.int64),
    )  # fmt: skip


def landing_spots(points: Floats, limits: Limits, per_metre: int) -> Floats:
    """Where drones can come down next to where they hover, (N, 3) on the grid, at the same heights.

    Two that would land on one spot part sideways, none coming closer to another than it may.
    Raises: ShowInvalid when there is no room for that.
    """
    from scipy.spatial import cKDTree

    spots = on_grid(points, per_metre) / per_metre
    slack = max(0.02, 4 / per_metre)
    for _round in range(400):
        pairs = cKDTree(spots[:, :2]).query_pairs(limits.distance_m + slack, output_type="ndarray")
        i, j = pairs[:, 0], pairs[:, 1]
        between = spots[i, :2] - spots[j, :2]
        apart = np.hypot(between[:, 0], between[:, 1])
        level = np.abs(spots[i, 2] - spots[j, 2]) / limits.downwash
        needed = np.sqrt(np.maximum(limits.distance_m**2 - level**2, 0))
        # Whoever is parked keeps the distance of pads only.
        flying = (spots[i, 2] > 0) & (spots[j, 2] > 0)
        needed = np.maximum(limits.pad_distance_m, np.where(flying, needed, 0))
        # Drones that hover exactly as close as they may stay so.
        close = apart < needed * (1 - 1e-9)
        if not close.any():
            return spots
        i, j, between, apart = i[close], j[close], between[close], apart[close]
        angle = 2.399963 * (i + j)
        direction = np.where(
            apart[:, None] > 1e-9, between / np.maximum(apart, 1e-9)[:, None],
            np.stack([np.cos(angle), np.sin(angle)], axis=1),
        )  # fmt: skip
        push = direction * ((needed[close] + slack - apart) / 2)[:, None]
        np.add.at(spots[:, :2], i, push)
        np.add.at(spots[:, :2], j, -push)
        spots = on_grid(spots, per_metre) / per_metre
    raise ShowInvalid(Problem("no-room-to-land", facts={"pairs": int(close.sum())}))


def descent(points: Floats, limits: Limits, per_metre: int, names: Sequence[str] | None = None) -> Curves:
    """Come straight down from where drones hover, those above others later; points are on the grid.

    Raises: ShowInvalid when two would land closer than pads may be: see :func:`landing_spots`.
    """
    names = names or [str(n + 1) for n in range(len(points))]
    place = on_grid(points, per_metre)
    ground = place.copy()
    ground[:, 2] = 0
    check_pads(ground / per_metre, limits, None, names)
    pairs = _columns(place / per_metre, limits.distance_m)
    upper = np.where(place[pairs[:, 0], 2] >= place[pairs[:, 1], 2], pairs[:, 0], pairs[:, 1])
    lower = pairs.sum(axis=1) - upper
    order = np.lexsort((lower, place[upper, 2]))
    upper, lower = upper[order], lower[order]
    share = _SHARE
    later = np.zeros(len(upper), np.int64)
    made: dict[int, TimeLaw] = {}
    rounds = 0
    while True:
        heights = place[:, 2].tolist()
        for height in set(heights) - made.keys():
            made[height] = _vertical(height / per_metre, limits.velocity_down, limits, per_metre, share)
        laws = [made[height] for height in heights]
        lasts = np.array(
            [law.duration_ms if height else 0 for law, height in zip(laws, heights, strict=True)]
        )
        delays = np.zeros(len(place), np.int64)
        for above, below, wait in zip(upper.tolist(), lower.tolist(), later.tolist(), strict=True):
            delays[above] = max(delays[above], delays[below] + wait)
        curves = _staggered(place, ground, laws, delays, per_metre)
        if peaks(curves).over(limits):
            if rounds == TRIES:
                raise ShowInvalid(Problem("descent-cannot-be-timed"))
            share, made, rounds = share * 0.97, {}, rounds + 1
            continue
        stacked = np.stack([upper, lower], axis=1)
        close = conflicts(curves, limits, stacked)
        if not len(close):
            return curves
        known = {tuple(pair) for pair in close.tolist()}
        failing = np.array([tuple(pair) in known for pair in stacked.tolist()])
        # Once the lower one is parked, the distance of the pair is that of pads: waiting for it always helps.
        if (later[failing] >= lasts[lower[failing]]).all():
            raise ShowInvalid([
                Problem("cannot-descend", names[i], {"other": names[j]}) for i, j in close.tolist()
            ])  # fmt: skip
        later[failing] = np.minimum(later[failing] + 10 * TICK_MS, lasts[lower[failing]])
