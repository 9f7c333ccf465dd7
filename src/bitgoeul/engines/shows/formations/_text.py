"""Words: the outlines of a font's glyphs."""

from __future__ import annotations

import unicodedata
from io import BytesIO
from typing import Any

import numpy as np

from ._drawing import Area, Drawing, Style, place_drawing, polygons
from ._placing import Placed, Placing, refuse

MOST_LETTERS = 200
MOST_FONT_BYTES = 40_000_000
MOST_SEGMENTS = 20_000
CURVE_STEPS = np.linspace(0, 1, 13)[1:, None]


class _TooDetailedError(Exception):
    """A glyph draws more than any letter does."""


def text(words: str, font: bytes, placing: Placing, *, style: str = Style.OUTLINE) -> Placed:
    """Write words in the sky, upright and facing the audience.

    Lines are broken at line ends and centred.  Glyphs are set by their widths; scripts whose letters join or
    change with their neighbours are refused, because setting them letter by letter would write them wrong.

    Args:
        words: at most 200 letters.
        font: a TrueType or OpenType file (glyf or CFF outlines).
        style: "outline", "fill" or "both".
    Raises: ShowInvalid: text-empty, text-too-long, script-unsupported, font-unreadable, glyph-missing, and as
        every placing does (drones-do-not-fit, shape-too-small).
    """
    words = unicodedata.normalize("NFC", words).strip()
    if not words or not any(unicodedata.category(letter)[0] not in "ZC" for letter in words):
        raise refuse("text-empty", "text")
    if len(words) > MOST_LETTERS:
        raise refuse("text-too-long", "text", letters=len(words), most=MOST_LETTERS)
    if len(font) > MOST_FONT_BYTES:
        raise refuse("file-too-large", "font", bytes=len(font), most=MOST_FONT_BYTES)
    for letter in words:
        if unicodedata.bidirectional(letter) in {"R", "AL"} or unicodedata.category(letter) in {"Mn", "Mc"}:
            raise refuse("script-unsupported", "text", glyph=letter)
    return place_drawing(Drawing([Area(_set(words, font))]), style, placing)


def _set(words: str, font: bytes) -> Any:
    """The area of all letters, in units of the em, as a Shapely geometry."""
    import shapely

    try:
        face = _Face(font)
    except Exception as error:
        raise refuse("font-unreadable", "font") from error
    letters = []
    for number, line in enumerate(words.splitlines()):
        placed_letters, right = [], 0.0
        for letter in line:
            if unicodedata.category(letter)[0] == "C":
                continue
            if face.name_of(letter) is None and not letter.isspace():
                raise refuse("glyph-missing", "text", glyph=letter)
            shape, width = _glyph(face, letter)
            placed_letters.append(shapely.transform(shape, lambda xy, at=right: xy + np.array([at, 0.0])))
            right += width
        letters += [
            shapely.transform(shape, lambda xy, at=right, row=number: xy - np.array([at / 2, 1.2 * row]))
            for shape in placed_letters
        ]
    whole = polygons(shapely.union_all(letters))
    if whole.is_empty:
        raise refuse("shape-empty", "text")
    return whole


def _glyph(face: _Face, letter: str) -> tuple[Any, float]:
    import shapely

    name = face.name_of(letter)
    if name is None:
        return shapely.Polygon(), 0.3
    try:
        return winding_area(face.contours(name)), face.width(name)
    except Exception as error:
        raise refuse("glyph-unreadable", "font", glyph=letter) from error


class _Face:
    """A font file: which glyph a letter is, how wide, and its contours in units of the em."""

    def __init__(self, font: bytes) -> None:
        from fontTools.ttLib import TTFont

        self._font = TTFont(BytesIO(font), lazy=True, fontNumber=0)
        self._names = self._font.getBestCmap() or {}
        self._glyphs = self._font.getGlyphSet()
        self._em = float(self._font["head"].unitsPerEm)

    def name_of(self, letter: str) -> str | None:
        name = self._names.get(ord(letter))
        return name if isinstance(name, str) else None

    def width(self, name: str) -> float:
        return float(self._glyphs[name].width) / self._em

    def contours(self, name: str) -> list[np.ndarray]:
        """Closed contours of a glyph, each of shape (M, 2)."""
        pen = _pen(self._glyphs)
        programs = getattr(self._glyphs, "charStrings", None)
        if programs is not None:
            programs[name].outlineExtractor = _interpreter()
        self._glyphs[name].draw(pen)
        return [np.array(contour, float) / self._em for contour in pen.contours if len(contour) > 2]


def _interpreter() -> Any:
    """What runs the program of a CFF glyph, and gives up on one that calls itself without end."""
    from fontTools.misc.psCharStrings import T2OutlineExtractor

    class Bounded(T2OutlineExtractor):
        calls = 0

        def execute(self, program: Any) -> None:
            self.calls += 1
            if self.calls > MOST_SEGMENTS:
                raise _TooDetailedError
            super().execute(program)

    return Bounded


def _pen(glyphs: Any) -> Any:
    from fontTools.pens.basePen import BasePen

    class Flattening(BasePen):
        """Collects contours as polylines, and gives up on a glyph that never ends."""

        def __init__(self) -> None:
            super().__init__(glyphs)
            self.contours: list[list[tuple[float, float]]] = []
            self.drawn = 0

        def _count(self) -> None:
            self.drawn += 1
            if self.drawn > MOST_SEGMENTS:
                raise _TooDetailedError

        def _moveTo(self, point: Any) -> None:
            self._count()
            self.contours.append([point])

        def _lineTo(self, point: Any) -> None:
            self._count()
            self.contours[-1].append(point)

        def _curveToOne(self, one: Any, two: Any, three: Any) -> None:
            self._count()
            points = bezier(np.array([self.contours[-1][-1], one, two, three], float))
            self.contours[-1] += [tuple(point) for point in points.tolist()]

        def addComponent(self, *parts: Any) -> None:
            self._count()
            super().addComponent(*parts)

    return Flattening()


def bezier(controls: np.ndarray) -> np.ndarray:
    """Points of a cubic Bezier curve after its beginning, shape (12, 2)."""
    a, b, c, d = controls
    s = CURVE_STEPS
    r = 1 - s
    return r * r * r * a + 3 * r * r * s * b + 3 * r * s * s * c + s * s * s * d


def winding_area(contours: list[np.ndarray]) -> Any:
    """The area that contours enclose by the non-zero rule: holes turn the other way."""
    import shapely

    sizes = [_signed(contour) for contour in contours]
    if not sizes:
        return shapely.Polygon()
    outer = np.sign(max(sizes, key=abs))
    solid = [
        shapely.make_valid(shapely.Polygon(c))
        for c, size in zip(contours, sizes, strict=True)
        if np.sign(size) == outer
    ]
    holes = [
        shapely.make_valid(shapely.Polygon(c))
        for c, size in zip(contours, sizes, strict=True)
        if np.sign(size) == -outer
    ]
    return polygons(shapely.difference(shapely.union_all(solid), shapely.union_all(holes)))


def _signed(contour: np.ndarray) -> float:
    x, y = contour[:, 0], contour[:, 1]
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum() / 2)
