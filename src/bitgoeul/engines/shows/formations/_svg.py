"""Vector pictures: the shapes of an SVG file with the colours they are painted in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO, StringIO
from typing import Any, Literal
from xml.etree import ElementTree

import numpy as np

from .._problems import Problem, ShowInvalid
from ._drawing import Area, Drawing, Stroke, Style, place_drawing, polygons
from ._placing import Colour, Placed, Placing, refuse
from ._text import winding_area

MOST_BYTES = 2_000_000
MOST_ELEMENTS = 5_000
MOST_DEPTH = 40
MOST_COMMANDS = 50_000
STEPS = np.linspace(0, 1, 17)[1:]

REFUSED = {
    "script", "foreignObject", "image", "text", "iframe", "audio", "video", "canvas", "animate", "set",
    "animateTransform", "animateMotion", "feImage",
}  # fmt: skip
"""Elements that run, load, move, or draw what is not a shape."""
REFERENCES = {"clip-path", "mask", "filter", "marker-start", "marker-mid", "marker-end"}
"""Attributes that hide or add what the shapes do not say."""
COMMANDS = re.compile(r"[MmLlHhVvCcSsQqTtAaZz]|[-+]?(?:\d+\.?\d*|\.\d+)")


def svg(source: bytes, placing: Placing, *, style: str = Style.OUTLINE) -> Placed:
    """Draw a vector picture in the sky, upright and facing the audience.

    Fills and strokes give the colours; what is painted later covers what is under it.

    Args:
        source: an SVG file of at most 2 MB.
        style: "outline", "fill" or "both"; strokes without a fill are lines in each of them.
    Raises: ShowInvalid: file-too-large, svg-unreadable, svg-refused (one for each kind of part that is
        refused, fact ``part``), shape-too-detailed, shape-empty, shape-not-finite, and as every placing does.
    """
    if len(source) > MOST_BYTES:
        raise refuse("file-too-large", "svg", bytes=len(source), most=MOST_BYTES)
    _inspect(source)
    return place_drawing(_drawing(source), style, placing)


def _inspect(source: bytes) -> None:
    """Refuse what must not be opened before anything is drawn."""
    try:
        text = source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refuse("svg-unreadable", "svg") from error
    if declared := sorted(set(re.findall(r"<!(DOCTYPE|ENTITY)|<\?(xml-stylesheet)", text, re.IGNORECASE))):
        raise ShowInvalid([Problem("svg-refused", "svg", {"part": "".join(names)}) for names in declared])
    root = _tree(source)
    refused = sorted(set(_refused(root)))
    if refused:
        raise ShowInvalid([Problem("svg-refused", "svg", {"part": part}) for part in refused])
    _measure(root)


def _tree(source: bytes) -> ElementTree.Element:
    depth = count = 0
    root = None
    try:
        # No declaration is left in it that could grow.
        for event, element in ElementTree.iterparse(BytesIO(source), ("start", "end")):  # noqa: S314
            root = element if root is None else root
            depth += 1 if event == "start" else -1
            count += event == "start"
            if depth > MOST_DEPTH:
                raise refuse("shape-too-detailed", "svg", depth=depth, most=MOST_DEPTH)
            if count > MOST_ELEMENTS:
                raise refuse("shape-too-detailed", "svg", elements=count, most=MOST_ELEMENTS)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        if isinstance(error, ShowInvalid):
            raise
        raise refuse("svg-unreadable", "svg") from error
    if root is None or _name(root.tag) != "svg":
        raise refuse("svg-unreadable", "svg")
    return root


def _name(tag: Any) -> str:
    return str(tag).rsplit("}", 1)[-1]


def _refused(root: ElementTree.Element) -> Iterator[str]:
    known = {name.lower(): name for name in REFUSED}
    for element in root.iter():
        name = _name(element.tag)
        if name.lower() in known:
            yield known[name.lower()]
        if name == "style" and _reaches_out(element.text or ""):
            yield "external link"
        for key, value in element.attrib.items():
            attribute = _name(key)
            if attribute.lower().startswith("on"):
                yield "script"
            elif attribute == "href" and not value.strip().startswith("#"):
                yield "external link"
            elif attribute in REFERENCES and value.strip() != "none":
                yield attribute
            elif _reaches_out(value):
                yield "external link"


def _reaches_out(value: str) -> bool:
    return "@import" in value or bool(re.search(r"url\(\s*['\"]?\s*(?![#'\"\s])", value))


def _measure(root: ElementTree.Element) -> None:
    """Refuse pictures that are small files and huge drawings: repeated uses, endless paths, cycles."""
    named = {element.attrib["id"]: element for element in root.iter() if "id" in element.attrib}
    sizes: dict[int, int] = {}
    open_ones: set[int] = set()

    def size(element: ElementTree.Element) -> int:
        key = id(element)
        if key in open_ones:
            raise refuse("svg-refused", "svg", part="use in a circle")
        if key not in sizes:
            if len(open_ones) > 10 * MOST_DEPTH:
                raise refuse("shape-too-detailed", "svg", depth=len(open_ones), most=10 * MOST_DEPTH)
            open_ones.add(key)
            total = 1 + _commands(element) + sum(size(child) for child in element)
            link = next((value for name, value in element.attrib.items() if _name(name) == "href"), "")
            if _name(element.tag) == "use" and (target := named.get(link.strip()[1:])) is not None:
                total += size(target)
            open_ones.discard(key)
            sizes[key] = total
        return sizes[key]

    total = size(root)
    if total > MOST_COMMANDS:
        raise refuse("shape-too-detailed", "svg", commands=total, most=MOST_COMMANDS)


def _commands(element: ElementTree.Element) -> int:
    drawn = element.attrib.get("d", "") + " " + element.attrib.get("points", "")
    return sum(1 for _ in COMMANDS.finditer(drawn)) // 2


def _drawing(source: bytes) -> Drawing:
    import svgelements

    drawing = Drawing()
    try:
        picture = svgelements.SVG.parse(StringIO(source.decode("utf-8-sig")), reify=True)
        for element in picture.elements():
            if isinstance(element, svgelements.Shape) and _is_seen(element):
                _paint(drawing, element)
    except ShowInvalid:
        raise
    except Exception as error:
        raise refuse("svg-unreadable", "svg") from error
    return drawing


def _is_seen(element: Any) -> bool:
    values = element.values
    return values.get("display") != "none" and values.get("visibility") not in {"hidden", "collapse"}


def _paint(drawing: Drawing, element: Any) -> None:
    """Add one shape to the drawing, on top of those before it."""
    import svgelements

    path = svgelements.Path(element)
    contours = [(points * [1.0, -1.0], closed) for points, closed in _contours(path)]
    if not all(np.isfinite(points).all() and np.abs(points).max(initial=0) < 1e9 for points, _ in contours):
        raise refuse("shape-not-finite", "svg")
    fill, stroke = _colour(element, "fill"), _colour(element, "stroke")
    if fill is not False:
        rings = [points for points, _ in contours if len(points) > 2]
        shape = _filled(rings, even_odd=element.values.get("fill-rule") == "evenodd")
        if not shape.is_empty:
            drawing.areas.append(Area(shape, fill, stroke or None))
            return
    if stroke is not False:
        drawing.strokes += [Stroke(points, closed, stroke) for points, closed in contours if len(points) > 1]


def _colour(element: Any, name: str) -> Colour | Literal[False] | None:
    """The colour of a fill or stroke; None for one that is no plain colour, False where nothing is."""
    written = element.values.get(name)
    colour = getattr(element, name)
    if colour is None or colour.value is None:
        if isinstance(written, str) and written.strip().startswith("url("):
            return None
        # What says nothing is filled black and has no stroke: that is how the format is defined.
        return (0, 0, 0) if name == "fill" and written is None else False
    if colour.alpha == 0 or str(element.values.get(f"{name}-opacity", "1")).strip() in {"0", "0%", "0.0"}:
        return False
    return int(colour.red), int(colour.green), int(colour.blue)


def _contours(path: Any) -> Iterator[tuple[np.ndarray, bool]]:
    """The subpaths of a path as polylines of shape (M, 2), and whether each is closed."""
    import svgelements

    for part in path.as_subpaths():
        points: list[tuple[float, float]] = []
        closed = False
        for segment in part:
            if isinstance(segment, svgelements.Close):
                closed = True
            elif isinstance(segment, svgelements.Move | svgelements.Line):
                points.append((segment.end.x, segment.end.y))
            else:
                points += [(place.x, place.y) for place in map(segment.point, STEPS.tolist())]
        line = np.array(points, float).reshape(-1, 2)
        if len(line) > 2 and np.allclose(line[0], line[-1], rtol=1e-9, atol=1e-12):
            line, closed = line[:-1], True
        yield line, closed


def _filled(rings: list[np.ndarray], *, even_odd: bool) -> Any:
    import shapely

    if not even_odd:
        return winding_area(rings)
    whole: Any = shapely.Polygon()
    for ring in rings:
        whole = shapely.symmetric_difference(whole, shapely.make_valid(shapely.Polygon(ring)))
    return polygons(whole)
