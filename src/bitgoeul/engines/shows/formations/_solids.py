"""Figures made by formulas: surfaces, lines, rows and blocks."""

from __future__ import annotations

from math import isfinite, pi

import numpy as np

from .._curves import Floats
from ._areas import spread
from ._lines import Line
from ._mesh import along_lines, over_triangles
from ._placing import Figure, Placed, Placing, placed, refuse
from ._regions import Shape

FINE = 1_440
"""Corners of a circle that stands for a round one: its chords are 2 millionths of the radius off."""


def sphere(placing: Placing) -> Placed:
    """Place drones evenly on the surface of a sphere.  Raises: ShowInvalid as every placing does."""
    surface = _ball(placing)

    def draw(count: int) -> Figure:
        return Figure(spread(surface, count, np.random.default_rng(placing.seed)) / placing.squash)

    return placed(draw, placing)


def cone(placing: Placing, *, height: float = 1.5) -> Placed:
    """Place drones on the round side of a cone that is ``height`` times as high as it is wide.

    Raises: ShowInvalid: proportion-out-of-range, and as every placing does.
    """
    _proportion(height, "height")
    angle = np.linspace(0, 2 * pi, 361)
    rim = np.stack([np.cos(angle) / 2, np.sin(angle) / 2, np.zeros(361)], axis=1)
    top = np.broadcast_to([0.0, 0.0, height], (360, 3))
    return over_triangles(np.stack([top, rim[:-1], rim[1:]], axis=1) / max(height, 1.0), placing)


def ring(placing: Placing, *, rings: int = 1, tilt_deg: float = 0.0) -> Placed:
    """Place drones on a ring, or on several around each other.

    ``tilt_deg``: 0 stands upright and faces the audience, 90 lies flat.
    Raises: ShowInvalid: count-out-of-range, angle-not-finite, and as every placing does.
    """
    _count(rings, "rings", 100)
    angle = np.linspace(0, 2 * pi, FINE, endpoint=False)
    circle = np.stack([np.cos(angle), np.zeros(FINE), np.sin(angle)], axis=1) / 2
    circle = tilted(circle, tilt_deg)
    lines = [Line(circle * share * placing.squash, closed=True) for share in np.arange(rings, 0, -1) / rings]
    return along_lines(lines, placing)


def helix(placing: Placing, *, turns: float = 4.0, height: float = 2.0) -> Placed:
    """Place drones on a spiral around the vertical, ``height`` times as high as it is wide.

    Raises: ShowInvalid: proportion-out-of-range, and as every placing does.
    """
    _proportion(turns, "turns")
    _proportion(height, "height")
    share = np.linspace(0, 1, int(min(FINE * turns, 100_000)) + 2)
    angle = 2 * pi * turns * share
    points = np.stack([np.cos(angle) / 2, np.sin(angle) / 2, height * share], axis=1)
    return along_lines([Line(points / max(height, 1.0) * placing.squash)], placing)


def plane(placing: Placing, *, aspect: float = 16 / 9, tilt_deg: float = 0.0) -> Placed:
    """Place drones in even rows on a rectangle ``aspect`` times as wide as high.

    ``tilt_deg``: 0 stands upright and faces the audience, 90 lies flat.
    Raises: ShowInvalid: proportion-out-of-range, angle-not-finite, and as every placing does.
    """
    _proportion(aspect, "aspect")
    width, height = min(aspect, 1.0), min(1 / aspect, 1.0)
    # How far apart rows count depends on how steeply they rise.
    rise = np.linalg.norm(tilted(np.array([[0.0, 0.0, 1.0]]), tilt_deg) * placing.squash)

    def draw(count: int) -> Figure:
        flat = _rows(count, width, height, float(rise))
        points = np.stack([flat[:, 0], np.zeros(count), flat[:, 1]], axis=1)
        return Figure(tilted(points, tilt_deg))

    return placed(draw, placing)


def grid(placing: Placing, *, layers: int = 1, aspect: float = 1.0) -> Placed:
    """Place drones in even rows on flat layers above each other, ``aspect`` times as wide as deep.

    Layers are as far apart, in the ellipsoid metric, as the rows of a layer.
    Raises: ShowInvalid: count-out-of-range, proportion-out-of-range, and as every placing does.
    """
    _count(layers, "layers", 1_000)
    _proportion(aspect, "aspect")
    width, depth = min(aspect, 1.0), min(1 / aspect, 1.0)

    def draw(count: int) -> Figure:
        most = -(-count // layers)
        gap = _best_rows(most, width, depth, 1.0)[1] if most > 1 else 1.0
        sheets = [_rows(share, width, depth, 1.0) for share in _shares(count, layers) if share]
        heights = np.repeat(np.arange(len(sheets)), [len(sheet) for sheet in sheets])
        flat = np.concatenate(sheets)
        return Figure(np.stack([flat[:, 0], flat[:, 1], heights * gap / placing.squash[2]], axis=1))

    return placed(draw, placing)


def cube(placing: Placing) -> Placed:
    """Fill a cube with drones in even layers of even rows.  Raises: ShowInvalid as every placing does."""

    def draw(count: int) -> Figure:
        layers = _best_layers(count, placing.squash[2])
        sheets = [_rows(share, 1.0, 1.0, 1.0) for share in _shares(count, layers)]
        heights = np.linspace(0, 1, layers) if layers > 1 else np.array([0.5])
        rises = np.repeat(heights, [len(sheet) for sheet in sheets])
        return Figure(np.column_stack([np.concatenate(sheets), rises]))

    return placed(draw, placing)


def wave(placing: Placing, *, waves: float = 2.0, height: float = 0.15, aspect: float = 1.6) -> Placed:
    """Place drones in even rows on a sheet that rises and falls along x.

    ``waves``: how many crests; ``height``: from trough to crest, as a share of the width; ``aspect``: how
    many times as wide as deep the sheet is.
    Raises: ShowInvalid: proportion-out-of-range, and as every placing does.
    """
    for name, value in {"waves": waves, "height": height, "aspect": aspect}.items():
        _proportion(value, name)
    width, depth = min(aspect, 1.0), min(1 / aspect, 1.0)

    def draw(count: int) -> Figure:
        flat = _rows(count, width, depth, 1.0)
        rise = height * width / 2 * np.sin(2 * pi * waves * flat[:, 0] / width)
        return Figure(np.column_stack([flat, rise]))

    return placed(draw, placing)


def tilted(points: Floats, tilt_deg: float) -> Floats:
    """Lay upright points back by an angle around x, shape (N, 3)."""
    if not isfinite(tilt_deg):
        raise refuse("angle-not-finite", "tilt_deg")
    angle = np.radians(tilt_deg)
    return np.stack(
        [points[:, 0], points[:, 1] * np.cos(angle) + points[:, 2] * np.sin(angle),
         points[:, 2] * np.cos(angle) - points[:, 1] * np.sin(angle)], axis=1
    )  # fmt: skip


def _ball(placing: Placing) -> Shape:
    """A sphere of diameter 1 as it looks in the ellipsoid metric."""
    flat = placing.squash[2]

    def stretch(unit: Floats) -> Floats:
        return np.sqrt(np.square(flat * unit[:, :2]).sum(axis=1) + np.square(unit[:, 2]))

    def draw(count: int, rng: np.random.Generator) -> Floats:
        kept: list[Floats] = []
        while sum(map(len, kept)) < count:
            unit = rng.standard_normal((2 * count, 3))
            unit /= np.linalg.norm(unit, axis=1)[:, None]
            kept.append(unit[rng.random(len(unit)) < stretch(unit)])
        return np.concatenate(kept)[:count] / 2 * placing.squash

    def nearest(points: Floats) -> Floats:
        round_ones = points / placing.squash
        length = np.linalg.norm(round_ones, axis=1)[:, None]
        up = np.where(length > 1e-12, round_ones / np.maximum(length, 1e-12), [0.0, 0.0, 1.0])
        return up / 2 * placing.squash

    heights = np.stack([np.sqrt(1 - (z := np.linspace(-1, 1, 2001)) ** 2), np.zeros(2001), z], axis=1)
    return Shape(float(pi * stretch(heights).mean()), 0.0, draw, nearest)


def _shares(count: int, parts: int) -> list[int]:
    """Divide as evenly as possible, larger shares spread among smaller ones."""
    marks = np.arange(parts + 1) * count // parts
    return [int(share) for share in np.diff(marks)]


def _rows(count: int, width: float, height: float, rise: float) -> Floats:
    """Points in even rows on a rectangle, each row as wide as the rectangle, shape (count, 2)."""
    rows = _best_rows(count, width, height, rise)[0]
    heights = np.linspace(0, height, rows) if rows > 1 else np.array([height / 2])
    parts = []
    for share, level in zip(_shares(count, rows), heights, strict=True):
        places = np.linspace(0, width, share) if share > 1 else np.array([width / 2])
        parts.append(np.column_stack([places, np.full(share, level)]))
    return np.concatenate(parts)


def _best_rows(count: int, width: float, height: float, rise: float) -> tuple[int, float]:
    """How many rows keep points farthest apart, and how far; a vertical difference counts ``rise``."""
    rows = np.arange(1, min(count, 5_000) + 1)
    most = -(-count // rows)
    across = np.where(most > 1, width / np.maximum(most - 1, 1), np.inf)
    along = np.where(rows > 1, height * rise / np.maximum(rows - 1, 1), np.inf)
    gaps = np.minimum(across, along)
    best = int(np.argmax(gaps))
    return int(rows[best]), float(min(gaps[best], 1.0))


def _best_layers(count: int, rise: float) -> int:
    """How many layers of a cube keep points farthest apart."""

    def gap(layers: int) -> float:
        own = _best_rows(-(-count // layers), 1.0, 1.0, 1.0)[1]
        return min(own, rise / (layers - 1)) if layers > 1 else own

    return max(range(1, min(count, 200) + 1), key=gap)


def _proportion(value: float, name: str) -> None:
    if not (isfinite(value) and 0.01 <= value <= 100):
        raise refuse("proportion-out-of-range", name, value=value, least=0.01, most=100)


def _count(value: int, name: str, most: int) -> None:
    if not 1 <= value <= most:
        raise refuse("count-out-of-range", name, value=value, least=1, most=most)
