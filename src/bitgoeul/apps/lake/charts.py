"""Small charts of a profile, drawn as inline SVG with one path each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

WIDTH, HEIGHT, GAP = 120, 28, 1


def histogram(bars: list[int], least: Any, most: Any) -> SafeString | str:
    """How the values spread between the least and the greatest; nothing for a column of one value."""
    top = max(bars, default=0)
    if not top:
        return ""
    step = WIDTH / len(bars)
    # A rare value is at least one unit tall, so that it is seen.
    tall = [max(count / top * HEIGHT, 1.0) if count else 0.0 for count in bars]
    boxes = (
        (place * step, HEIGHT - height, step - GAP, height) for place, height in enumerate(tall) if height
    )
    return _picture(boxes, _("Spread from %(least)s to %(most)s") % {"least": least, "most": most})


def shares(top: list[list[Any]], total: int) -> SafeString | str:
    """The most frequent values as one bar each, with their share of all rows that have a value."""
    if not top or not total:
        return ""
    shown = top[:4]
    step = HEIGHT / len(shown)
    boxes = (
        (0.0, place * step, max(count / total * WIDTH, 1.0), step - GAP)
        for place, (_value, count) in enumerate(shown)
    )
    return _picture(boxes, ", ".join(f"{value}: {count * 100 // total} %" for value, count in shown))


def _picture(boxes: Iterable[tuple[float, float, float, float]], words: str) -> SafeString:
    """Boxes (x, y, width, height) in the colour of the first series."""
    path = "".join(f"M{x:.1f} {y:.1f}h{w:.1f}v{h:.1f}h-{w:.1f}z" for x, y, w, h in boxes)
    return format_html(
        '<span class="plot spark"><svg viewBox="0 0 {} {}" width="{}" height="{}" role="img" aria-label="{}">'
        '<path class="bar" d="{}"/></svg></span>',
        WIDTH,
        HEIGHT,
        WIDTH,
        HEIGHT,
        words,
        path,
    )
