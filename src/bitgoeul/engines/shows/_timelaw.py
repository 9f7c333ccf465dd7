"""One clock for a whole transition: from rest to rest with bounded velocity, acceleration and jerk.

Every drone flies the same share s(t) of its way at the same moment.  With s made of at most seven cubics, a
straight line flown by it is cubic too, and how fast the clock runs does not change how close drones come.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, inf

import numpy as np

from ._curves import Floats, Ints

TICK_MS = 20
"""Planned moments are multiples of this: 20 ms is the step of light programs, and with a common step a show
can be slowed by a factor of whole steps without moving one drone's clock against another's."""
SHORTEST_MS = 240
"""No phase is shorter: on a grid of whole numbers a short cubic has no exact jerk."""


@dataclass(frozen=True)
class TimeLaw:
    """Phases of constant jerk in units of the way: 7 of them, fewer where nothing stays constant.

    ``ends_ms``: shape (K,).  ``share``: shape (K, 4), the Bezier controls of s in each phase.
    ``velocity``, ``acceleration``, ``jerk``: the greatest of s, per s, s² and s³.
    """

    ends_ms: Ints
    share: Floats
    velocity: float
    acceleration: float
    jerk: float

    @property
    def duration_ms(self) -> int:
        """How long the transition takes."""
        return int(self.ends_ms[-1])

    def at(self, moments_ms: Ints | Floats) -> Floats:
        """s at each moment; before and after the law it stands."""
        moments = np.clip(np.asarray(moments_ms, float), 0, self.duration_ms)
        k = np.minimum(np.searchsorted(self.ends_ms, moments), len(self.ends_ms) - 1)
        begins = np.concatenate([[0], self.ends_ms[:-1]])
        u = (moments - begins[k]) / (self.ends_ms[k] - begins[k])
        a, b, c, d = self.share[k].T
        return np.asarray((1 - u) ** 3 * a + 3 * (1 - u) ** 2 * u * b + 3 * (1 - u) * u * u * c + u**3 * d)


def least_time(way: Floats | float, velocity: float, acceleration: float, jerk: float) -> Floats:
    """The least time in which a point flies each straight way from rest to rest, in seconds.

    At rest the acceleration is zero, too.  That no motion is faster: averaged with its mirror image in time a
    motion is symmetric and as long, so its acceleration is zero in the middle; up to there acceleration is at
    most min(j t, a, j (t_middle - t)), and where the velocity limit binds, an acceleration above that of the
    law could not end before the limit is passed.  A velocity of infinity means that none is limited.
    """
    way = np.abs(np.asarray(way, float))
    # Without reaching the velocity: ramps alone, or with constant acceleration between them.
    ramp = np.cbrt(way / (2 * jerk))
    full = acceleration / jerk
    # way = a (t1 + t2) (2 t1 + t2) with t1 = a / j
    held = (-3 * full + np.sqrt(full * full + 4 * way / acceleration)) / 2
    free = np.where(jerk * ramp <= acceleration, 4 * ramp, 4 * full + 2 * np.maximum(held, 0))
    if velocity == inf:
        return free
    rise = np.sqrt(velocity / jerk)
    rising = 2 * rise if jerk * rise <= acceleration else velocity / acceleration + full
    # The way of rising to the velocity and coming to rest again is velocity * rising.
    return np.where(way >= velocity * rising, way / velocity + rising, free)


def time_law(
    velocity: float, acceleration: float, jerk: float, *, least_ms: int = 0, shortest_ms: int = SHORTEST_MS
) -> TimeLaw:
    """The fastest law whose s keeps the three limits, given per s, s² and s³, in whole ticks.

    ``least_ms``: how long it lasts at least.  ``shortest_ms``: no phase is shorter.
    """
    best: tuple[int, int, int] | None = None
    for holds, cruises in ((True, True), (True, False), (False, True), (False, False)):
        phases = _phases(
            velocity,
            acceleration,
            jerk,
            shortest_ms if holds else 0,
            shortest_ms if cruises else 0,
            shortest_ms,
        )
        if best is None or _total(phases) < _total(best):
            best = phases
    if best is None:
        raise AssertionError("four candidates were looked at")
    if short := max(0, least_ms - _total(best)):
        # Cruising longer lowers every limit's use.
        best = best[0], best[1], max(best[2] + _up(short), shortest_ms)
    return _law(*best)


def _total(phases: tuple[int, int, int]) -> int:
    return 4 * phases[0] + 2 * phases[1] + phases[2]


def _up(ms: float) -> int:
    return ceil(round(ms, 6) / TICK_MS) * TICK_MS


def _phases(  # noqa: PLR0917
    velocity: float, acceleration: float, jerk: float, holds: int, cruises: int, ramps: int
) -> tuple[int, int, int]:
    """Durations of ramp, constant acceleration and cruise in ms, at least those given; zero means without.

    With ramp u, hold h and cruise c the whole way is J u (u + h) (2 u + h + c) = 1; the acceleration is J u
    and the velocity J u (u + h), so longer phases use less of every limit.
    """
    ramp, hold, cruise = ramps / 1000, holds / 1000, cruises / 1000
    if cruises:
        # The velocity limit is met with equality: J = v / (u (u + h)).
        if holds:
            ramp = max(ramp, acceleration / jerk)
            hold = max(hold, velocity / acceleration - ramp, velocity / (jerk * ramp) - ramp)
        else:
            ramp = max(ramp, (velocity / jerk) ** 0.5, velocity / acceleration)
        ramp, hold = _up(1000 * ramp) / 1000, _up(1000 * hold) / 1000
        cruise = max(cruise, 1 / velocity - 2 * ramp - hold)
        # Where the way is too short to reach the velocity the cruise above is longer than it need be, and
        # another candidate wins.
        cruise = max(cruise, 1 / (jerk * ramp * (ramp + hold)) - 2 * ramp - hold,
                     1 / (acceleration * (ramp + hold)) - 2 * ramp - hold)  # fmt: skip
    elif holds:
        ramp = max(ramp, acceleration / jerk)
        ramp = _up(1000 * ramp) / 1000
        # J u (u + h) (2 u + h) = 1 with J u <= a and J <= j, and J u (u + h) <= v.
        needed = min(acceleration, jerk * ramp)
        hold = max(hold, (-3 * ramp + (ramp * ramp + 4 / needed) ** 0.5) / 2, 1 / velocity - 2 * ramp)
    else:
        ramp = max(ramp, (1 / (2 * jerk)) ** (1 / 3), (1 / (2 * acceleration)) ** 0.5, 1 / (2 * velocity))
    return _up(1000 * ramp), _up(1000 * hold), _up(1000 * cruise)


def _law(ramp: int, hold: int, cruise: int) -> TimeLaw:
    u, h, c = ramp / 1000, hold / 1000, cruise / 1000
    jerk = 1 / (u * (u + h) * (2 * u + h + c))
    plan = ((u, jerk), (h, 0.0), (u, -jerk), (c, 0.0), (u, -jerk), (h, 0.0), (u, jerk))
    ends, share = [], []
    place, velocity, acceleration, at = 0.0, 0.0, 0.0, 0
    for (length, change), ms in zip(plan, (ramp, hold, ramp, cruise, ramp, hold, ramp), strict=True):
        if not ms:
            continue
        at += ms
        bend = acceleration * length * length
        turn = change * length**3
        end = place + velocity * length + bend / 2 + turn / 6
        share.append((
            place,
            place + velocity * length / 3,
            place + 2 * velocity * length / 3 + bend / 6,
            end,
        ))  # fmt: skip
        place, velocity, acceleration = (
            end,
            velocity + acceleration * length + change * length * length / 2,
            acceleration + change * length,
        )
        ends.append(at)
    controls = np.array(share)
    # The sums above round: the law ends exactly at 1, level.
    controls[-1, 2:] = 1.0
    return TimeLaw(
        np.array(ends, np.int64), controls, jerk * u * (u + h), jerk * u, jerk
    )  # fmt: skip
