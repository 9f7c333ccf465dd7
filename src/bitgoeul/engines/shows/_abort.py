"""Aborting a show at any moment: come to a standstill together, then down where drones are, or back to the pads.

All drones brake by slowing one clock, so they stay on the paths on which they are known to keep apart.  Where
slowing would ask too much of a drone, they fly on to the next moment at which all stand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ._curves import Curves, Floats, Ints
from ._ground import LOWEST_M, descent, landing, landing_spots
from ._limits import Limits, Site
from ._pairs import conflicts, part_of
from ._problems import Problem, ShowInvalid
from ._snapped import JUMP_S, on_grid, peaks, shortest_phase_ms, snapped
from ._timelaw import TICK_MS
from ._transition import interleaved, transition

BRAKES_S = (2.0, 3.0, 4.0, 6.0, 8.0)
KNOT_MS = 400


@dataclass(frozen=True, eq=False)
class Abort:
    """What is flown from ``moment_ms`` of the show on, until all stand on the ground.

    ``standstill_ms``: when, counted from then, all hover.  ``braked``: whether they slowed down, or flew on to
    where all stand.
    """

    curves: Curves
    moment_ms: int
    standstill_ms: int
    braked: bool


def abort(
    curves: Curves,
    moment_ms: int,
    limits: Limits,
    site: Site | None = None,
    *,
    pads: Floats | None = None,
    lowest_m: float = LOWEST_M,
    names: Sequence[str] | None = None,
) -> Abort:
    """Leave a show at a moment: down in place, or to the pads where they are given.

    The begin is rounded to the grid, as everything is.
    Raises: ShowInvalid when the moment is none of the show, when drones that should return are too low for
    flying sideways, or when there is no room to come down.
    """
    if not 0 <= moment_ms < curves.duration_ms:
        raise ShowInvalid(Problem("moment-outside-show", facts={"moment_ms": moment_ms}))
    names = names or [str(n + 1) for n in range(curves.drones)]
    halt, braked = _halted(curves, moment_ms, limits)
    points = halt.controls[halt.first[1:] - 1, 3] / float(curves.per_metre)
    parts = [halt]
    if pads is not None:
        if (points[:, 2] < limits.navigation_m).any():
            low = np.flatnonzero(points[:, 2] < limits.navigation_m)
            raise ShowInvalid([Problem("return-too-low", names[n], {"z": float(points[n, 2])}) for n in low])
        down = landing(pads, limits, site, per_metre=curves.per_metre, lowest_m=lowest_m, names=names)
        back = transition(points, down.points, limits, site, per_metre=curves.per_metre, names=names)
        parts += [back.curves, reordered(down.curves, back.mapping)]
    else:
        spots = on_grid(landing_spots(points, limits), curves.per_metre) / curves.per_metre
        if (spots != points).any():
            aside = transition(
                points, spots, limits, site, per_metre=curves.per_metre, names=names,
                pairing=np.arange(curves.drones),
            )  # fmt: skip
            parts.append(aside.curves)
        if (points[:, 2] > 0).any():
            parts.append(descent(spots, limits, curves.per_metre, names))
    return Abort(Curves.after_another(parts), moment_ms, halt.duration_ms, braked)


def reordered(curves: Curves, mapping: Ints) -> Curves:
    """Drone i flies the path of ``mapping[i]``."""
    counts = np.diff(curves.first)[mapping]
    first = np.concatenate([[0], np.cumsum(counts)])
    place = np.repeat(curves.first[mapping] - first[:-1], counts) + np.arange(first[-1])
    return Curves(curves.per_metre, first, curves.ends_ms[place], curves.controls[place])


def motion(curves: Curves, moment_ms: float) -> tuple[Floats, Floats]:
    """Where drones are, and their velocities in m/s, both (N, 3), just before a moment (at 0: just after)."""
    moment = min(max(float(moment_ms), 0.0), float(curves.duration_ms))
    # Ends rise within a drone; shifted by the drone's number they rise over all.
    stride = curves.duration_ms + 1
    drone = np.repeat(np.arange(curves.drones), np.diff(curves.first))
    where = np.searchsorted(curves.ends_ms + drone * stride, moment + np.arange(curves.drones) * stride)
    seconds = (curves.ends_ms[where] - curves.begins_ms[where]) / 1000
    s = ((moment - curves.begins_ms[where]) / 1000 / seconds)[:, None]
    p = curves.controls[where] / float(curves.per_metre)
    q = p[:, :-1] + s[..., None] * np.diff(p, axis=1)
    r = q[:, :-1] + s[..., None] * np.diff(q, axis=1)
    return r[:, 0] + s * (r[:, 1] - r[:, 0]), 3 * (r[:, 1] - r[:, 0]) / seconds[:, None]


def _halted(curves: Curves, moment_ms: int, limits: Limits) -> tuple[Curves, bool]:
    """Brake within the limits, or fly on until all stand."""
    _place, velocity = motion(curves, moment_ms)
    if not (np.abs(velocity) > 0).any() and _stands(curves, moment_ms + 1, 0.0):
        place = on_grid(_place, curves.per_metre)
        still = np.broadcast_to(place[None, :, None], (1, len(place), 4, 3))
        return Curves.together(curves.per_metre, np.array([TICK_MS]), still), False
    for seconds in BRAKES_S:
        length = round(1000 * seconds)
        if moment_ms + length / 2 > curves.duration_ms:
            continue
        knots = np.arange(0, length + 1, KNOT_MS)
        knots[-1] = length
        x = knots / length
        # The clock runs at 1 - (3x² - 2x³), from its full speed to none.
        moments = moment_ms + length * (x - x**3 + x**4 / 2)
        halt = _followed(curves, knots, moments, 1 - x * x * (3 - 2 * x))
        if _sound(curves, halt, limits, moments):
            return halt, True
    rest = _rest_after(curves, moment_ms, limits)
    halt = cut(curves, moment_ms, rest, shortest_phase_ms(curves.per_metre, limits))
    moments = np.linspace(moment_ms, rest, max(2, (rest - moment_ms) // KNOT_MS + 1))
    if not _sound(curves, halt, limits, moments):
        raise ShowInvalid(Problem("cannot-halt", facts={"moment_ms": moment_ms}))
    return halt, False


def _followed(curves: Curves, knots: Ints, moments: Floats, speed: Floats) -> Curves:
    """Cubics through where the show's paths are at ``moments``, with its velocities times ``speed``."""
    states = [motion(curves, moment) for moment in moments]
    places = np.stack([place for place, _velocity in states])
    slopes = np.stack([velocity for _place, velocity in states]) * speed[:, None, None]
    long = np.diff(knots)[:, None, None] / 1000
    controls = np.stack(
        [places[:-1], places[:-1] + slopes[:-1] * long / 3, places[1:] - slopes[1:] * long / 3, places[1:]],
        axis=2,
    )
    return interleaved(
        curves.per_metre, curves.drones,
        [(np.arange(curves.drones), knots[1:], snapped(controls, curves.per_metre))],
    )  # fmt: skip


def _sound(curves: Curves, halt: Curves, limits: Limits, moments: Floats) -> bool:
    """Whether a halt keeps the limits, and drones apart."""
    from scipy.spatial import cKDTree

    if peaks(halt).over(limits):
        return False
    scale = np.array([1, 1, 1 / limits.downwash])
    pairs = set()
    for before, after in zip(moments, moments[1:], strict=False):
        places = [motion(curves, moment)[0] * scale for moment in (before, (before + after) / 2, after)]
        reach = max(float(np.sqrt(((places[k] - places[1]) ** 2).sum(axis=1)).max()) for k in (0, 2))
        near = cKDTree(places[1]).query_pairs(limits.distance_m + 2.5 * reach + 0.1, output_type="ndarray")
        pairs |= {tuple(pair) for pair in near.tolist()}
    watched = np.array(sorted(pairs), np.int64).reshape(-1, 2)
    return not len(conflicts(halt, limits, watched))


def _stands(curves: Curves, moment_ms: float, most: float) -> bool:
    return bool(np.sqrt((motion(curves, moment_ms)[1] ** 2).sum(axis=1)).max() <= most)


def _rest_after(curves: Curves, moment_ms: int, limits: Limits) -> int:
    """The next moment at which a segment ends and all stand."""
    later = np.unique(curves.ends_ms[curves.ends_ms > moment_ms]).tolist()
    return int(next((end for end in later if _stands(curves, end, limits.acceleration * JUMP_S)), later[-1]))


def cut(curves: Curves, begin_ms: int, end_ms: int, least_ms: int) -> Curves:
    """What is flown from one moment to another, whole segments unchanged.

    A first piece shorter than ``least_ms`` is too short for the grid: it is joined with the segment after it.
    Where the end is nearer than that, it is reached that late.
    """
    total = max(end_ms - begin_ms, least_ms)
    places, velocities = motion(curves, begin_ms)
    begins = curves.begins_ms
    ends, controls, first = [], [], [0]
    for n in range(curves.drones):
        k = int(curves.first[n] + np.searchsorted(curves.ends_ms[curves.first[n] : curves.first[n + 1]], begin_ms, "right"))
        last = int(curves.first[n] + np.searchsorted(curves.ends_ms[curves.first[n] : curves.first[n + 1]], end_ms))
        still = (curves.controls[k] == curves.controls[k, 0]).all()
        if begins[k] == begin_ms or still:
            head = curves.controls[k]
        elif curves.ends_ms[k] - begin_ms >= least_ms:
            low = (begin_ms - begins[k]) / (curves.ends_ms[k] - begins[k])
            head = snapped(part_of(curves.controls[k] / curves.per_metre, low, 1.0)[None, None], curves.per_metre)[0, 0]
        else:
            k = min(k + 1, last)
            head = _joined(curves, k, last, places[n], velocities[n], begin_ms, total)
        own = [int(min(curves.ends_ms[m], end_ms)) - begin_ms for m in range(k, last + 1)]
        own[-1] = total
        ends += own
        controls.append(head[None])
        controls.append(curves.controls[k + 1 : last + 1])
        first.append(len(ends))
    return Curves(
        curves.per_metre, np.array(first, np.int64), np.array(ends, np.int64), np.concatenate(controls)
    )


def _joined(
    curves: Curves, k: int, last: int, place: Floats, velocity: Floats, begin_ms: int, total: int
) -> Ints:
    """One cubic from a place and velocity to the end of segment k."""
    end = curves.controls[k, 3] / curves.per_metre
    if k == last:
        seconds, slope = total / 1000, np.zeros(3)
    else:
        seconds = (curves.ends_ms[k] - begin_ms) / 1000
        leg = (curves.controls[k, 3] - curves.controls[k, 2]) / curves.per_metre
        slope = 3 * leg / ((curves.ends_ms[k] - curves.ends_ms[k - 1]) / 1000)
    piece = np.stack([place, place + velocity * seconds / 3, end - slope * seconds / 3, end])
    return snapped(piece[None, None], curves.per_metre)[0, 0]
