"""Detours: drones that would come too close in straight flight bend their way aside, as little as it takes.

A drone flies ``start + s(t) way + β(t) bump``.  β rises from 0 to about 1 and falls back as 4 s (1 - s) does,
but is a spline of cubics in time, so that what flies is cubic and nothing is approximated afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ._compiled import compiled, inner
from ._curves import Floats, Ints
from ._pairs import ROUNDED_M, near_pairs, too_close
from ._timelaw import TICK_MS, TimeLaw

PIECE_MS = 800
PIECES = 6
"""The cruise of a detour has at most this many pieces, each at least that long."""
SAMPLES = 6
"""Looks per piece of time for the instant at which a bump helps least."""
PAD_M = 2.0
"""Pairs that pass within this of the distance are watched while bumps grow."""
PUSHES = 3


@dataclass(frozen=True, eq=False)
class Clock:
    """The laws of a transition: s and β of each wave (W, K, 4) on times that all share."""

    ends_ms: Ints
    share: Floats
    detour: Floats

    @classmethod
    def of(cls, laws: tuple[TimeLaw, ...]) -> Clock:
        """Waves one after another; while one flies, the others stand."""
        ends, late = [], 0
        for law in laws:
            ends.append(_knots(law) + late)
            late += law.duration_ms
        count = sum(len(own) for own in ends)
        share, detour = np.zeros((len(laws), count, 4)), np.zeros((len(laws), count, 4))
        at = 0
        for wave, law in enumerate(laws):
            own = _knots(law)
            here = slice(at, at + len(own))
            share[wave, here] = _restricted(law.ends_ms, law.share, own)
            share[wave, at + len(own) :] = 1.0
            detour[wave, here] = _bump(own, share[wave, here])
            at += len(own)
        return cls(np.concatenate(ends), share, detour)


def asked(
    law: TimeLaw, ways: Floats, bumps: Floats, limit: dict[str, float]
) -> tuple[float, float, float, float]:
    """What flights by a law ask for, as shares of the limits, looked at in every phase.

    Velocity; acceleration while the clock runs evenly, which is that of bumps alone; acceleration; and jerk.
    With v, a and j those of the clock, and k = 4 (1 - 2 s) how a bump goes on with the way:
    v (w + k b), a (w + k b) - 8 v² b, and j (w + k b) - 24 v a b.
    """
    seconds = np.diff(law.ends_ms, prepend=0)[:, None] / 1000
    u = np.linspace(0, 1, 5)
    p = law.share
    legs, turns = 3 * np.diff(p) / seconds, 6 * np.diff(p, n=2) / seconds**2
    s = p @ np.stack([(1 - u) ** 3, 3 * (1 - u) ** 2 * u, 3 * (1 - u) * u**2, u**3])
    v = legs @ np.stack([(1 - u) ** 2, 2 * (1 - u) * u, u**2])
    a = turns @ np.stack([1 - u, u])
    j = np.broadcast_to(6 * np.diff(p, n=3) / seconds**3, s.shape)
    even = (np.abs(a) <= 1e-6 * np.abs(a).max()).ravel()
    s, v, a, j = (x.ravel()[:, None, None] for x in (s, v, a, j))
    along = ways + 4 * (1 - 2 * s) * bumps
    velocity = v * along
    flat = np.hypot(velocity[..., 0], velocity[..., 1]).max() / limit["velocity_xy"]
    up = max(velocity[..., 2].max() / limit["velocity_up"], -velocity[..., 2].min() / limit["velocity_down"])
    acceleration = _lengths(a * along - 8 * v * v * bumps).max(axis=1) / limit["acceleration"]
    jerk = _lengths(j * along - 24 * v * a * bumps).max() / limit["jerk"]
    return (
        float(max(flat, up)), float(acceleration[even].max(initial=0)), float(acceleration.max()), float(jerk)
    )  # fmt: skip


def _knots(law: TimeLaw) -> Ints:
    """The ends of a law's phases, and of the pieces into which its longest is divided."""
    lengths = np.diff(law.ends_ms, prepend=0)
    longest = int(np.argmax(lengths))
    pieces = int(np.clip(lengths[longest] // PIECE_MS, 1, PIECES))
    begin = law.ends_ms[longest] - lengths[longest]
    inner = [begin + round(lengths[longest] * k / pieces / TICK_MS) * TICK_MS for k in range(1, pieces)]
    return np.unique(np.concatenate([law.ends_ms, np.array(inner, np.int64)]))


def _restricted(ends_ms: Ints, controls: Floats, knots: Ints) -> Floats:
    """The same piecewise cubic (K, 4) on finer times."""
    out, begin = np.empty((len(knots), 4)), 0
    begins = np.concatenate([[0], ends_ms[:-1]])
    for row, end in enumerate(knots):
        k = int(np.searchsorted(ends_ms, end))
        length = ends_ms[k] - begins[k]
        low, high = (begin - begins[k]) / length, (end - begins[k]) / length
        for place, at in enumerate(
            ((low, low, low), (low, low, high), (low, high, high), (high, high, high))
        ):
            value = controls[k]
            for u in at:
                value = value[:-1] + u * np.diff(value)
            out[row, place] = value[0]
        begin = end
    out[1:, 0] = out[:-1, 3]
    return out


def _bump(ends_ms: Ints, share: Floats) -> Floats:
    """β: the spline with continuous acceleration through 4 s (1 - s) at the knots, level at both ends."""
    from scipy.interpolate import CubicSpline

    times = np.concatenate([[0], ends_ms]) / 1000
    shares = np.concatenate([[0.0], share[:, 3]])
    spline = CubicSpline(times, 4 * shares * (1 - shares), bc_type="clamped")
    values, slopes, lengths = spline(times), spline(times, 1), np.diff(times)
    values[[0, -1]] = slopes[[0, -1]] = 0.0
    return np.stack([
        values[:-1], values[:-1] + slopes[:-1] * lengths / 3, values[1:] - slopes[1:] * lengths / 3,
        values[1:]
    ], axis=1)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Flight:
    """A transition in metres: N drones, the wave each flies in, and how far aside each bends."""

    starts: Floats
    ways: Floats
    waves: Ints
    bumps: Floats
    clock: Clock

    def controls(self, drones: Ints | slice = slice(None)) -> Floats:
        """Shape (n, K, 4, 3)."""
        waves = self.waves[drones]
        share, detour = self.clock.share[waves][..., None], self.clock.detour[waves][..., None]
        where = self.starts[drones, None, None] + share * self.ways[drones, None, None]
        return np.asarray(where + detour * self.bumps[drones, None, None])


@dataclass(frozen=True, eq=False)
class Room:
    """How far aside each drone may bend: horizontally in any direction, and down and up.  Shape (N,) each."""

    aside: Floats
    down: Floats
    up: Floats

    def holding(self, bumps: Floats) -> Room:
        """The same room, and that of bumps which are known to fit."""
        return Room(
            np.maximum(self.aside, np.hypot(bumps[:, 0], bumps[:, 1])),
            np.maximum(self.down, -bumps[:, 2]),
            np.maximum(self.up, bumps[:, 2]),
        )

    def within(self, aside: Floats, steep: Floats) -> Room:
        """What of the room is no further aside, and no further down or up."""
        return Room(
            np.minimum(self.aside, aside), np.minimum(self.down, steep), np.minimum(self.up, steep)
        )  # fmt: skip

    def clipped(self, bumps: Floats) -> Floats:
        """The bumps, made small enough to fit."""
        flat = np.hypot(bumps[:, 0], bumps[:, 1])
        share = np.minimum(1.0, self.aside / np.maximum(flat, 1e-9))
        heights = np.clip(bumps[:, 2], -self.down, self.up)
        return np.stack([bumps[:, 0] * share, bumps[:, 1] * share, heights], axis=1)


@dataclass(frozen=True, eq=False)
class Watch:
    """The pairs (P, 2) that bumps could bring too close, and what distance each needs in the metric.

    ``together`` (N, 3): bumps by which all move apart; they bring no pair closer, only what is added to them.
    """

    pairs: Ints
    needs: Floats
    straight: Floats
    reach: float
    together: Floats

    @classmethod
    def over(  # noqa: PLR0917
        cls, flight: Flight, distance: float, margin: float, downwash: float, together: Floats,
        pad: float = PAD_M,
    ) -> Watch:  # fmt: skip
        scale = np.array([1.0, 1.0, 1.0 / downwash])
        a, w = flight.starts * scale, flight.ways * scale
        pairs, straight = near_pairs(a, w, flight.waves, distance + margin + pad)
        i, j = pairs[:, 0], pairs[:, 1]
        at_rest = np.minimum(_lengths(a[i] - a[j]), _lengths(a[i] + w[i] - a[j] - w[j]))
        # Where drones start or end nearer than the margin asks, they keep at least what is required.
        needs = np.maximum(distance - ROUNDED_M, np.minimum(distance + margin, at_rest * (1 - 1e-9)))
        # Rounding moves each drone by less than the margin, too.
        return cls(pairs, needs, straight, pad / 2 - margin, together)


def _lengths(vectors: Floats) -> Floats:
    return np.asarray(np.sqrt((vectors * vectors).sum(axis=-1)))


def repaired(  # noqa: PLR0917
    flight: Flight, watch: Watch, room: Room, downwash: float, most_m: float, sweeps: int
) -> tuple[Flight, Ints, int]:
    """Bend drones aside until every watched pair keeps what it needs.

    Returns: the flight, the pairs that are still too close, and how many sweeps it took.
    """
    scale = np.array([1.0, 1.0, 1.0 / downwash])
    drones, pieces = len(flight.starts), len(flight.clock.ends_ms)
    first = np.arange(drones + 1) * pieces
    ends = np.tile(flight.clock.ends_ms, drones)
    exempt = np.zeros(len(ends), bool)
    bumps = flight.bumps.copy()
    controls = (flight.controls() * scale).reshape(-1, 4, 3)
    bad = np.zeros(len(watch.pairs), bool)
    # A pair without bumps keeps at least its straight distance whatever the clock.
    bent = (bumps != 0).any(axis=1)
    look = (watch.straight < watch.needs) | bent[watch.pairs].any(axis=1)
    s, beta = _looks(flight.clock)
    limits = np.stack([np.minimum(room.aside, most_m), np.minimum(room.down, most_m),
                       np.minimum(room.up, most_m)], axis=1)  # fmt: skip
    for sweep in range(sweeps + 1):
        bad[look] = too_close(first, ends, controls, exempt, watch.pairs[look], watch.needs[look])
        pairs = watch.pairs[bad]
        if not len(pairs) or sweep == sweeps:
            break
        for _again in range(PUSHES):
            _push(flight.starts, flight.ways, bumps, flight.waves, pairs, watch.needs[bad], s, beta,
                  1 / downwash, limits)  # fmt: skip
        moved = np.unique(pairs)
        flight = replace(flight, bumps=bumps.copy())
        controls.reshape(drones, pieces, 4, 3)[moved] = flight.controls(moved) * scale
        touched = np.zeros(drones, bool)
        touched[moved] = True
        look = touched[watch.pairs].any(axis=1)
    return flight, watch.pairs[bad], sweep


def _looks(clock: Clock) -> tuple[Floats, Floats]:
    """s and β of each wave at instants spread over all pieces."""
    u = (np.arange(SAMPLES) + 0.5) / SAMPLES
    basis = np.stack([(1 - u) ** 3, 3 * (1 - u) ** 2 * u, 3 * (1 - u) * u**2, u**3])
    return (
        np.ascontiguousarray((clock.share @ basis).reshape(len(clock.share), -1)),
        np.ascontiguousarray((clock.detour @ basis).reshape(len(clock.detour), -1)),
    )


HEAD_ON = 0.02
"""Ways that pass each other within this share of the distance count as meeting head on."""
OVERSHOOT = 0.02
"""Metres that a push asks for beyond the need, so that few sweeps end."""


@inner
def _between(starts, ways, bumps, i, j, si, sj, bi, bj):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """From one drone to another, when each has flown its share of the way and of the bump."""
    return (
        starts[i, 0] - starts[j, 0] + si * ways[i, 0] - sj * ways[j, 0] + bi * bumps[i, 0] - bj * bumps[j, 0],
        starts[i, 1] - starts[j, 1] + si * ways[i, 1] - sj * ways[j, 1] + bi * bumps[i, 1] - bj * bumps[j, 1],
        starts[i, 2] - starts[j, 2] + si * ways[i, 2] - sj * ways[j, 2] + bi * bumps[i, 2] - bj * bumps[j, 2],
    )


@compiled
def _push(starts, ways, bumps, waves, pairs, needs, s, beta, squash, limits):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """Bend both drones of each pair away from each other, at the instant that asks for the largest bump."""
    for place in range(pairs.shape[0]):
        i, j = pairs[place, 0], pairs[place, 1]
        u, v = waves[i], waves[j]
        lacks, least, k, closest = -1e300, 1e300, 0, 0
        for at in range(s.shape[1]):
            x, y, z = _between(starts, ways, bumps, i, j, s[u, at], s[v, at], beta[u, at], beta[v, at])
            long = np.sqrt(x * x + y * y + squash * squash * z * z)
            missing = (needs[place] + OVERSHOOT - long) / max(beta[u, at] + beta[v, at], 0.02)
            if missing > lacks:
                lacks, k = missing, at
            if long < least:
                least, closest = long, at
        if lacks <= 0:
            # They pass too quickly for the samples, and are closest between two of them.
            k = closest
        bi, bj = beta[u, k], beta[v, k]
        vx, vy, vz = _between(starts, ways, bumps, i, j, s[u, k], s[v, k], bi, bj)
        # Drones that meet head on part sideways: along their way no bump helps.
        wx = bi * ways[i, 0] - bj * ways[j, 0]
        wy = bi * ways[i, 1] - bj * ways[j, 1]
        wz = (bi * ways[i, 2] - bj * ways[j, 2]) * squash
        square = max(wx * wx + wy * wy + wz * wz, 1e-12)
        along = (vx * wx + vy * wy + vz * squash * wz) / square
        ax, ay, az = vx - along * wx, vy - along * wy, vz * squash - along * wz
        if ax * ax + ay * ay + az * az < (HEAD_ON * needs[place]) ** 2:
            flat = np.sqrt(wx * wx + wy * wy)
            vx, vy, vz, far = 1.0, 0.0, 0.0, 1.0
            if flat > 1e-6:
                vx, vy = -wy / flat, wx / flat
        else:
            # Along the way apart a push only shifts the moment at which they are closest.
            vx, vy, vz, far = ax, ay, az / squash, np.sqrt(ax * ax + ay * ay + az * az)
        if lacks <= 0:
            lacks = max(needs[place] + OVERSHOOT - np.sqrt(ax * ax + ay * ay + az * az), 0.0) / max(
                bi + bj, 0.02
            )
        amount = lacks / far
        for side in range(2):
            drone = i if side == 0 else j
            sign = 1.0 if side == 0 else -1.0
            bx, by = bumps[drone, 0] + sign * amount * vx, bumps[drone, 1] + sign * amount * vy
            bz = bumps[drone, 2] + sign * amount * vz
            flat = np.sqrt(bx * bx + by * by)
            if flat > limits[drone, 0]:
                bx, by = bx * limits[drone, 0] / flat, by * limits[drone, 0] / flat
            bumps[drone, 0], bumps[drone, 1] = bx, by
            bumps[drone, 2] = min(max(bz, -limits[drone, 1]), limits[drone, 2])


def still_watched(flight: Flight, watch: Watch, downwash: float) -> bool:
    """Whether no bump has grown so far that a pair outside the watch could be too close."""
    bumps = (flight.bumps - watch.together) * np.array([1.0, 1.0, 1.0 / downwash])
    most = float(flight.clock.detour.max(initial=1.0))
    return bool(_lengths(bumps).max(initial=0.0) * most <= watch.reach)


def bent(flight: Flight) -> NDArray[np.bool_]:
    """Which drones make a detour."""
    return np.asarray((flight.bumps != 0).any(axis=1))
