"""From one formation in the air to the next: who flies where, by which clock, and who bends aside.

Pairs that would come too close are repaired by detours; then by exchanging goals; then by flying in two
waves; then by longer detours, which take longer time; and then by all drones spreading out on the way, which
parts every pair whose pairing is that of the shortest ways.  What costs much time is compared with what comes
after it, and the fastest is flown.  The result is on the grid of :class:`Curves`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import Any

import numpy as np

from ._area import Area, outside
from ._assignment import EXACT, Assignment, assigned, least_allowed, within
from ._bottleneck import LeastTime, least_makespan, pair_times
from ._curves import Curves, Floats, Ints
from ._limits import Limits, Site
from ._pairs import conflicts
from ._problems import Problem, ShowInvalid
from ._repair import Clock, Flight, Room, Watch, asked, bent, repaired, still_watched
from ._snapped import Peaks, grid_for, on_grid, peaks, shortest_phase_ms, snapped
from ._timelaw import TimeLaw, time_law

Separation = Callable[[Curves, Limits], Any]
"""Who has the last word about curves: what it answers is kept beside them."""

SWEEPS = 60
SWAPS = 3
"""How often goals are exchanged before drones fly in waves."""
NEAR_DETOUR = 1.0
FAR_DETOUR = 6.0
"""How far aside a drone bends at most, in distances: at first, and when more time is taken."""
NUDGES = (1 / 6, 1 / 3, 2 / 3, 2 / 3)
"""Detours are looked for anew from random ones across the formation, as large as these, in distances."""
SPREADS = (0.05, 0.1, 0.2, 0.35, 0.55)
"""By what shares drones move apart on the way: from about a half on no pair comes too close."""
COSTLY = 1.15
"""How many times as long as straight flight a repair may take before others are tried."""
TRIES = 12
"""How often the clock is slowed or the margin widened until whole numbers keep every limit."""
LAWS = 24
"""How often a clock is made gentler for the sake of bumps."""
EVEN = 0.985
"""What share of a velocity drones that bend for others may reach: the grid takes some of the rest."""
GATHERED = 0.05
"""How much gentler all may gather speed, at first, so that a drone can bend whose way is the longest."""
SLOW = 1.03
"""Times the bound beyond which other pairings are tried."""
SLACK = 0.003
"""By what share a pairing may be slower than the quickest, so that its ways are shorter."""
BULGE = 1.1
"""How much further than its bump a detour may get, at most: β is not exactly 4 s (1 - s)."""
_ARCH = np.array([(s, 4 * BULGE * s * (1 - s)) for s in np.linspace(0, 1, 17)]).T
"""Shares of a way, and how much of a bump is flown there at most."""
_FREE = 1e6
_EASE = {
    "velocity_xy": 0.998,
    "velocity_up": 0.998,
    "velocity_down": 0.998,
    "acceleration": 0.99,
    "jerk": 0.97,
}
"""What share of each limit is planned with at first: rounding uses the rest."""


@dataclass(frozen=True)
class Repairs:
    """What was done to keep drones apart.

    ``pairs``: too close in straight flight.  ``bent``: drones with a detour, ``largest_m`` the largest.
    ``swapped``: pairs that exchanged goals.  ``waves``: 1 when all fly together.  ``far``: whether detours
    were allowed to cost time.  ``spread``: by what share all drones moved apart on the way; 0 when they did
    not.  ``bent`` and ``largest_m`` count this, too.
    """

    pairs: int = 0
    bent: int = 0
    largest_m: float = 0.0
    swapped: int = 0
    waves: int = 1
    far: bool = False
    spread: float = 0.0


@dataclass(frozen=True, eq=False)
class Transition:
    """A transition as it is exported, and what is known about it.

    ``mapping[i]``: which goal drone i flies to.  ``ratio``: makespan to ``bound``, below which no pairing and
    no motion within the limits is done.  ``gap``: by what share squared distances may exceed
    the least, in the pairing of the shortest ways.
    ``tightest``: two drones and how close they come in the metric of the limits, of the pairs that were
    watched, by samples; the proof tells the exact figure.  ``error_m``: how far rounding moved a control.
    ``verdict``: what the caller's ``separation`` answered.
    """

    curves: Curves
    mapping: Ints
    makespan_s: float
    bound: LeastTime
    gap: float
    tightest: tuple[int, int, float] | None
    repairs: Repairs
    peaks: Peaks
    error_m: float
    verdict: Any = None

    @property
    def lower_bound_s(self) -> float:
        """No transition between the formations takes less."""
        return self.bound.seconds

    @property
    def ratio(self) -> float:
        """How much longer this one takes than the bound."""
        return self.makespan_s / self.bound.seconds if self.bound.seconds else 1.0


def transition(
    starts: Floats,
    goals: Floats,
    limits: Limits,
    site: Site | None = None,
    *,
    per_metre: int | None = None,
    pairing: Ints | None = None,
    names: Sequence[str] | None = None,
    separation: Separation | None = None,
) -> Transition:
    """Plan the flight from ``starts`` to ``goals``, both (N, 3) in metres, all drones in the air and at rest.

    ``per_metre``: the grid; the finest that holds all points where none is given.  ``pairing``: who flies
    where, if that is settled.  ``names``: what refusals call the drones.
    Raises: ShowInvalid when points are too close to each other, too low, too high or outside the area; when a
    straight way between them leaves the area; or when drones cannot be kept apart.
    """
    names = names or [str(n + 1) for n in range(len(starts))]
    if per_metre is None:
        per_metre = grid_for(
            float(max(np.abs(starts).max(initial=0), np.abs(goals).max(initial=0))) + 2 * limits.distance_m
        )
    area = Area(site)
    begin, end = on_grid(starts, per_metre) / per_metre, on_grid(goals, per_metre) / per_metre
    problems = _misplaced(begin, limits, area, names, "start") + _misplaced(end, limits, area, names, "goal")
    if problems:
        raise ShowInvalid(problems)
    planner = _Planner(begin, end, limits, area, per_metre, names)
    if pairing is not None:
        paired = Assignment(np.asarray(pairing, np.int64), 0.0, 0.0)
        plan = planner.plan(paired.goals, swaps=0)
    else:
        paired = assigned(begin, end, limits.downwash)
        plan = planner.fastest(paired.goals)
    return Transition(
        plan.curves,
        plan.mapping,
        plan.duration_ms / 1000,
        least_makespan(begin, end, limits, pairing=plan.mapping),
        paired.gap,
        _tightest(plan.flight, plan.watch, limits),
        plan.repairs,
        peaks(plan.curves),
        plan.error_m,
        separation(plan.curves, limits) if separation else None,
    )


def _misplaced(points: Floats, limits: Limits, area: Area, names: Sequence[str], kind: str) -> list[Problem]:
    """Why a formation cannot be held in the air."""
    problems = too_near(points, limits, names, f"{kind}-too-close")
    for n in np.flatnonzero(points[:, 2] < limits.navigation_m).tolist():
        problems.append(Problem(f"{kind}-below-navigation", names[n], {"z": float(points[n, 2])}))
    for n in np.flatnonzero(points[:, 2] > limits.altitude_m).tolist():
        problems.append(Problem(f"{kind}-above-altitude", names[n], {"z": float(points[n, 2])}))
    return problems + outside(area, points, f"{kind}-outside-area", names)


def too_near(points: Floats, limits: Limits, names: Sequence[str], code: str) -> list[Problem]:
    """A problem for each pair of points nearer than drones in the air may be."""
    from scipy.spatial import cKDTree

    metric = points * np.array([1, 1, 1 / limits.downwash])
    if len(metric) < 2:
        return []
    pairs = cKDTree(metric).query_pairs(limits.distance_m, output_type="ndarray")
    apart = np.sqrt(((metric[pairs[:, 0]] - metric[pairs[:, 1]]) ** 2).sum(axis=1))
    close = apart < limits.distance_m * (1 - 1e-12)
    return [
        Problem(code, names[i], {"other": names[j], "distance_m": float(d)})
        for (i, j), d in sorted(zip(pairs[close].tolist(), apart[close], strict=True))
    ]


@dataclass(frozen=True, eq=False)
class _Try:
    """An attempt to keep drones apart; ``left``: the pairs that still are too close."""

    mapping: Ints
    flight: Flight
    watch: Watch
    left: Ints
    room: Room
    most_m: float
    swapped: int
    spread: float


@dataclass(frozen=True, eq=False)
class _Plan:
    """An attempt that worked, on the grid and timed."""

    curves: Curves
    flight: Flight
    mapping: Ints
    watch: Watch
    repairs: Repairs
    error_m: float

    @property
    def duration_ms(self) -> int:
        return self.curves.duration_ms


class _Planner:
    """One transition while it is being planned."""

    def __init__(  # noqa: PLR0917
        self, starts: Floats, goals: Floats, limits: Limits, area: Area, per_metre: int, names: Sequence[str]
    ) -> None:
        self.starts, self.goals, self.limits, self.area = starts, goals, limits, area
        self.per_metre, self.names = per_metre, names
        self.margin = sqrt(3) / per_metre
        self.shortest_ms = shortest_phase_ms(per_metre, limits)
        self.ease = dict(_EASE)
        self.error_m = 0.0

    def fastest(self, mapping: Ints) -> _Plan:
        """Plan with the pairing of the shortest ways, or one in which nobody has so long a way to fly.

        Where drones start at different heights, the shortest ways may send a low drone to the highest goal;
        climbing is slow, and all wait for it.
        """
        usual = self._straight_ms(mapping)
        bound = least_makespan(self.starts, self.goals, self.limits, pairing=mapping, tolerance=0.01)
        if usual <= SLOW * 1000 * bound.seconds:
            return self.plan(mapping, SWAPS)
        slowness = self.limits.velocity_xy / min(self.limits.velocity_up, self.limits.velocity_down)
        by_time = assigned(self.starts, self.goals, 1 / max(slowness, 1.0)).goals
        # The shortest ways come first: they have the fewest conflicts.
        pairings = [mapping, by_time, *(self._hurried() if len(mapping) <= EXACT else ())]
        times = [self._straight_ms(pairing) for pairing in pairings]
        best: _Plan | None = None
        refused: ShowInvalid | None = None
        for place in sorted({times.index(time) for time in times}, key=times.__getitem__):
            if best is not None and best.duration_ms <= times[place]:
                break
            try:
                plan = self.plan(pairings[place], SWAPS)
            except ShowInvalid as why:
                refused = refused or why
                continue
            if best is None or plan.duration_ms < best.duration_ms:
                best = plan
        if best is None:
            if usual == min(times):
                raise refused or AssertionError("a pairing was tried")
            return self.plan(mapping, SWAPS)
        return best

    def _hurried(self) -> list[Ints]:
        """Pairings of the shortest ways of those in which the slowest is as quick as can be.

        In the one, nobody takes much longer than the bound; in the other, the clock may run as fast as can
        be, and gather speed as quickly as then can be: it must suit the longest and the most hasty way.
        """
        starts, goals, limits = self.starts, self.goals, self.limits
        ways = goals[None] - starts[:, None]
        over, up = np.hypot(ways[..., 0], ways[..., 1]), ways[..., 2]
        squares = over**2 + (up / limits.downwash) ** 2
        hasty = np.maximum(
            over / limits.velocity_xy, np.maximum(up / limits.velocity_up, -up / limits.velocity_down)
        )
        quick = hasty <= least_allowed(hasty) * (1 + SLACK)
        long = np.where(quick, np.hypot(over, up), np.inf)
        alone = pair_times(starts[:, None], goals[None], limits)
        return [
            within(squares, alone <= least_allowed(alone) * (1 + SLACK)),
            within(squares, long <= least_allowed(long) * (1 + SLACK)),
        ]

    def _straight_ms(self, mapping: Ints) -> int:
        self._afresh()
        ways = self.goals[mapping] - self.starts
        return self._law(ways, np.zeros_like(ways)).duration_ms

    def _afresh(self) -> None:
        self.ease, self.margin = dict(_EASE), sqrt(3) / self.per_metre

    def plan(self, mapping: Ints, swaps: int) -> _Plan:
        """The first repair that works and costs little time, or else the fastest of those that work."""
        enough = COSTLY * self._straight_ms(mapping)
        best: _Plan | None = None
        refused: ShowInvalid | None = None
        pairs: int | None = None
        for tried in self._tries(mapping, swaps):
            if pairs is None:
                pairs = int((tried.watch.straight < self.limits.distance_m).sum())
            try:
                plan = self._settled(tried, pairs)
            except ShowInvalid as why:
                if refused is None or len(why.problems) < len(refused.problems):
                    refused = why
                continue
            if best is None or plan.duration_ms < best.duration_ms:
                best = plan
            if best.duration_ms <= enough:
                break
        if best is None:
            raise refused or AssertionError("straight flight was tried")
        return best

    def _tries(self, mapping: Ints, swaps: int) -> Iterator[_Try]:
        """Detours, swaps, waves, far detours, spreading, in this order."""
        shortest, swapped = mapping, 0
        near, far = NEAR_DETOUR * self.limits.distance_m, FAR_DETOUR * self.limits.distance_m
        for turn in range(swaps + 1):
            quick = self._tried(mapping, near, swapped=swapped, quick=True)
            yield quick
            # Where that leaves pairs too close, whoever all wait for must bend, too.
            tried = self._tried(mapping, near, bumps=quick.flight.bumps, swapped=swapped)
            yield tried
            for seed, size in enumerate(NUDGES):
                nudges = self._nudges(tried, seed, size * self.limits.distance_m)
                yield self._tried(mapping, near, bumps=nudges, swapped=swapped)
            if not len(tried.left) or turn == swaps:
                break
            mapping, changed = self._swapped(mapping, tried.left)
            swapped += changed
            if not changed:
                break
        if len(tried.left):
            parted = self._parted(mapping, tried.left)
            yield self._tried(mapping, near, waves=parted, swapped=swapped)
            yield self._tried(mapping, far, swapped=swapped, sweeps=4 * SWEEPS)
        for share in SPREADS:
            if (apart := self._spread(shortest, share)) is not None:
                yield self._tried(shortest, near, bumps=apart, spread=share)

    def _tried(
        self, mapping: Ints, most_m: float, *, bumps: Floats | None = None, waves: Ints | None = None,
        spread: float = 0.0, swapped: int = 0, sweeps: int = SWEEPS, quick: bool = False,
    ) -> _Try:  # fmt: skip
        """Bend ways aside, beginning with ``bumps``, until pairs are kept apart or the sweeps are over."""
        self._afresh()
        ways = self.goals[mapping] - self.starts
        waves = np.zeros(len(ways), np.int64) if waves is None else waves
        bumps = np.zeros_like(ways) if bumps is None else bumps
        room = self._room(ways)
        if quick:
            room = room.within(*self._quick(ways))
        together = bumps if spread else np.zeros_like(ways)
        if spread:
            room = room.holding(bumps)
            most_m += float(np.abs(bumps).max(initial=0.0)) * sqrt(2)
        flight = Flight(self.starts, ways, waves, bumps, self._clock(ways, waves, bumps))
        watch = Watch.over(flight, self.limits.distance_m, self.margin, self.limits.downwash, together)
        flight, left, _sweeps = repaired(flight, watch, room, self.limits.downwash, most_m, sweeps)
        return _Try(mapping, flight, watch, left, room, most_m, swapped, spread)

    def _nudges(self, tried: _Try, seed: int, size_m: float) -> Floats:
        """Small random bumps across the formation for those that had to bend.

        Drones that fly within one plane are pushed aside within it, where there may be no way past each
        other; once they are out of it, there is.
        """
        middle = tried.flight.starts + tried.flight.ways / 2
        across = np.linalg.eigh(np.cov(middle.T))[1][:, 0] if len(middle) > 1 else np.zeros(3)
        lots = np.random.default_rng(seed).normal(0, size_m, len(middle)) * bent(tried.flight)
        return tried.room.clipped(lots[:, None] * across)

    def _spread(self, mapping: Ints, share: float) -> Floats | None:
        """Bumps that move all drones apart half-way, by a share, about a point that leaves room; or none.

        Let p and q be where one drone is from another at the start and at the goal.  In the pairing of the
        shortest ways p.q >= 0, or exchanging the goals would make them shorter.  With bumps of ``share`` = k
        times the middle of each way, the one is at (1 - s + 2 k s (1 - s)) p + (s + 2 k s (1 - s)) q.  For
        p.q >= 0, |p| >= d, |q| >= d and k = 1/2 its square is at least d² (1 + 2 s² (1 - s)²): no pair comes
        too close.  Smaller shares leave less to repair than straight flight: as both factors are positive and
        add up to at least 1, no pair comes closer than in straight flight, whatever the pairing.
        """
        ways = self.goals[mapping] - self.starts
        middle = self.starts + ways / 2
        low, high = middle.min(axis=0), middle.max(axis=0)
        places = sorted(
            ((u, v) for u in (0, 0.5, 1) for v in (0, 0.5, 1)),
            key=lambda p: (p[0] - 0.5) ** 2 + (p[1] - 0.5) ** 2,
        )
        for u, v in places:
            bumps = share * (middle - low - (high - low) * np.array([u, v, 0.5]))
            lift = self._lift(ways, bumps)
            if lift is not None and self._inside(ways, bumps):
                return bumps + np.array([0.0, 0.0, lift])
        return None

    def _lift(self, ways: Floats, bumps: Floats) -> float | None:
        """How much higher all bumps must be to keep within the heights; none where that is not possible."""
        spare, (s, beta) = 2 * self.margin, _ARCH[:, 1:-1, None]
        straight = self.starts[:, 2] + s * ways[:, 2]
        floor = np.minimum(straight, self.limits.navigation_m + spare)
        roof = np.maximum(straight, self.limits.altitude_m - spare)
        least = float(((floor - straight) / beta - bumps[:, 2]).max())
        most = float(((roof - straight) / beta - bumps[:, 2]).min())
        return min(max(least, 0.0), most) if least <= most else None

    def _inside(self, ways: Floats, bumps: Floats) -> bool:
        s, beta = _ARCH[:, None, :, None]
        paths = self.starts[:, None] + s * ways[:, None] + beta * bumps[:, None]
        needed = np.minimum(2 * self.margin, self.area.lines(self.starts, self.starts + ways))
        return bool((self.area.paths(paths) >= needed).all())

    def _room(self, ways: Floats) -> Room:
        ends = self.starts + ways
        aside = self.area.lines(self.starts, ends)
        if (aside < 0).any():
            raise ShowInvalid([
                Problem("way-leaves-area", self.names[n], {
                    "from": self.starts[n].tolist(), "to": ends[n].tolist()})
                for n in np.flatnonzero(aside < 0).tolist()
            ])  # fmt: skip
        spare = 2 * self.margin
        low, high = np.minimum(self.starts[:, 2], ends[:, 2]), np.maximum(self.starts[:, 2], ends[:, 2])
        return Room(
            np.maximum(aside - spare, 0) / BULGE,
            np.maximum(low - self.limits.navigation_m - spare, 0) / BULGE,
            np.maximum(self.limits.altitude_m - high - spare, 0) / BULGE,
        )

    def _quick(self, ways: Floats) -> tuple[Floats, Floats]:
        """How far aside, and down or up, each drone may bend without all having to fly slower for it."""
        law = self._law(ways, np.zeros_like(ways))
        # A bump is flown fastest where the clock has just reached its full speed, and asks for most
        # acceleration where ways begin.
        lever = 4 * law.velocity * (1 - 2 * float(law.share[(len(law.ends_ms) - 1) // 2, 0]))
        flat, up = law.velocity * np.hypot(ways[:, 0], ways[:, 1]), law.velocity * ways[:, 2]
        long = np.sqrt((ways**2).sum(axis=1))
        begun = ((1 + GATHERED) * long.max(initial=0) - long) / 4
        most_flat, most_up, most_down = (
            EVEN * limit
            for limit in (self.limits.velocity_xy, self.limits.velocity_up, self.limits.velocity_down)
        )
        # What rises more at first sinks more later.
        steep = np.minimum(most_up - up, most_down + up)
        aside = np.minimum(np.maximum(most_flat - flat, 0) / lever, begun)
        return aside, np.minimum(np.maximum(steep, 0) / lever, begun)

    def _clock(self, ways: Floats, waves: Ints, bumps: Floats) -> Clock:
        return Clock.of(tuple(
            self._law(ways[waves == wave], bumps[waves == wave])
            for wave in range(int(waves.max(initial=0)) + 1)
        ))  # fmt: skip

    def _law(self, ways: Floats, bumps: Floats) -> TimeLaw:
        """The fastest law for straight ways with bumps.

        It begins with what straight ways allow, and gets gentler where bumps ask for more than the limits.
        """
        limit = {name: getattr(self.limits, name) * share for name, share in self.ease.items()}
        over, long = np.hypot(ways[:, 0], ways[:, 1]), np.sqrt((ways**2).sum(axis=1))
        up = ways[:, 2]
        velocity = min(
            _FREE,
            limit["velocity_xy"] / max(float(over.max(initial=0)), 1e-9),
            limit["velocity_up"] / max(float(up.max(initial=0)), 1e-9),
            limit["velocity_down"] / max(float((-up).max(initial=0)), 1e-9),
        )
        longest = max(float(long.max(initial=0)), 1e-3)
        acceleration, jerk = limit["acceleration"] / longest, limit["jerk"] / longest
        telling = (bumps != 0).any(axis=1)
        if telling.any():
            for measure in (over, long, up, -up):
                telling[np.argmax(measure)] = True
        ways, bumps = ways[telling], bumps[telling]
        for gentler in range(LAWS):
            law = time_law(velocity, acceleration, jerk, shortest_ms=self.shortest_ms)
            if not len(ways):
                return law
            fast, turning, bent_by, jolted = asked(law, ways, bumps, limit)
            if max(fast, turning, bent_by, jolted) <= 1 + 1e-4:
                return law
            if gentler >= LAWS // 2:
                # Whatever is exceeded, slower flight asks for less of it.
                slower = max(fast, turning**0.5, bent_by**0.5, jolted ** (1 / 3))
                fast, bent_by, jolted = slower, slower**2, slower**3
            else:
                fast = max(fast, turning**0.5)
            # What the law uses, which may be less than it was given.
            velocity = min(velocity, law.velocity) / fast if fast > 1 else velocity
            acceleration = min(acceleration, law.acceleration) / bent_by if bent_by > 1 else acceleration
            jerk = min(jerk, law.jerk) / jolted if jolted > 1 else jerk
        return law

    def _settled(self, tried: _Try, pairs: int) -> _Plan:
        """Time the repaired flight, put it on the grid, and look again, until all limits are kept."""
        if len(tried.left):
            raise ShowInvalid(self._stuck(tried.flight, tried.left))
        flight, watch, over = tried.flight, tried.watch, {}
        distance, downwash = self.limits.distance_m, self.limits.downwash
        for _again in range(TRIES):
            law = self._law(flight.ways, flight.bumps)
            flight = replace(flight, clock=self._clock(flight.ways, flight.waves, flight.bumps))
            flight, left, _sweeps = repaired(flight, watch, tried.room, downwash, tried.most_m, SWEEPS)
            if not still_watched(flight, watch, downwash):
                wide = 4 * float(np.sqrt(((flight.bumps - watch.together) ** 2).sum(axis=1)).max())
                watch = Watch.over(flight, distance, self.margin, downwash, watch.together, wide)
                continue
            if len(left):
                self.margin *= 0.7
                watch = Watch.over(flight, distance, self.margin, downwash, watch.together, 2 * watch.reach)
                continue
            curves = self._curves(flight, law)
            over = peaks(curves).over(self.limits)
            close = conflicts(curves, self.limits, watch.pairs)
            if not over and not len(close):
                if len(gone := self.area.leaving(curves)):
                    drone = int(np.searchsorted(curves.first, gone[0], side="right")) - 1
                    raise ShowInvalid(Problem("way-leaves-area", self.names[drone]))
                lengths = np.sqrt((flight.bumps**2).sum(axis=1))
                repairs = Repairs(
                    pairs, int(bent(flight).sum()), float(lengths.max(initial=0.0)), tried.swapped,
                    int(flight.waves.max(initial=0)) + 1,
                    tried.most_m > NEAR_DETOUR * distance and not tried.spread, tried.spread,
                )  # fmt: skip
                return _Plan(curves, flight, tried.mapping, watch, repairs, self.error_m)
            for name, factor in over.items():
                # Velocity jumps where grids are coarse and phases short: a gentler jerk makes them longer.
                limit = "jerk" if name == "velocity_jump" else name
                self.ease[limit] /= min(factor * 1.002, 1.3)
            if len(close):
                self.margin *= 1.5
                watch = Watch.over(flight, distance, self.margin, downwash, watch.together, 2 * watch.reach)
        raise ShowInvalid(Problem("cannot-be-timed", facts={"over": sorted(over), "tries": TRIES}))

    def _curves(self, flight: Flight, law: TimeLaw) -> Curves:
        """Straight ways keep the few phases of the law of the clock; detours have the finer times of β."""
        many = bent(flight) | (flight.waves.max(initial=0) > 0)
        groups = []
        if not many.all():
            straight = np.flatnonzero(~many)
            where = (
                flight.starts[straight, None, None] + law.share[..., None] * flight.ways[straight, None, None]
            )
            groups.append((straight, law.ends_ms, where))
        if many.any():
            groups.append((np.flatnonzero(many), flight.clock.ends_ms, flight.controls(np.flatnonzero(many))))
        parts = []
        self.error_m = 0.0
        for drones, ends, where in groups:
            whole = snapped(where.transpose(1, 0, 2, 3), self.per_metre)
            self.error_m = max(
                self.error_m, float(np.abs(whole / self.per_metre - where.transpose(1, 0, 2, 3)).max())
            )
            parts.append((drones, ends, whole))
        return interleaved(self.per_metre, len(flight.starts), parts)

    def _swapped(self, mapping: Ints, left: Ints) -> tuple[Ints, int]:
        """Exchange the goals of pairs where that parts them, and takes nobody longer than the slowest."""
        mapping, changed, seen = mapping.copy(), 0, set()
        slowest = float(pair_times(self.starts, self.goals[mapping], self.limits).max())
        scale = np.array([1, 1, 1 / self.limits.downwash])
        for i, j in left.tolist():
            if i in seen or j in seen:
                continue
            a, b = self.starts[[i, j]] * scale, self.goals[mapping[[i, j]]] * scale
            times = pair_times(self.starts[[i, j]], self.goals[mapping[[j, i]]], self.limits)
            if times.max() <= slowest and _closest(a, b[::-1]) > _closest(a, b):
                mapping[[i, j]] = mapping[[j, i]]
                seen |= {i, j}
                changed += 1
        return mapping, changed

    def _parted(self, mapping: Ints, left: Ints) -> Ints:
        """Two waves: of each pair still too close, the drone with the shorter way flies later."""
        waves = np.zeros(len(self.starts), np.int64)
        long = np.sqrt(((self.goals[mapping] - self.starts) ** 2).sum(axis=1))
        for i, j in left.tolist():
            if waves[i] == waves[j]:
                waves[i if long[i] < long[j] else j] = 1
        return waves

    def _stuck(self, flight: Flight, left: Ints) -> list[Problem]:
        return [
            Problem("cannot-keep-apart", self.names[i], {
                "other": self.names[j], "distance_m": self.limits.distance_m,
                "from": flight.starts[i].tolist(), "to": (flight.starts[i] + flight.ways[i]).tolist()})
            for i, j in left.tolist()
        ]  # fmt: skip


def _closest(starts: Floats, goals: Floats) -> float:
    """How close two drones come on straight synchronous ways."""
    apart, toward = starts[0] - starts[1], (goals[0] - starts[0]) - (goals[1] - starts[1])
    square = float(toward @ toward)
    share = min(1.0, max(0.0, -float(apart @ toward) / square)) if square else 0.0
    return float(np.linalg.norm(apart + share * toward))


def interleaved(per_metre: int, drones: int, parts: Sequence[tuple[Ints, Ints, Ints]]) -> Curves:
    """Curves of groups of drones: who they are, the times they share (K,), their controls (K, n, 4, 3)."""
    counts = np.zeros(drones, np.int64)
    for members, ends, _controls in parts:
        counts[members] = len(ends)
    first = np.concatenate([[0], np.cumsum(counts)])
    all_ends, all_controls = np.empty(first[-1], np.int64), np.empty((first[-1], 4, 3), np.int64)
    for members, ends, controls in parts:
        place = first[members][:, None] + np.arange(len(ends))
        all_ends[place] = ends
        all_controls[place] = controls.transpose(1, 0, 2, 3)
    return Curves(per_metre, first, all_ends, all_controls)


def _tightest(flight: Flight, watch: Watch, limits: Limits) -> tuple[int, int, float] | None:
    if not len(watch.pairs):
        return None
    u = np.linspace(0, 1, 9)
    basis = np.stack([(1 - u) ** 3, 3 * (1 - u) ** 2 * u, 3 * (1 - u) * u**2, u**3])
    share, detour = flight.clock.share @ basis, flight.clock.detour @ basis
    best: tuple[int, int, float] | None = None
    scale = np.array([1, 1, 1 / limits.downwash])
    for begin in range(0, len(watch.pairs), 20_000):
        pairs = watch.pairs[begin : begin + 20_000]
        order = np.argsort(watch.straight[begin : begin + 20_000], kind="stable")[:2000]
        i, j = pairs[order, 0], pairs[order, 1]
        apart = np.zeros((len(order), share[0].size, 3))
        for members, sign in ((i, 1.0), (j, -1.0)):
            s, b = share[flight.waves[members]], detour[flight.waves[members]]
            apart += sign * (
                flight.starts[members, None]
                + s.reshape(len(order), -1, 1) * flight.ways[members, None]
                + b.reshape(len(order), -1, 1) * flight.bumps[members, None]
            )
        far = np.sqrt(((apart * scale) ** 2).sum(axis=-1)).min(axis=1)
        k = int(np.argmin(far))
        if best is None or far[k] < best[2]:
            best = int(i[k]), int(j[k]), float(far[k])
    return best
