"""From metres to the grid of :class:`Curves`: which grid, how to round onto it, and how fast the result
flies."""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import ceil

import numpy as np

from ._curves import Curves, Floats, Ints
from ._limits import Limits
from ._problems import Problem, ShowInvalid
from ._timelaw import SHORTEST_MS, TICK_MS

GRIDS_MM = (1, 2, 4, 5, 8, 10, 20, 25, 40, 50, 100, 125)
"""Grids that whole units per metre and 16-bit multiples of millimetres both hold."""
WIDEST = 32_767
ROUNDED = 1e-9
"""By what share a limit may be exceeded by the rounding of floats; what is proved allows for more."""
JUMP_S = 0.05
"""Where segments meet, the grid may change a velocity by what the acceleration allows in this time."""


def grid_for(reach_m: float) -> int:
    """Units per metre of the finest grid on which coordinates up to ``reach_m`` fit in 16 bits.

    Raises: ShowInvalid where not even the coarsest grid holds them.
    """
    for step in GRIDS_MM:
        if reach_m * 1000 <= WIDEST * step:
            return 1000 // step
    raise ShowInvalid(
        Problem("show-too-wide", facts={"reach_m": reach_m, "most_m": WIDEST * GRIDS_MM[-1] / 1000})
    )


def on_grid(points: Floats, per_metre: int) -> Ints:
    """The nearest whole units."""
    return np.rint(points * per_metre).astype(np.int64)


def snapped(controls: Floats, per_metre: int) -> Ints:
    """Round the controls (K, N, 4, 3) of drones that share their times; segments stay joined.

    Each end of a segment goes to the nearest unit.  Of the two controls between, each may go up or down:
    the pair is taken that disturbs velocity, acceleration and jerk least.
    """
    units = controls * per_metre
    whole = np.empty(units.shape, np.int64)
    whole[:, :, 3] = np.rint(units[:, :, 3])
    whole[0, :, 0] = np.rint(units[0, :, 0])
    whole[1:, :, 0] = whole[:-1, :, 3]
    off0, off3 = whole[:, :, 0] - units[:, :, 0], whole[:, :, 3] - units[:, :, 3]
    low1, low2 = np.floor(units[:, :, 1]), np.floor(units[:, :, 2])
    least = np.full(off0.shape, np.inf)
    for up1 in (0, 1):
        for up2 in (0, 1):
            one, two = low1 + up1, low2 + up2
            off1, off2 = one - units[:, :, 1], two - units[:, :, 2]
            turn = off3 - off0 + 3 * (off1 - off2)
            bend, bend_end = off0 - 2 * off1 + off2, off1 - 2 * off2 + off3
            start, stop = off1 - off0, off3 - off2
            cost = turn * turn + bend * bend + bend_end * bend_end + start * start + stop * stop
            better = cost < least
            least = np.where(better, cost, least)
            whole[:, :, 1] = np.where(better, one, whole[:, :, 1])
            whole[:, :, 2] = np.where(better, two, whole[:, :, 2])
    return whole


@dataclass(frozen=True)
class Peaks:
    """Upper bounds of what curves fly: exact for acceleration and jerk, by hulls of the hodograph for
    velocity.

    ``velocity_jump``: by how much the velocity changes where two segments meet.
    """

    velocity_xy: float
    velocity_up: float
    velocity_down: float
    acceleration: float
    jerk: float
    velocity_jump: float

    def over(self, limits: Limits) -> dict[str, float]:
        """By what factor each limit is exceeded; empty when all are kept."""
        most = {spec.name: getattr(limits, spec.name, limits.acceleration * JUMP_S) for spec in fields(self)}
        shares = {name: getattr(self, name) / limit for name, limit in most.items()}
        return {name: share for name, share in shares.items() if share > 1 + ROUNDED}


def peaks(curves: Curves) -> Peaks:
    """The greatest velocity, acceleration and jerk of all segments."""
    seconds = ((curves.ends_ms - curves.begins_ms) / 1000)[:, None, None]
    steps = np.diff(curves.controls, axis=1) / float(curves.per_metre)
    velocity = 3 * steps / seconds
    joined = np.ones(len(velocity), bool)
    joined[curves.first[:-1]] = False
    jumps = velocity[joined, 0] - velocity[np.flatnonzero(joined) - 1, 2]
    acceleration = 6 * np.diff(steps, axis=1) / seconds**2
    jerk = 6 * np.diff(steps, n=2, axis=1) / seconds**3
    return Peaks(
        float(np.hypot(velocity[..., 0], velocity[..., 1]).max(initial=0.0)),
        float(velocity[..., 2].max(initial=0.0)),
        float((-velocity[..., 2]).max(initial=0.0)),
        float(np.sqrt((acceleration**2).sum(axis=-1)).max(initial=0.0)),
        float(np.sqrt((jerk**2).sum(axis=-1)).max(initial=0.0)),
        float(np.sqrt((jumps**2).sum(axis=-1)).max(initial=0.0)),
    )


def shortest_phase_ms(per_metre: int, limits: Limits) -> int:
    """How long a phase must last for the grid not to make the velocity jump by more than is allowed."""
    turned = 3 / per_metre / (limits.acceleration * JUMP_S / 2)
    return max(SHORTEST_MS, ceil(1000 * turned / TICK_MS) * TICK_MS)
