"""Small charts of a profile, drawn as inline SVG."""

from __future__ import annotations

from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

WIDTH, HEIGHT, GAP = 120, 28, 1


def histogram(bars: list[int], least: Any, most: Any) -> SafeString | str:
    """How the values spread between the least and the greatest; nothing for a column of one value."""
    top = max(bars, default=0)
    if not top:
        return ""
    step = WIDTH / len(bars)
    drawn = format_html_join(
        "",
        '<rect class="bar" x="{}" y="{}" width="{}" height="{}"/>',
        (
            (
                f"{place * step:.1f}",
                f"{HEIGHT - _tall(count, top):.1f}",
                f"{step - GAP:.1f}",
                f"{_tall(count, top):.1f}",
            )
            for place, count in enumerate(bars)
            if count
        ),
    )
    words = _("Spread from %(least)s to %(most)s") % {"least": least, "most": most}
    return _picture(drawn, words)


def _tall(count: int, top: int) -> float:
    """At least one unit, so that a rare value is seen."""
    return max(count / top * HEIGHT, 1.0)


def shares(top: list[list[Any]], total: int) -> SafeString | str:
    """The most frequent values as one bar each, with their share of all rows that have a value."""
    if not top or not total:
        return ""
    shown = top[:4]
    step = HEIGHT / len(shown)
    drawn = format_html_join(
        "",
        '<rect class="bar" x="0" y="{}" width="{}" height="{}"/>',
        (
            (f"{place * step:.1f}", f"{max(count / total * WIDTH, 1):.1f}", f"{step - GAP:.1f}")
            for place, (_value, count) in enumerate(shown)
        ),
    )
    words = ", ".join(f"{value}: {count * 100 // total} %" for value, count in shown)
    return _picture(drawn, words)


def _picture(drawn: SafeString, words: str) -> SafeString:
    return format_html(
        '<span class="plot spark">'
        '<svg viewBox="0 0 {} {}" width="{}" height="{}" role="img" aria-label="{}">{}</svg></span>',
        WIDTH,
        HEIGHT,
        WIDTH,
        HEIGHT,
        words,
        drawn,
    )
