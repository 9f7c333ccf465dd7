"""Aborting a show at any moment: come to a standstill together, then down where drones are, or back to the
pads.

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
from ._problems import Problem, ShowInvalid
from ._proof import prove
from ._snapped import JUMP_S, on_grid, peaks, snapped
from ._transition import interleaved, transition

BRAKES_MS = (2000, 3000, 4000, 6000, 8000, 12000)
"""How long braking takes."""
LATER_MS = tuple(range(0, 2000, 200)) + tuple(range(2000, 8001, 500))
"""How long after the moment of aborting it may begin."""
KNOT_MS = 400


@dataclass(frozen=True, eq=False)
class Abort:
    """What is flown from ``begins_ms`` of the show on, until all stand on the ground.

    ``braked``: drones leave the show at the moment of aborting and slow down, and hover ``standstill_ms``
    later.
    Where they did not brake, ``begins_ms`` is the next moment of the show at which all stand.
    """

    curves: Curves
    begins_ms: int
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
    found = (
        None
        if _stands(curves, moment_ms + 1, 0.0)
        else _soonest_halt(curves, moment_ms, limits, site or Site())
    )
    begun, halt = found or (0, None)
    if halt is not None:
        begins_ms, parts = begun, [halt]
        points = halt.controls[halt.first[1:] - 1, 3] / float(curves.per_metre)
    else:
        begins_ms, parts = _rest_after(curves, moment_ms, limits), []
        points = on_grid(motion(curves, begins_ms)[0], curves.per_metre) / curves.per_metre
    if pads is not None:
        if (points[:, 2] < limits.navigation_m).any():
            low = np.flatnonzero(points[:, 2] < limits.navigation_m)
            raise ShowInvalid(
                [Problem("return-too-low", names[n], {"z": float(points[n, 2])}) for n in low.tolist()]
            )
        down = landing(pads, limits, site, per_metre=curves.per_metre, lowest_m=lowest_m, names=names)
        back = transition(points, down.points, limits, site, per_metre=curves.per_metre, names=names)
        parts += [back.curves, reordered(down.curves, back.mapping)]
    else:
        spots = landing_spots(points, limits, curves.per_metre)
        if (spots != points).any():
            aside = transition(
                points, spots, limits, site, per_metre=curves.per_metre, names=names,
                pairing=np.arange(curves.drones),
            )  # fmt: skip
            parts.append(aside.curves)
        parts.append(descent(spots, limits, curves.per_metre, names))
    return Abort(Curves.after_another(parts), begins_ms, halt.duration_ms if halt else 0, halt is not None)


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


def _soonest_halt(curves: Curves, moment_ms: int, limits: Limits, site: Site) -> tuple[int, Curves] | None:
    """When to leave the show, and how to brake, so that all stand as soon as the limits let them.

    While drones brake or turn as hard as they may, the clock cannot be slowed as well: a little later it can.
    """
    rest_ms = _rest_after(curves, moment_ms, limits)
    ways = sorted(
        (late_ms + length_ms, late_ms, length_ms) for late_ms in LATER_MS for length_ms in BRAKES_MS
    )
    for within_ms, late_ms, length_ms in ways:
        if moment_ms + within_ms >= rest_ms:
            break
        if (halt := _halted(curves, moment_ms + late_ms, length_ms, limits, site)) is not None:
            return moment_ms + late_ms, halt
    return None


def _halted(curves: Curves, moment_ms: int, length_ms: int, limits: Limits, site: Site) -> Curves | None:
    """Brake by slowing the clock, if that is proved to keep the limits and the site."""
    knots = np.append(np.arange(0, length_ms, KNOT_MS), length_ms)
    x = knots / length_ms
    # The clock runs at 1 - (3x² - 2x³), from its full speed to none.
    moments = moment_ms + length_ms * (x - x**3 + x**4 / 2)
    halt = _followed(curves, knots, moments, 1 - x * x * (3 - 2 * x))
    # Rounded anew, it is proved anew; velocities that are too high are found sooner.
    return halt if not peaks(halt).over(limits) and prove(halt, limits, site).holds else None


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


def _stands(curves: Curves, moment_ms: float, most: float) -> bool:
    return bool(np.sqrt((motion(curves, moment_ms)[1] ** 2).sum(axis=1)).max() <= most)


def _rest_after(curves: Curves, moment_ms: int, limits: Limits) -> int:
    """The next moment at which all stand: this one, or one at which a segment ends."""
    if _stands(curves, moment_ms + 1, 0.0):
        return moment_ms
    later = np.unique(curves.ends_ms[curves.ends_ms > moment_ms]).tolist()
    return int(next((end for end in later if _stands(curves, end, limits.acceleration * JUMP_S)), later[-1]))
