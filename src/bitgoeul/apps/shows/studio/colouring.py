"""From the words of a storyboard to layers of light."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bitgoeul.apps.shows.studio.drawing import Material, Placed, colour_of, in_scene
from bitgoeul.apps.shows.studio.packing import Span
from bitgoeul.engines import shows as engine

FADE_MS = 1200
DARK = (0, 0, 0)
MOST_PIXELS = 40_000_000
MOST_FRAMES = 600
PICTURE = 256  # pixels along the longer side: more than drones can show


@dataclass(frozen=True)
class Stay:
    """When a scene shines, in ms of its show: drones leave for it at ``leave`` and are there at ``there``.

    Its light comes at ``begin`` and goes until ``end``, within ``fade`` each.
    """

    leave: int
    begin: int
    there: int
    end: int
    fade: int


def layers(
    story: Mapping[str, Any],
    spans: Sequence[Span],
    compiled: engine.CompiledShow,
    figures: Sequence[Placed],
    material: Material,
) -> list[engine.Layer]:
    """The light of every scene: it comes while drones fly in, and goes while they fly on."""
    found: list[engine.Layer] = []
    leave, shown = compiled.segments["takeoff"][1], compiled.segments["show"][1]
    begins = leave
    for number, (scene, span, placed) in enumerate(zip(story["scenes"], spans, figures, strict=True)):
        following = compiled.transitions[number + 1].curves.duration_ms
        ends = min(span.end_ms + following // 2, shown)
        fade = min(FADE_MS, max((ends - begins) // 2 - 20, 0))
        stay = Stay(leave, begins, span.begin_ms, ends, fade)
        try:
            found += light_of(scene, placed, compiled.scenes[number].slots, stay, material)
        except engine.ShowInvalid as refused:
            raise in_scene(refused, number + 1) from None
        leave, begins = span.end_ms, ends
    return found


def light_of(
    scene: Mapping[str, Any], placed: Placed, slots: engine.Ints, stay: Stay, material: Material
) -> list[engine.Layer]:
    """The light of one scene: its ground, the layers on it, and darkness for drones left over.

    ``slots``: drone i shows point slots[i] of the figure.  Raises: ShowInvalid.
    """
    own = placed.formation.colours[slots]
    ground = _paint(scene.get("light") or {"kind": "own"}, own, placed, stay.there, material)
    found = [engine.Layer(paint=ground, begin_ms=stay.begin, end_ms=stay.end, fade_ms=stay.fade)]
    for number, layer in enumerate(scene.get("layers", []), 1):
        try:
            found += _laid(layer, own, placed, slots, stay, material)
        except engine.ShowInvalid as refused:
            raise _in_layer(refused, number) from None
    spares = np.flatnonzero(~placed.formation.lit[slots])
    if len(spares):
        dark = engine.Keyframes(frames=(engine.Keyframe(at_ms=stay.begin, colour=DARK),))
        group = tuple(int(drone) for drone in spares)
        found.append(engine.Layer(paint=dark, begin_ms=stay.begin, end_ms=stay.end, group=group))
    return found


def _laid(  # noqa: PLR0917
    layer: Mapping[str, Any],
    own: np.ndarray,
    placed: Placed,
    slots: engine.Ints,
    stay: Stay,
    material: Material,
) -> list[engine.Layer]:
    """A layer of the storyboard as one of the engine; none where its scene is over before it begins."""
    group = members(layer["group"], placed)[slots]
    if not group.any():
        raise engine.ShowInvalid(engine.Problem("layer-group-empty"))
    begin = stay.leave if layer.get("in_flight") else stay.there + _ms(layer["begin_s"])
    end = min(stay.there + _ms(layer["end_s"]), stay.end) if "end_s" in layer else stay.end
    if begin >= end:
        return []
    # Whoever lights one drone after another goes along the picture, not along the pads.
    drones = sorted(np.flatnonzero(group).tolist(), key=lambda drone: int(slots[drone]))
    fade = min(_ms(layer.get("fade_s", 0.6)), (end - begin) // 2)
    return [
        engine.Layer(
            paint=_paint(layer["light"], own, placed, stay.there, material),
            begin_ms=begin,
            end_ms=end,
            group=tuple(drones),
            blend=layer.get("blend", "cover"),
            fade_ms=fade,
            fade_out_ms=fade if end < stay.end else min(max(fade, stay.fade), end - begin),
        )
    ]


def _in_layer(refused: engine.ShowInvalid, number: int) -> engine.ShowInvalid:
    return engine.ShowInvalid(
        [
            engine.Problem(problem.code, f"layers.{number}.{problem.where}".rstrip("."), dict(problem.facts))
            for problem in refused.problems
        ]
    )


def _ms(seconds: float) -> int:
    return round(float(seconds) * 1000)


CLOSE = 90  # of colours, in steps of red, green and blue together: shades of one paint


def members(group: Mapping[str, Any], placed: Placed) -> np.ndarray:
    """Shape (N,): which points of a figure belong to a group.  Drones left over belong to none."""
    lit = placed.formation.lit
    seen = np.flatnonzero(lit)
    points = placed.formation.points[seen]
    low, high = points.min(axis=0), points.max(axis=0)
    chosen = np.ones(len(seen), bool)
    match group["kind"]:
        case "half":
            side = group.get("side", "left")
            axis = 0 if side in {"left", "right"} else 2
            first = points[:, axis] < (low[axis] + high[axis]) / 2
            chosen = first if side in {"left", "lower"} else ~first
        case "strip":
            axis = {"x": 0, "z": 2}[group.get("along", "x")]
            share = (points[:, axis] - low[axis]) / max(high[axis] - low[axis], 0.1) * 100
            begin, end = float(group.get("from_percent", 0)), float(group.get("to_percent", 33))
            # Neighbouring strips share no drone; the last one keeps its edge.
            chosen = (share >= begin) & ((share < end) | (end == 100))
        case "part":
            away = np.linalg.norm(points - (low + high) / 2, axis=1)
            count = round(len(seen) * float(group.get("share_percent", 50)) / 100)
            order = np.argsort(away, kind="stable")
            chosen[:] = False
            chosen[order[:count] if group.get("part", "inner") == "inner" else order[len(seen) - count :]] = (
                True
            )
        case "every":
            number = np.arange(1, len(seen) + 1) - int(group.get("start", 1))
            chosen = (number >= 0) & (number % int(group.get("every", 2)) == 0)
        case "colour":
            away = np.abs(placed.formation.colours[seen].astype(int) - colour_of(group["colour"])).sum(axis=1)
            chosen = away <= CLOSE
    found = np.zeros(len(lit), bool)
    found[seen[chosen]] = True
    return found


def _paint(
    light: Mapping[str, Any], own: np.ndarray, placed: Placed, there: int, material: Material
) -> engine.Paint:
    points = placed.formation.points[placed.formation.lit]
    low, high = points.min(axis=0), points.max(axis=0)
    middle = (low + high) / 2
    period = max(round(float(light.get("period_s", 4)) * 1000), 500)
    pair = colour_of(light.get("from", "#ffb547")), colour_of(light.get("to", "#ffffff"))
    match light["kind"]:
        case "own":
            return engine.Own(colours=own)
        case "colour":
            frame = engine.Keyframe(at_ms=there, colour=colour_of(light.get("colour", "#ffb547")))
            return engine.Keyframes(frames=(frame,))
        case "keyframes":
            return engine.Keyframes(
                frames=tuple(
                    engine.Keyframe(at_ms=there + _ms(frame["at_s"]), colour=colour_of(frame["colour"]))
                    for frame in light["frames"]
                )
            )
        case "gradient":
            axis = {"x": 0, "y": 1, "z": 2}[light.get("along", "x")]
            start, end = middle.copy(), middle.copy()
            start[axis], end[axis] = low[axis], max(high[axis], low[axis] + 0.1)
            return engine.Gradient(start=_triple(start), end=_triple(end), colours=pair)
        case "picture":
            return _picture(material.file(light["asset"]), low, high)
        case "wave" | "radial" | "chase" | "sparkle" | "pulse" as kind:
            size = float(max(high[0] - low[0], high[2] - low[2], 5.0))
            return engine.Effect(
                kind=kind,
                colours=pair,
                period_ms=period,
                length_m=size,
                centre=_triple(middle),
                seed=material.seed,
            )
    raise engine.ShowInvalid(engine.Problem("light-unknown", "light.kind", {"kind": light["kind"]}))


def _triple(point: np.ndarray) -> tuple[float, float, float]:
    return float(point[0]), float(point[1]), float(point[2])


def _picture(source: bytes, low: np.ndarray, high: np.ndarray) -> engine.Picture:
    """A picture thrown from the audience onto the whole width and height of the figure."""
    import io

    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(source)) as image:
            if image.width * image.height > MOST_PIXELS:
                facts = {"pixels": image.width * image.height, "most": MOST_PIXELS}
                raise engine.ShowInvalid(engine.Problem("picture-too-large", "light.asset", facts))
            frames, frame_ms = _frames(image)
    except Image.DecompressionBombError:
        raise engine.ShowInvalid(
            engine.Problem("picture-too-large", "light.asset", {"most": MOST_PIXELS})
        ) from None
    except (UnidentifiedImageError, OSError, SyntaxError):
        raise engine.ShowInvalid(engine.Problem("picture-unreadable", "light.asset")) from None
    width, height = max(float(high[0] - low[0]), 0.1), max(float(high[2] - low[2]), 0.1)
    corner = (float(low[0]), float((low[1] + high[1]) / 2), float(high[2]))
    # A hair wider, so that drones on the edge are within.
    return engine.Picture(
        frames=frames,
        frame_ms=frame_ms,
        corner=(corner[0] - 0.01, corner[1], corner[2] + 0.01),
        across=(width + 0.02, 0.0, 0.0),
        down=(0.0, 0.0, -height - 0.02),
    )


def _frames(image: Any) -> tuple[np.ndarray, int]:
    """The frames of a picture, (F, height, width, 3), and how long each is shown; a still one has one."""
    from PIL import ImageSequence

    frames = []
    for frame in ImageSequence.Iterator(image):
        small = frame.convert("RGB")
        small.thumbnail((PICTURE, PICTURE))
        frames.append(np.asarray(small))
        if len(frames) > MOST_FRAMES:
            facts = {"most": MOST_FRAMES}
            raise engine.ShowInvalid(engine.Problem("film-too-long", "light.asset", facts))
    return np.stack(frames), max(int(image.info.get("duration", 0) or 40), 20)
