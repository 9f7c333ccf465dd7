"""Lights over time: layers of keyframes, effects and pictures, sampled for each drone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ._bytecode import STEP_MS, Samples, all_encoded
from ._curves import Curves, Floats, Ints
from ._problems import Problem, ShowInvalid

BATCH = 256
"""Drones whose colours are held at once while a show is sampled."""

Colour = tuple[int, int, int]


@dataclass(frozen=True, kw_only=True)
class Keyframe:
    """A colour at a show time; between two keyframes it fades evenly."""

    at_ms: int
    colour: Colour


@dataclass(frozen=True, kw_only=True)
class Keyframes:
    """The same colours for a whole group.  Before the first and after the last keyframe theirs stay."""

    frames: tuple[Keyframe, ...]


@dataclass(frozen=True, kw_only=True)
class Gradient:
    """Colours along a direction: the first at ``start``, the last at ``end``, both x, y, z in metres."""

    start: tuple[float, float, float]
    end: tuple[float, float, float]
    colours: tuple[Colour, ...]


@dataclass(frozen=True, kw_only=True)
class Effect:
    """Brightness between two colours that moves through a group.

    ``wave`` runs along ``direction``, ``radial`` away from ``centre``, both ``length_m`` from crest to crest
    and one period each ``period_ms``.  ``chase`` lights one drone after another in the order of the group,
    ``pulse`` all at once, ``sparkle`` each at its own moments, drawn from ``seed``.
    """

    kind: Literal["wave", "radial", "chase", "pulse", "sparkle"]
    colours: tuple[Colour, Colour]
    period_ms: int = 2000
    length_m: float = 20.0
    direction: tuple[float, float, float] = (1.0, 0.0, 0.0)
    centre: tuple[float, float, float] = (0.0, 0.0, 0.0)
    seed: int = 0


@dataclass(frozen=True, kw_only=True, eq=False)
class Picture:
    """A picture, or the frames of a film, on a plane in the air, seen by every drone where it is.

    ``frames``: shape (F, height, width, 3).  ``corner``: where its upper left corner is, in metres;
    ``across`` and ``down``: how far and in which direction its width and its height reach.  Beyond its edges
    drones are dark; so are those further than ``depth_m`` from the plane, where one is given.
    """

    frames: NDArray[np.uint8]
    corner: tuple[float, float, float]
    across: tuple[float, float, float]
    down: tuple[float, float, float]
    frame_ms: int = 40
    depth_m: float | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Own:
    """Each drone its own colour, as a picture gave it.  ``colours``: shape (N, 3), by drone."""

    colours: NDArray[np.uint8]


Paint = Keyframes | Gradient | Effect | Picture | Own


@dataclass(frozen=True, kw_only=True)
class Layer:
    """What a group of drones shows for a while; later layers cover earlier ones, or add their light.

    ``group`` numbers drones from 0; an empty one means all.  ``fade_ms``: how long it comes, and goes unless
    ``fade_out_ms`` says otherwise.
    """

    paint: Paint
    begin_ms: int
    end_ms: int
    group: tuple[int, ...] = ()
    blend: Literal["cover", "add", "multiply"] = "cover"
    fade_ms: int = 0
    fade_out_ms: int | None = None


def programs(layers: Sequence[Layer], curves: Curves) -> tuple[bytes, ...]:
    """Return the light program of every drone: its colours in the bytecode that drones play.

    Raises: ShowInvalid for layers that cannot be shown.
    """
    return tuple(all_encoded(colours for part in sampled(layers, curves) for colours in part))


def sampled(layers: Sequence[Layer], curves: Curves) -> Iterator[Samples]:
    """Yield the colours of drones, some at a time, in their order: shape (n, T, 3), one every 20 ms.

    Sample t is the colour at the end of step t.  Deterministic.
    """
    problems = [
        problem for number, layer in enumerate(layers, 1) for problem in _flaws(layer, number, curves)
    ]
    if problems:
        raise ShowInvalid(problems)
    moments = np.arange(1, -(-curves.duration_ms // STEP_MS) + 1) * STEP_MS
    for begin in range(0, curves.drones, BATCH):
        drones = np.arange(begin, min(begin + BATCH, curves.drones))
        light = np.zeros((len(drones), len(moments), 3))
        for layer in layers:
            _lay(light, layer, curves, drones, moments)
        # Rounded twice, so that the last place of a cosine does not decide about a half.
        yield np.floor(np.round(np.clip(light, 0, 255), 6) + 0.5).astype(np.uint8)


def _lay(light: Floats, layer: Layer, curves: Curves, drones: Ints, moments: Ints) -> None:
    """Put a layer on what is there already."""
    when = np.flatnonzero((moments > layer.begin_ms) & (moments <= layer.end_ms))
    # A drone's place in its group is its number in an effect that goes from one to the next.
    order = {drone: place for place, drone in enumerate(layer.group or range(curves.drones))}
    rows = np.array([k for k, drone in enumerate(drones.tolist()) if drone in order], np.int64)
    if not len(when) or not len(rows):
        return
    places = np.array([order[drone] for drone in drones[rows].tolist()], np.int64)
    if isinstance(layer.paint, Own):
        own = layer.paint.colours[drones[rows]].astype(float)
        colours: Floats = np.broadcast_to(own[:, None, :], (len(rows), len(when), 3))
    else:
        spots = None
        if not isinstance(layer.paint, Keyframes):
            spots = _spots(curves, drones[rows], moments[when])
        colours = _painted(layer, spots, places, len(order), moments[when])
    share = _shares(layer, moments[when])[None, :, None]
    at = np.ix_(rows, when)
    below = light[at]
    over = {"cover": colours, "add": below + colours, "multiply": below * colours / 255}[layer.blend]
    light[at] = below + share * (over - below)


def _shares(layer: Layer, moments: Ints) -> Floats:
    goes_ms = layer.fade_ms if layer.fade_out_ms is None else layer.fade_out_ms
    comes = (moments - layer.begin_ms) / layer.fade_ms if layer.fade_ms else np.ones(len(moments))
    goes = (layer.end_ms - moments) / goes_ms if goes_ms else np.ones(len(moments))
    return np.clip(np.minimum(comes, goes), 0.0, 1.0)


def _spots(curves: Curves, drones: Ints, moments: Ints) -> Floats:
    """Shape (n, T, 3): where drones are, in metres."""
    spots = np.empty((len(drones), len(moments), 3))
    begins = curves.begins_ms
    for row, drone in enumerate(drones.tolist()):
        part = slice(int(curves.first[drone]), int(curves.first[drone + 1]))
        k = (
            np.minimum(np.searchsorted(curves.ends_ms[part], moments), part.stop - part.start - 1)
            + part.start
        )
        s = np.clip((moments - begins[k]) / (curves.ends_ms[k] - begins[k]), 0.0, 1.0)[:, None]
        a, b, c, d = (curves.controls[k, n] / float(curves.per_metre) for n in range(4))
        r = 1 - s
        spots[row] = r * r * r * a + 3 * r * r * s * b + 3 * r * s * s * c + s * s * s * d
    return spots


def _painted(layer: Layer, spots: Floats | None, places: Ints, size: int, moments: Ints) -> Floats:
    """Shape (n, T, 3), or one that fits it: the colours of a layer."""
    paint = layer.paint
    if isinstance(paint, Keyframes):
        times = [frame.at_ms for frame in paint.frames]
        channels = [
            np.interp(moments, times, [frame.colour[channel] for frame in paint.frames])
            for channel in range(3)
        ]
        return np.broadcast_to(np.stack(channels, axis=1), (len(places), len(moments), 3))
    if spots is None:
        raise TypeError("what depends on the place is painted with places")
    if isinstance(paint, Gradient):
        way = np.array(paint.end) - np.array(paint.start)
        return _along(paint.colours, ((spots - np.array(paint.start)) @ way) / (way @ way))
    if isinstance(paint, Effect):
        return _along(
            paint.colours, _EFFECTS[paint.kind](paint, spots, places, size, moments - layer.begin_ms)
        )
    if isinstance(paint, Picture):
        return _projected(paint, spots, moments - layer.begin_ms)
    raise TypeError("a colour of its own is laid without painting")


def _along(colours: Sequence[Colour], share: Floats) -> Floats:
    """Mix colours: the first at 0, the last at 1, evenly between."""
    ends = np.linspace(0, 1, len(colours))
    return np.stack([np.interp(share, ends, [colour[k] for colour in colours]) for k in range(3)], axis=-1)


def _swing(phase: Floats) -> Floats:
    """From 0 to 1 and back, smoothly, once in a period."""
    return (1 - np.cos(2 * np.pi * phase)) / 2


def _wave(paint: Effect, spots: Floats, places: Ints, size: int, since: Ints) -> Floats:
    way = np.array(paint.direction) / np.linalg.norm(paint.direction)
    return _swing(since / paint.period_ms - (spots @ way) / paint.length_m)


def _radial(paint: Effect, spots: Floats, places: Ints, size: int, since: Ints) -> Floats:
    away = np.linalg.norm(spots - np.array(paint.centre), axis=2)
    return _swing(since / paint.period_ms - away / paint.length_m)


def _chase(paint: Effect, spots: Floats, places: Ints, size: int, since: Ints) -> Floats:
    """The head of the chase is bright; a tail of a quarter of the group follows it."""
    behind = (since[None, :] / paint.period_ms - places[:, None] / size) % 1.0
    return np.clip(1 - 4 * behind, 0.0, 1.0)


def _pulse(paint: Effect, spots: Floats, places: Ints, size: int, since: Ints) -> Floats:
    return np.broadcast_to(_swing(since / paint.period_ms), spots.shape[:2])


def _sparkle(paint: Effect, spots: Floats, places: Ints, size: int, since: Ints) -> Floats:
    """Once in a period every drone flashes for an eighth of it, at its own moment."""
    seeds = [sha256(f"{paint.seed}:{place}".encode()).digest() for place in places.tolist()]
    offsets = np.array([int.from_bytes(seed[:6], "big") / 2.0**48 for seed in seeds])
    return np.clip(1 - 8 * ((since[None, :] / paint.period_ms + offsets[:, None]) % 1.0), 0.0, 1.0)


_EFFECTS: dict[str, Callable[[Effect, Floats, Ints, int, Ints], Floats]] = {
    "wave": _wave,
    "radial": _radial,
    "chase": _chase,
    "pulse": _pulse,
    "sparkle": _sparkle,
}


def _projected(paint: Picture, spots: Floats, since: Ints) -> Floats:
    """Look up every drone in the picture: the nearest pixel, straight through the plane."""
    plane = np.array([paint.across, paint.down, np.cross(paint.across, paint.down)]).T
    column, row, depth = np.moveaxis((spots - np.array(paint.corner)) @ np.linalg.inv(plane).T, -1, 0)
    frames, height, width = paint.frames.shape[:3]
    frame = np.minimum(since // paint.frame_ms, frames - 1)
    inside = (column >= 0) & (column < 1) & (row >= 0) & (row < 1)
    if paint.depth_m is not None:
        inside &= np.abs(depth) * np.linalg.norm(plane[:, 2]) <= paint.depth_m
    x = np.clip(column * width, 0, width - 1).astype(np.int64)
    y = np.clip(row * height, 0, height - 1).astype(np.int64)
    colours = paint.frames[np.broadcast_to(frame, x.shape), y, x].astype(float)
    return np.where(inside[:, :, None], colours, 0.0)


def _flaws(layer: Layer, number: int, curves: Curves) -> list[Problem]:  # noqa: PLR0912 - a line per rule
    """Return what keeps a layer from being shown."""
    where, paint = f"lights.{number}", layer.paint
    flaws = []
    if not 0 <= layer.begin_ms < layer.end_ms or layer.fade_ms < 0 or (layer.fade_out_ms or 0) < 0:
        flaws.append(Problem("layer-without-time", where))
    if any(not 0 <= drone < curves.drones for drone in layer.group) or len(set(layer.group)) < len(
        layer.group
    ):
        flaws.append(Problem("group-impossible", where))
    if isinstance(paint, Keyframes):
        times = [frame.at_ms for frame in paint.frames]
        if not times or any(b <= a for a, b in pairwise(times)):
            flaws.append(Problem("times-not-increasing", where))
    elif isinstance(paint, Gradient):
        if len(paint.colours) < 2 or paint.start == paint.end:
            flaws.append(Problem("gradient-without-way", where))
    elif isinstance(paint, Effect):
        if (
            paint.kind not in _EFFECTS
            or paint.period_ms <= 0
            or not paint.length_m > 0
            or not any(paint.direction)
        ):
            flaws.append(Problem("effect-impossible", where))
    elif isinstance(paint, Own):
        if paint.colours.shape != (curves.drones, 3):
            flaws.append(Problem("colours-not-one-per-drone", where))
    elif paint.frames.ndim != 4 or 0 in paint.frames.shape or paint.frame_ms <= 0:
        flaws.append(Problem("picture-empty", where))
    elif not np.linalg.norm(np.cross(paint.across, paint.down)) > 1e-9:
        flaws.append(Problem("picture-without-plane", where))
    if any(not 0 <= value <= 255 for colour in _colours(paint) for value in colour):
        flaws.append(Problem("colour-impossible", where))
    return flaws


def _colours(paint: Paint) -> Sequence[Colour]:
    if isinstance(paint, Keyframes):
        return [frame.colour for frame in paint.frames]
    return () if isinstance(paint, Picture | Own) else paint.colours
