"""Points along outlines: equal steps from corner to corner, and nothing nearer than the pitch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .._curves import Floats

CORNER = np.cos(np.radians(38.0))
"""Cosine of the turn from which on a vertex is a corner that a point must mark."""


@dataclass(frozen=True, eq=False)
class Line:
    """A polyline in the ellipsoid metric, ``points`` of shape (M, 3); its first point is not repeated."""

    points: Floats
    closed: bool = False
    colour: tuple[int, int, int] | None = None


@dataclass(frozen=True, eq=False)
class _Track:
    """A line made ready: its vertices, how far along each lies, and its corners, the sharpest first."""

    line: int
    path: Floats
    along: Floats
    closed: bool
    corners: NDArray[np.int64]

    @property
    def length(self) -> float:
        return float(self.along[-1])

    def at(self, distances: Floats) -> Floats:
        return np.stack([np.interp(distances, self.along, self.path[:, k]) for k in range(3)], axis=1)


@dataclass
class _Stretch:
    """A piece of a track between two corners that are kept, and into how many steps it is cut."""

    track: _Track
    begin: float
    end: float
    steps: int
    ends: bool


@dataclass(frozen=True, eq=False)
class Along:
    """Points on lines: ``points`` (N, 3) and the number of the line of each, ``lines`` (N,)."""

    points: Floats
    lines: NDArray[np.int64]


def tracks_of(lines: Sequence[Line]) -> list[_Track]:
    """Make lines ready to be walked along; those without length are left out."""
    tracks = []
    for number, line in enumerate(lines):
        path, closed = line.points, line.closed
        if closed:
            path = np.concatenate([path, path[:1]])
        elif len(path) > 3 and (path[0] == path[-1]).all():
            closed = True
        steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
        keep = np.concatenate([[True], steps > 1e-9])
        path, steps = path[keep], steps[steps > 1e-9]
        if len(path) < 2:
            continue
        tracks.append(_ready(number, path, steps, closed))
    return tracks


def _ready(number: int, path: Floats, steps: Floats, closed: bool) -> _Track:
    """Begin closed tracks at their sharpest corner, or at their top where they are smooth."""
    ways = np.diff(path, axis=0) / steps[:, None]
    if closed and len(path) > 3:
        turns = (ways * np.roll(ways, 1, axis=0)).sum(axis=1)
        start = int(np.argmin(turns)) if turns.min() < CORNER else int(np.argmax(path[:-1, 2]))
        ring = np.roll(path[:-1], -start, axis=0)
        path, turns, steps = np.concatenate([ring, ring[:1]]), np.roll(turns, -start), np.roll(steps, -start)
    else:
        turns = np.concatenate([[-1.0], (ways[1:] * ways[:-1]).sum(axis=1)])
    along = np.concatenate([[0.0], np.cumsum(steps)])
    corners = np.flatnonzero(turns < CORNER)
    corners = corners[np.argsort(turns[corners], kind="stable")]
    if not closed:
        corners = np.concatenate([[0, len(path) - 1], corners[corners != 0]]).astype(np.int64)
    return _Track(number, path, along, closed, corners)


def total_length(tracks: Sequence[_Track]) -> float:
    """The length of all tracks together."""
    return sum(track.length for track in tracks)


def walk(tracks: Sequence[_Track], pitch: float) -> Along:
    """Return as many points as fit along the tracks at a pitch, in even steps."""
    return _apart(_stretches(tracks, pitch), pitch)


def walk_exactly(tracks: Sequence[_Track], count: int) -> Along:
    """Return exactly ``count`` points in the widest even steps for which so many are found."""
    low = high = total_length(tracks) / count
    while len(walk(tracks, low).points) < count:
        low *= 0.7
        if low < 1e-7:
            return Along(np.zeros((0, 3)), np.zeros(0, np.int64))
    # A single point is there at any pitch.
    while len(walk(tracks, high).points) >= count and high < 4 * total_length(tracks):
        high *= 1.3
    for _ in range(26):
        middle = (low + high) / 2
        low, high = (middle, high) if len(walk(tracks, middle).points) >= count else (low, middle)
    return _without_surplus(_stretches(tracks, low), low, count)


def _stretches(tracks: Sequence[_Track], pitch: float) -> list[_Stretch]:
    found: list[_Stretch] = []
    for track in tracks:
        marks = _kept_corners(track, pitch)
        if not marks:
            found.append(_cut(track, 0.0, track.length, pitch, ends=False))
            continue
        # Closed lines go around to where they began, open ones to both of their ends.
        around = [*marks, marks[0] + track.length]
        marks = around if track.closed else sorted({0.0, *marks, track.length})
        found += [_cut(track, a, b, pitch, ends=True) for a, b in pairwise(marks)]
    return found


def _kept_corners(track: _Track, pitch: float) -> list[float]:
    """Distances along the track of corners that are a pitch apart, sharper ones first."""
    kept: list[int] = []
    for corner in track.corners:
        if not kept or (np.square(track.path[kept] - track.path[corner]).sum(axis=1).min() >= pitch * pitch):
            kept.append(int(corner))
        if len(kept) * pitch > 4 * track.length:
            break
    return sorted(float(track.along[corner]) for corner in kept)


def _cut(track: _Track, begin: float, end: float, pitch: float, *, ends: bool) -> _Stretch:
    """Cut a stretch into the most equal steps whose chords are not shorter than the pitch."""
    stretch = _Stretch(track, begin, end, max(int((end - begin) / pitch + 1e-9), 1), ends)
    while stretch.steps > 1:
        points = _points(stretch, closing=True)
        if np.square(np.diff(points, axis=0)).sum(axis=1).min() >= pitch * pitch * (1 - 1e-9):
            break
        stretch.steps -= max(stretch.steps // 50, 1)
    return stretch


def _points(stretch: _Stretch, *, closing: bool = False) -> Floats:
    distances = np.linspace(stretch.begin, stretch.end, stretch.steps + 1)
    if not closing and stretch.track.closed and stretch.steps:
        distances = distances[:-1]  # the next stretch begins there
    if stretch.track.closed:
        wrapped = np.mod(distances, stretch.track.length)
        distances = np.where(np.isclose(distances, stretch.track.length), 0.0, wrapped)
    return stretch.track.at(distances)


def _apart(stretches: Sequence[_Stretch], pitch: float) -> Along:
    """Put the points of all stretches together; of two that are too near, the corner or the earlier stays."""
    from scipy.spatial import cKDTree

    if not stretches:
        return Along(np.zeros((0, 3)), np.zeros(0, np.int64))
    parts = [_points(stretch) for stretch in stretches]
    points = np.concatenate(parts)
    lines = np.repeat([stretch.track.line for stretch in stretches], [len(part) for part in parts])
    firm = np.concatenate(
        [
            np.arange(len(part)) == 0 if stretch.ends else np.zeros(len(part), bool)
            for stretch, part in zip(stretches, parts, strict=True)
        ]
    )
    order = np.argsort(~firm, kind="stable")
    points, lines = points[order], lines[order]
    pairs = cKDTree(points).query_pairs(pitch * (1 - 1e-9), output_type="ndarray")
    keep = np.ones(len(points), bool)
    pairs.sort(axis=1)
    # Later points give way to earlier ones that stay, so the earlier are settled first.
    for a, b in pairs[np.lexsort((pairs[:, 0], pairs[:, 1]))].tolist():
        if keep[a]:
            keep[b] = False
    back = np.sort(order[keep])
    where = np.empty(len(points), np.int64)
    where[order] = np.arange(len(points))
    return Along(points[where[back]], lines[where[back]])


def _without_surplus(stretches: list[_Stretch], pitch: float, count: int) -> Along:
    """Widen the tightest steps until no point is over; what cannot be widened loses single points."""
    result = _apart(stretches, pitch)
    for _ in range(60):
        surplus = len(result.points) - count
        if surplus <= 0:
            return result
        wide = [stretch for stretch in stretches if stretch.steps > 2]
        changed = sorted(wide, key=lambda s: (s.end - s.begin) / (s.steps - 1), reverse=True)[:surplus]
        if not changed:
            break
        for stretch in changed:
            stretch.steps -= 1
        widened = _apart(stretches, pitch)
        if len(widened.points) < count:
            for stretch in changed:
                stretch.steps += 1
            break
        result = widened
    return _thinned(result, len(result.points) - count)


def _thinned(result: Along, surplus: int) -> Along:
    """Leave out the points that are nearest to others."""
    from scipy.spatial import cKDTree

    points, lines = result.points, result.lines
    for _ in range(surplus):
        near = cKDTree(points).query(points, k=min(3, len(points)))[0][:, 1:].sum(axis=1)
        out = int(np.argmin(near))
        points, lines = np.delete(points, out, axis=0), np.delete(lines, out)
    return Along(points, lines)
