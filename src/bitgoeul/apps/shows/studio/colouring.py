"""From the words of a storyboard to layers of light."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


def layers(
    story: Mapping[str, Any],
    spans: Sequence[Span],
    compiled: engine.CompiledShow,
    figures: Sequence[Placed],
    material: Material,
) -> list[engine.Layer]:
    """The light of every scene: it comes while drones fly in, and goes while they fly on."""
    found: list[engine.Layer] = []
    begins = compiled.segments["takeoff"][1]
    for number, (scene, span, placed) in enumerate(zip(story["scenes"], spans, figures, strict=True)):
        slots = compiled.scenes[number].slots
        following = compiled.transitions[number + 1].curves.duration_ms
        ends = min(span.end_ms + following // 2, compiled.segments["show"][1])
        fade = min(FADE_MS, max((ends - begins) // 2 - 20, 0))
        lit = placed.formation.lit[slots]
        own = placed.formation.colours[slots]
        try:
            paint = _paint(scene.get("light") or {"kind": "own"}, own, placed, span, material)
        except engine.ShowInvalid as refused:
            raise in_scene(refused, number + 1) from None
        found.append(engine.Layer(paint=paint, begin_ms=begins, end_ms=ends, fade_ms=fade))
        if not lit.all():
            dark = engine.Keyframes(frames=(engine.Keyframe(at_ms=begins, colour=DARK),))
            spares = tuple(int(drone) for drone in np.flatnonzero(~lit))
            found.append(engine.Layer(paint=dark, begin_ms=begins, end_ms=ends, group=spares))
        begins = ends
    return found


def _paint(
    light: Mapping[str, Any], own: np.ndarray, placed: Placed, span: Span, material: Material
) -> engine.Paint:
    low, high = placed.formation.points.min(axis=0), placed.formation.points.max(axis=0)
    middle = (low + high) / 2
    period = max(round(float(light.get("period_s", 4)) * 1000), 500)
    pair = colour_of(light.get("from", "#ffb547")), colour_of(light.get("to", "#ffffff"))
    match light["kind"]:
        case "own":
            return engine.Own(colours=own)
        case "colour":
            frame = engine.Keyframe(at_ms=span.begin_ms, colour=colour_of(light.get("colour", "#ffb547")))
            return engine.Keyframes(frames=(frame,))
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


def steady(colours: np.ndarray) -> list[bytes]:
    """Light programs that keep one colour each."""
    return [engine.encoded(np.broadcast_to(colour, (1, 3)).astype(np.uint8)) for colour in colours]
