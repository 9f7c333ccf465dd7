"""What a browser is given: a show in one binary file, and its poster."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bitgoeul.engines import shows as engine

MAGIC = b"BGSHOW1\n"
WIDTH, HEIGHT = 960, 540


@dataclass(frozen=True)
class Span:
    """A scene in the time of its show."""

    key: str
    name: dict[str, str]
    begin_ms: int
    end_ms: int


def packed(
    curves: engine.Curves,
    lights: Sequence[bytes],
    spans: Sequence[Span],
    site: engine.Site,
    tightest: dict[str, Any] | None,
) -> bytes:
    """Paths and colours of a show as the player reads them (``frontend/src/show/pack.js`` says how)."""
    small = bool(np.abs(curves.controls).max(initial=0) < 1 << 15)
    lamps = [engine.keyframes(program, curves.duration_ms) for program in lights]
    counts = np.array([len(times) for times, _colours in lamps] or [0] * curves.drones)
    arrays = [
        ("first", "u32", curves.first.astype("<u4")),
        ("ends", "u32", curves.ends_ms.astype("<u4")),
        (
            "controls",
            "i16" if small else "i32",
            curves.controls.reshape(-1).astype("<i2" if small else "<i4"),
        ),
        ("lamp_first", "u32", np.concatenate([[0], np.cumsum(counts)]).astype("<u4")),
        ("lamp_ms", "u32", _joined([times for times, _colours in lamps], "<u4")),
        ("lamp_rgbf", "u8", _joined([colours for _times, colours in lamps], "u1")),
    ]
    metres = curves.controls.reshape(-1, 3) / float(curves.per_metre)
    pads = curves.controls[curves.first[:-1], 0] / float(curves.per_metre)
    header = {
        "duration_ms": curves.duration_ms,
        "per_metre": curves.per_metre,
        "scenes": [
            {"key": span.key, "name": span.name, "begin_ms": span.begin_ms, "end_ms": span.end_ms}
            for span in spans
        ],
        "site": {"fence": site.fence, "holes": site.holes, "audience": site.audience},
        "tightest": tightest,
        "ground": {"x": round(float(pads[:, 0].mean()), 2), "y": round(float(pads[:, 1].mean()), 2)},
        "box": {"low": metres.min(axis=0).tolist(), "high": metres.max(axis=0).tolist()},
        "arrays": [{"name": name, "kind": kind, "count": int(values.size)} for name, kind, values in arrays],
    }
    written = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    written += b" " * (-(len(MAGIC) + 4 + len(written)) % 4)
    parts = [MAGIC, struct.pack("<I", len(written)), written]
    for _name, _kind, values in arrays:
        content = values.tobytes()
        parts.append(content + b"\0" * (-len(content) % 4))
    return b"".join(parts)


def _joined(parts: Sequence[np.ndarray], kind: str) -> np.ndarray:
    whole = [np.asarray(part).reshape(-1) for part in parts]
    return (np.concatenate(whole) if whole else np.empty(0)).astype(kind)


def _legible(show: engine.Show, at_ms: int) -> float:
    """How well a moment shows on paper: many lamps that lie in one plane, wide and high."""
    lit = engine.colours_at(show.lights, at_ms).sum(axis=1) > 60
    if lit.sum() < 2:
        return 0.0
    width, depth, height = np.ptp(show.curves.at(at_ms)[lit], axis=0)
    return float(lit.sum() * min(width, height) / (1 + depth + abs(width - 2 * height) / 2))


SETTLED_MS = 1500  # after its beginning a scene has its colours


def poster(show: engine.Show, spans: Sequence[Span]) -> str:
    """The scene that reads best as a picture, as the audience sees it: points of light on the night."""
    moments = [min(span.begin_ms + SETTLED_MS, show.curves.duration_ms) for span in spans]
    at_ms = max(moments or [show.curves.duration_ms // 2], key=lambda at: _legible(show, at))
    points, colours = show.curves.at(at_ms), engine.colours_at(show.lights, at_ms)
    seen = points[:, [0, 2]]
    low, high = seen.min(axis=0), seen.max(axis=0)
    scale = min((WIDTH - 120) / max(high[0] - low[0], 1), (HEIGHT - 120) / max(high[1] - low[1], 1))
    middle = (low + high) / 2
    xs = WIDTH / 2 + (seen[:, 0] - middle[0]) * scale
    ys = HEIGHT / 2 - (seen[:, 1] - middle[1]) * scale
    radius = float(np.clip(scale * 0.7, 1.6, 5.0))
    lamps = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="#{r:02x}{g:02x}{b:02x}"/>'
        for x, y, (r, g, b) in zip(xs, ys, colours.tolist(), strict=True)
        if r + g + b
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">'
        '<defs><filter id="g" x="-20%" y="-20%" width="140%" height="140%">'
        f'<feGaussianBlur stdDeviation="{radius * 1.6:.1f}"/></filter></defs>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#0a0f1f"/>'
        f'<g filter="url(#g)" opacity=".75">{lamps}</g><g>{lamps}</g></svg>\n'
    )
