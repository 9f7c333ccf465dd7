"""Pictures of pixels: what stands out from the background, filled or by its outline, in its colours."""

from __future__ import annotations

import warnings
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._curves import Floats
from .._problems import ShowInvalid
from ._drawing import Area, Drawing, Style, place_drawing, polygons
from ._placing import Placed, Placing, refuse

MOST_BYTES = 40_000_000
MOST_PIXELS = 40_000_000
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
SIDE = 320
"""Pixels along the longer side that shapes are found in; finer than any fleet can show."""


def raster(image: bytes, placing: Placing, *, style: str = Style.FILL) -> Placed:
    """Show a picture in the sky, upright and facing the audience.

    Transparent pixels are background; in a picture without any, what is like the colour of its border is.
    Every drone takes the colour of the picture where it stands.

    Args:
        image: a PNG, JPEG, WebP, GIF (its first frame) or BMP file of at most 40 megapixels.
        style: "outline", "fill" or "both".
    Raises: ShowInvalid: file-too-large, picture-too-large (before it is decoded), picture-unreadable,
        shape-empty, shape-too-detailed, and as every placing does.
    """
    if len(image) > MOST_BYTES:
        raise refuse("file-too-large", "picture", bytes=len(image), most=MOST_BYTES)
    pixels = _pixels(image)
    mask = _foreground(pixels)
    shape = _shape(mask)
    rows = len(mask)

    def paint(places: Floats) -> NDArray[np.uint8]:
        return _colours(pixels, mask, places * [1.0, -1.0] + [0.0, rows])

    return place_drawing(Drawing([Area(shape)], paint=paint), style, placing)


def _pixels(image: bytes) -> NDArray[np.uint8]:
    """Red, green, blue and opacity, shape (rows, columns, 4), the longer side at most :data:`SIDE`."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # oversized pictures are refused below, with our own limit
            picture = Image.open(BytesIO(image), formats=FORMATS)
            _check_size(*picture.size)
            picture.draft("RGB", (2 * SIDE, 2 * SIDE))
            picture.load()
            small = picture.convert("RGBA")
            small.thumbnail((SIDE, SIDE), Image.Resampling.BOX)
            return np.asarray(small, np.uint8)
    except ShowInvalid:
        raise
    except Image.DecompressionBombError as error:
        raise refuse("picture-too-large", "picture", most=MOST_PIXELS) from error
    except Exception as error:
        raise refuse("picture-unreadable", "picture") from error


def _check_size(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise refuse("picture-too-large", "picture", pixels=width * height, most=MOST_PIXELS)


def _foreground(pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Shape (rows, columns): which pixels belong to the figure."""
    opaque = pixels[:, :, 3] >= 128
    if not opaque.all():
        return opaque
    colours = pixels[:, :, :3].astype(float)
    border = np.concatenate([colours[0], colours[-1], colours[:, 0], colours[:, -1]])
    away = np.abs(colours - np.median(border, axis=0)).max(axis=2)
    return away > _threshold(away)


def _threshold(values: Floats) -> float:
    """Where values part best into low and high ones.  Source: Otsu's method."""
    counts = np.bincount(values.astype(int).ravel(), minlength=256).astype(float)
    below = np.cumsum(counts)
    above = counts.sum() - below
    sums = np.cumsum(counts * np.arange(256))
    low = sums / np.maximum(below, 1)
    high = (sums[-1] - sums) / np.maximum(above, 1)
    # A shade of the background, as compression leaves it, is no figure.
    return max(float(np.argmax(below * above * (low - high) ** 2)), 12.0)


def _shape(mask: NDArray[np.bool_]) -> Any:
    """The area of the figure in pixels, y up, its staircase smoothed and its specks left out."""
    import shapely

    rows = len(mask)
    padded = np.pad(mask, ((0, 0), (1, 1))).astype(np.int8)
    row, begin = np.nonzero(np.diff(padded, axis=1) == 1)
    end = np.nonzero(np.diff(padded, axis=1) == -1)[1]
    if len(row) > 20_000:
        raise refuse("shape-too-detailed", "picture", parts=len(row), most=20_000)
    whole = shapely.union_all(shapely.box(begin, rows - row - 1, end, rows - row))
    smooth = _smoothed(whole.buffer(0.8).buffer(-1.6).buffer(0.8))
    speck = max(whole.area / 2_000, 4.0)
    parts = [part for part in shapely.get_parts(polygons(smooth)) if part.area >= speck]
    if not parts:
        parts = list(shapely.get_parts(polygons(whole)))
    if not parts:
        raise refuse("shape-empty", "picture")
    return shapely.union_all(parts)


def _smoothed(shape: Any) -> Any:
    """Even out the steps of pixels along outlines; corners are cut by less than a pixel."""
    import shapely

    smooth: Any = shapely.Polygon()
    for ring in shapely.get_rings(shape):
        points = shapely.get_coordinates(shapely.segmentize(ring, 1.0))[:-1]
        mean = sum(np.roll(points, shift, axis=0) for shift in range(-3, 4)) / 7
        if len(points) > 12:
            part = shapely.make_valid(shapely.simplify(shapely.Polygon(mean), 0.25))
            smooth = shapely.symmetric_difference(smooth, part)
    return smooth


def _colours(pixels: NDArray[np.uint8], mask: NDArray[np.bool_], places: Floats) -> NDArray[np.uint8]:
    """The colour of the nearest pixel of the figure, shape (N, 3).

    Pixels at its edge are blended with the background, so one just within goes first.
    """
    from scipy.ndimage import binary_erosion
    from scipy.spatial import cKDTree

    chosen = np.zeros((len(places), 2), np.int64)
    for pixels_of, reach in ((mask, np.inf), (binary_erosion(mask), 3.0)):
        inside = np.argwhere(pixels_of)
        if len(inside):
            away, near = cKDTree(inside[:, ::-1] + 0.5).query(places)
            chosen[away <= reach] = inside[near[away <= reach]]
    return pixels[chosen[:, 0], chosen[:, 1], :3]
