"""Points from a file: one line for each drone."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO
from math import isfinite

import numpy as np

from .._limits import Limits
from .._problems import Problem, ShowInvalid
from ._placing import LONGEST_M, MARGIN, MOST, WHITE, Colour, Placed, closest, formation_of, refuse

MOST_BYTES = 8_000_000
MOST_PROBLEMS = 20


def point_file(
    source: bytes,
    limits: Limits,
    *,
    drones: int | None = None,
    spacing_m: float | None = None,
    scale: float = 1.0,
    colour: Colour = WHITE,
) -> Placed:
    """Read a formation from CSV: x, y, z in metres and, if wanted, red, green, blue from 0 to 255.

    The points stay where the file puts them, times ``scale``.  A first line of names is skipped.

    Args:
        drones: how many points the file must have; None takes as many as there are.
    Raises: ShowInvalid: file-too-large, points-unreadable, points-empty, points-too-many, points-not-drones,
        row-columns and row-number (with the line in ``where``), points-too-close (facts ``fits``, ``wanted``
        and ``scale``; no scale holds points that lie on each other).
    """
    if len(source) > MOST_BYTES:
        raise refuse("file-too-large", "points", bytes=len(source), most=MOST_BYTES)
    if not (isfinite(scale) and 0 < scale <= LONGEST_M):
        raise refuse("size-out-of-range", "scale", size=scale, most=LONGEST_M)
    rows = _rows(source)
    if drones is not None and len(rows) != drones:
        raise refuse("points-not-drones", "points", points=len(rows), drones=drones)
    points = rows[:, :3] * scale
    colours = rows[:, 3:].astype(np.uint8) if rows.shape[1] == 6 else None
    spacing = MARGIN * limits.distance_m if spacing_m is None else spacing_m
    gap = closest(points, limits.downwash)
    if gap < spacing:
        needed = scale * spacing / gap * (1 + 1e-9) if gap > 0 else None
        fits = _standing_apart(points / [1.0, 1.0, limits.downwash], spacing)
        raise refuse("points-too-close", "points", fits=fits, wanted=len(points), scale=needed)
    size = float(np.ptp(points, axis=0).max())
    return Placed(formation_of(points, colours, colour), size, gap)


def _rows(source: bytes) -> np.ndarray:
    """Shape (N, 3) or (N, 6)."""
    try:
        text = source.decode("utf-8-sig")
        lines = list(csv.reader(StringIO(text, newline="")))
    except (UnicodeDecodeError, csv.Error) as error:
        raise refuse("points-unreadable", "points") from error
    numbered = [(number, line) for number, line in enumerate(lines, 1) if any(cell.strip() for cell in line)]
    if numbered and not any(_number(cell) is not None for cell in numbered[0][1]):
        numbered = numbered[1:]
    if not numbered:
        raise refuse("points-empty", "points")
    if len(numbered) > MOST:
        raise refuse("points-too-many", "points", points=len(numbered), most=MOST)
    problems: list[Problem] = []
    rows: list[list[float]] = []
    columns = len(numbered[0][1])
    for number, line in numbered:
        if len(line) != columns or columns not in {3, 6}:
            problems.append(Problem("row-columns", f"line {number}", {"columns": len(line)}))
        else:
            problems += _flaws(number, line)
            rows.append([_number(cell) or 0.0 for cell in line])
        if len(problems) >= MOST_PROBLEMS:
            break
    if problems:
        raise ShowInvalid(problems)
    return np.array(rows, float)


def _flaws(number: int, line: list[str]) -> Iterator[Problem]:
    for column, cell in enumerate(line, 1):
        value = _number(cell)
        place = value is not None and abs(value) <= LONGEST_M
        light = value is not None and 0 <= value <= 255 and value == int(value)
        if not (place if column <= 3 else light):
            yield Problem("row-number", f"line {number}", {"column": column, "value": cell[:40]})


def _number(cell: str) -> float | None:
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if isfinite(value) else None


def _standing_apart(metric: np.ndarray, spacing: float) -> int:
    """How many points are left when of two that are too near the later goes."""
    from scipy.spatial import cKDTree

    tree = cKDTree(metric)
    keep = np.ones(len(metric), bool)
    for number, place in enumerate(metric):
        if not keep[number]:
            continue
        near = tree.query_ball_point(place, spacing * (1 - 1e-12))
        keep[[other for other in near if other > number]] = False
    return int(keep.sum())
