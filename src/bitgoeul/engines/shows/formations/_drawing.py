"""Flat drawings: outlines and coloured areas that stand upright before the audience."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._curves import Floats
from ._areas import spread
from ._lines import Along, Line, total_length, tracks_of, walk, walk_exactly
from ._placing import Colour, Figure, Placed, Placing, placed, refuse
from ._regions import Flat

MOST_VERTICES = 200_000


class Style(StrEnum):
    """How a drawing is shown: its outlines, its areas, or areas with their outlines."""

    OUTLINE = "outline"
    FILL = "fill"
    BOTH = "both"


@dataclass(frozen=True, eq=False)
class Area:
    """A Shapely polygon, x to the right and y up, its colour and that of its outline, where they differ.

    None takes the colour of the placing.
    """

    shape: Any
    colour: Colour | None = None
    outline: Colour | None = None


@dataclass(frozen=True, eq=False)
class Stroke:
    """A drawn line, shape (M, 2), x to the right and y up."""

    points: Floats
    closed: bool
    colour: Colour | None = None


@dataclass
class Drawing:
    """What is drawn, in the order of painting: later areas cover earlier ones.

    ``paint`` overrides the colours: it takes points of shape (N, 2) and returns colours of shape (N, 3).
    """

    areas: list[Area] = field(default_factory=list)
    strokes: list[Stroke] = field(default_factory=list)
    paint: Callable[[Floats], NDArray[np.uint8]] | None = None


def place_drawing(drawing: Drawing, style: str, placing: Placing) -> Placed:
    """Place a drawing.  Raises: ShowInvalid when nothing is drawn, or as :func:`placed` does."""
    try:
        wanted = Style(style)
    except ValueError:
        raise refuse("style-unknown", "style", style=style) from None
    low, extent = _frame(drawing)
    areas = [
        Area(_moved(area.shape, low, extent, placing), area.colour, area.outline) for area in drawing.areas
    ]
    strokes = [
        Stroke((stroke.points - low) / extent * [1.0, placing.squash[2]], stroke.closed, stroke.colour)
        for stroke in drawing.strokes
    ]
    outlines = _visible_outlines(areas)
    lines = [_line(stroke) for stroke in (strokes if wanted is Style.FILL else [*strokes, *outlines])]
    inside = _inside(areas) if wanted is not Style.OUTLINE else None

    def draw(count: int) -> Figure:
        points, owners = _points(lines, inside, count, placing, edged=wanted is Style.BOTH)
        flat = points[:, [0, 2]] / [1.0, placing.squash[2]] * extent + low
        if drawing.paint is not None:
            colours = drawing.paint(flat)
        else:
            colours = _colours(points, owners, lines, areas, placing.colour)
        return Figure(points / placing.squash, colours)

    return placed(draw, placing)


def _frame(drawing: Drawing) -> tuple[Floats, float]:
    """The lower left corner of a drawing and its largest extent."""
    import shapely

    parts = [shapely.get_coordinates(area.shape) for area in drawing.areas]
    parts += [stroke.points for stroke in drawing.strokes]
    vertices = np.concatenate([part for part in parts if len(part)] or [np.zeros((0, 2))])
    if len(vertices) == 0:
        raise refuse("shape-empty")
    if len(vertices) > MOST_VERTICES:
        raise refuse("shape-too-detailed", vertices=len(vertices), most=MOST_VERTICES)
    if not np.isfinite(vertices).all() or np.abs(vertices).max() > 1e9:
        raise refuse("shape-not-finite")
    low = vertices.min(axis=0)
    extent = float((vertices.max(axis=0) - low).max())
    if extent <= 1e-9 * (1 + np.abs(vertices).max()):
        raise refuse("shape-empty")
    return low, extent


def _moved(shape: Any, low: Floats, extent: float, placing: Placing) -> Any:
    import shapely

    flat = shapely.transform(shape, lambda xy: (xy - low) / extent * [1.0, placing.squash[2]])
    return polygons(shapely.make_valid(flat))


def polygons(shape: Any) -> Any:
    """Return only what has an area of a Shapely geometry."""
    import shapely

    parts = [part for part in shapely.get_parts(shapely.get_parts(shape)) if part.geom_type == "Polygon"]
    return shapely.union_all(parts)


def _visible_outlines(areas: Sequence[Area]) -> list[Stroke]:
    """The outlines of areas, without what later areas cover; later ones come first, so they win."""
    import shapely

    outlines: list[Stroke] = []
    cover: Any = shapely.Polygon()
    for area in reversed(areas):
        edge = shapely.boundary(area.shape)
        if not cover.is_empty:
            edge = shapely.line_merge(shapely.difference(edge, cover.buffer(1e-6)))
        for part in shapely.get_parts(edge):
            points = shapely.get_coordinates(part)
            if len(points) < 2:
                continue
            closed = bool((points[0] == points[-1]).all())
            outlines.append(Stroke(points[:-1] if closed else points, closed, area.outline or area.colour))
        cover = shapely.union(cover, area.shape)
    return outlines


def _inside(areas: Sequence[Area]) -> Any:
    import shapely

    whole = polygons(shapely.union_all([area.shape for area in areas]))
    # Slivers hold no drone and would cost time.
    parts = [part for part in shapely.get_parts(whole) if part.area > 1e-7]
    return shapely.union_all(parts)


def _line(stroke: Stroke) -> Line:
    points = np.stack([stroke.points[:, 0], np.zeros(len(stroke.points)), stroke.points[:, 1]], axis=1)
    return Line(points, stroke.closed, stroke.colour)


def _points(
    lines: Sequence[Line], inside: Any, count: int, placing: Placing, *, edged: bool
) -> tuple[Floats, NDArray[np.int64]]:
    """Points of a drawing, shape (N, 3), and the line that each lies on, or -1."""
    rng = np.random.default_rng(placing.seed)
    tracks = tracks_of(lines)
    if inside is None or inside.is_empty:
        if not tracks:
            raise refuse("shape-empty")
        along = _exactly(walk_exactly(tracks, count), count)
        return along.points, along.lines
    if not tracks:
        return spread(Flat(inside), count, rng), np.full(count, -1)
    pitch = _shared_pitch(tracks, inside, count, edged=edged)
    along = walk(tracks, pitch)
    if len(along.points) >= count:
        along = _exactly(walk_exactly(tracks, count), count)
        return along.points, along.lines
    room = _room(inside, pitch, edged=edged)
    if room.is_empty:
        room = inside
    filled = spread(Flat(room), count - len(along.points), rng, fixed=along.points)
    return np.concatenate([along.points, filled]), np.concatenate([along.lines, np.full(len(filled), -1)])


def _exactly(along: Along, count: int) -> Along:
    if len(along.points) != count:
        raise refuse("shape-too-small", wanted=count)
    return along


def _shared_pitch(tracks: Any, inside: Any, count: int, *, edged: bool) -> float:
    """The pitch at which the lines and the area within them together take so many points."""
    low, high = 0.0, total_length(tracks) + np.sqrt(inside.area)
    for _ in range(20):
        pitch = (low + high) / 2
        held = len(walk(tracks, pitch).points) if pitch * count * 8 > total_length(tracks) else count
        if held < count:
            held += int(_room(inside, pitch, edged=edged).area / (0.9 * pitch * pitch))
        low, high = (pitch, high) if held >= count else (low, pitch)
    return max(low, 1e-6)


def _room(inside: Any, pitch: float, *, edged: bool) -> Any:
    """Where points may be that leave a pitch to an outline around them."""
    return inside.buffer(-0.86 * pitch) if edged else inside


def _colours(
    points: Floats, owners: NDArray[np.int64], lines: Sequence[Line], areas: Sequence[Area], colour: Colour
) -> NDArray[np.uint8]:
    import shapely

    colours = np.tile(np.array(colour, np.uint8), (len(points), 1))
    free = owners < 0
    # The last that was painted is seen; points on the edge lie in no area, so areas are a little wider here.
    for area in reversed(areas):
        wide = area.shape.buffer(1e-4)
        shapely.prepare(wide)
        hit = free & shapely.contains_xy(wide, points[:, 0], points[:, 2])
        colours[hit] = area.colour or colour
        free &= ~hit
    for number, line in enumerate(lines):
        colours[owners == number] = line.colour or colour
    return colours
