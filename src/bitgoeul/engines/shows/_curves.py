"""The paths of a fleet as they are exported: piecewise cubics on a grid of exact numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

CANONICAL = 3_000_000
"""Units per metre of a digest: whole millimetres and a third of a micrometre are exact in it."""

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Curves:
    """Paths of N drones: cubic Bezier segments whose control points and times are whole numbers.

    What is certified and what is exported is this, bit by bit; there is no finer truth behind it.

    ``per_metre``: units of ``controls`` per metre, a divisor of :data:`CANONICAL`.
    ``first``: shape (N + 1,); the segments of drone i are ``first[i]:first[i + 1]``.
    ``ends_ms``: shape (S,); show time at which a segment ends, strictly increasing within a drone.  The first
    segment of every drone begins at 0 and the last of every drone ends at the same moment.
    ``controls``: shape (S, 4, 3); Bezier control points x, y, z; a segment begins where the one before ended.
    """

    per_metre: int
    first: Ints
    ends_ms: Ints
    controls: Ints

    def __post_init__(self) -> None:
        if CANONICAL % self.per_metre:
            raise ValueError(f"{self.per_metre} units per metre do not divide {CANONICAL}")
        inner = np.ones(len(self.ends_ms), bool)
        inner[self.first[:-1]] = False
        begins = self.begins_ms
        if (self.ends_ms <= begins).any():
            raise ValueError("segments end after they begin")
        if len(set(self.ends_ms[self.first[1:] - 1].tolist())) > 1:
            raise ValueError("every drone's path ends at the same moment")
        if (self.controls[inner, 0] != self.controls[np.flatnonzero(inner) - 1, 3]).any():
            raise ValueError("a segment begins where the one before it ended")

    @property
    def drones(self) -> int:
        """How many drones fly."""
        return len(self.first) - 1

    @property
    def duration_ms(self) -> int:
        """When the last segments end."""
        return int(self.ends_ms[-1])

    @property
    def begins_ms(self) -> Ints:
        """Shape (S,): when each segment begins."""
        begins = np.empty_like(self.ends_ms)
        begins[1:] = self.ends_ms[:-1]
        begins[self.first[:-1]] = 0
        return begins

    @classmethod
    def together(cls, per_metre: int, ends_ms: Ints, controls: Ints) -> Curves:
        """Make curves whose drones share their times: ``ends_ms`` (K,), ``controls`` (K, N, 4, 3)."""
        segments, drones = controls.shape[:2]
        return cls(
            per_metre,
            np.arange(drones + 1, dtype=np.int64) * segments,
            np.tile(np.asarray(ends_ms, np.int64), drones),
            np.ascontiguousarray(controls.transpose(1, 0, 2, 3)).reshape(-1, 4, 3).astype(np.int64),
        )

    @classmethod
    def after_another(cls, parts: Sequence[Curves]) -> Curves:
        """Fly one part after another.  Each begins where the one before it ended, on the same grid."""
        per_metre, drones = parts[0].per_metre, parts[0].drones
        if any(part.per_metre != per_metre or part.drones != drones for part in parts):
            raise ValueError("parts of one show have the same drones and the same grid")
        counts = np.sum([np.diff(part.first) for part in parts], axis=0)
        first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        ends = np.empty(first[-1], np.int64)
        controls = np.empty((first[-1], 4, 3), np.int64)
        at, late = first[:-1].copy(), 0
        for part in parts:
            own = np.diff(part.first)
            # Where each segment of this part goes: its drone's place, and its number within the drone.
            place = np.repeat(at - part.first[:-1], own) + np.arange(len(part.ends_ms))
            ends[place], controls[place] = part.ends_ms + late, part.controls
            at, late = at + own, late + part.duration_ms
        return cls(per_metre, first, ends, controls)

    def metres(self) -> Floats:
        """Shape (S, 4, 3): control points in metres."""
        return self.controls / float(self.per_metre)

    def at(self, moment_ms: float) -> Floats:
        """Shape (N, 3): where each drone is at a show time, in metres; outside the show it stands."""
        moment = min(max(float(moment_ms), 0.0), float(self.duration_ms))
        where = np.empty(self.drones, np.int64)
        for drone in range(self.drones):
            begin, end = self.first[drone], self.first[drone + 1]
            where[drone] = begin + min(
                int(np.searchsorted(self.ends_ms[begin:end], moment, side="left")), end - begin - 1
            )
        begins = self.begins_ms[where]
        s = ((moment - begins) / (self.ends_ms[where] - begins))[:, None]
        a, b, c, d = (self.controls[where, k] / float(self.per_metre) for k in range(4))
        r = 1 - s
        return r * r * r * a + 3 * r * r * s * b + 3 * r * s * s * c + s * s * s * d

    def parked(self) -> NDArray[np.bool_]:
        """Shape (S,): whether a segment stands still on the ground."""
        still = (self.controls == self.controls[:, :1]).all(axis=(1, 2))
        return still & (self.controls[:, 0, 2] == 0)

    def digest(self) -> str:
        """SHA-256 of the paths, whatever grid they are held on: hexadecimal.

        Hashed are, as little-endian 64-bit integers: the number of drones; per drone the number of its
        segments, then per segment its end in milliseconds and its 12 coordinates in :data:`CANONICAL` units
        per metre.
        """
        scale = CANONICAL // self.per_metre
        rows = np.concatenate([self.ends_ms[:, None], self.controls.reshape(-1, 12) * scale], axis=1).astype(
            "<i8"
        )
        total = sha256(np.int64(self.drones).astype("<i8").tobytes())
        for begin, end in zip(self.first[:-1], self.first[1:], strict=True):
            total.update(np.int64(end - begin).astype("<i8").tobytes())
            total.update(rows[begin:end].tobytes())
        return total.hexdigest()
