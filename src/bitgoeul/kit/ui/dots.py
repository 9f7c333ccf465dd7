"""Small pictures made of points of light: on cards, in empty places, on error pages."""

from __future__ import annotations

from functools import lru_cache

from django.utils.safestring import SafeString, mark_safe

# "." a lamp that is off, "o" one that is lit, "h" one that glows.
PICTURES = {
    "field": (".......", ".......", "...o...", ".......", "......."),
    "lake": (".ooooo.", "ooooooo", ".hhhhh.", "ooooooo", ".ooooo."),
    "compute": (".o.o.o.", "ooooooo", ".o.h.o.", "ooooooo", ".o.o.o."),
    "services": ("...o...", ".o.h.o.", "oohohoo", ".o.h.o.", "...o..."),
    "programmes": ("......o", "....h.o", "..h.o.o", "h.o.o.o", "o.o.o.o"),
    "record": ("...o...", "..h.h..", ".o...o.", "h.h.h.h", "o.o.o.o"),
    "registry": ("o..o..o", ".h.h.h.", "..ooo..", ".h.h.h.", "o..o..o"),
    "people": ("..ooo..", "..o.o..", ".ooooo.", ".o.h.o.", "ooo.ooo"),
    "credits": ("..ooo..", ".o...o.", ".o.h.o.", ".o...o.", "..ooo.."),
    "notices": ("ooooooo", "oh...ho", "o.h.h.o", "o..h..o", "ooooooo"),
    "search": (".ooo...", "o...o..", "o...o..", ".oooh..", ".....hh"),
    "festival": ("oo...oo", ".hh.hh.", "...o...", ".hh.hh.", "oo...oo"),
    "check": ("......o", ".....o.", "o...o..", ".o.o...", "..o...."),
    "lost": ("hh.hhh.", "h.....h", "...h..h", "h......", ".hh...o"),
    "closed": ("..hhh..", ".h...h.", ".ooooo.", ".oo.oo.", ".ooooo."),
    "broken": ("hhh....", "hho....", "..o.o..", "....ohh", "....hhh"),
    "rest": ("..hh...", ".h.....", ".o.....", ".h...h.", "..hhh.."),
}
PITCH, RADIUS, MARGIN = 10, 3.1, 4


@lru_cache(maxsize=64)
def dots(name: str, extra: str = "") -> SafeString:
    """The picture as an SVG; an unknown name gives the empty field."""
    rows = PICTURES.get(name, PICTURES["field"])
    lamps = "".join(
        f"<circle{'' if kind == '.' else f' class={chr(34)}{kind}{chr(34)}'} "
        f'cx="{MARGIN + x * PITCH}" cy="{MARGIN + y * PITCH}" r="{RADIUS}"/>'
        for y, row in enumerate(rows)
        for x, kind in enumerate(row)
    )
    width = (len(rows[0]) - 1) * PITCH + 2 * MARGIN
    height = (len(rows) - 1) * PITCH + 2 * MARGIN
    return mark_safe(  # noqa: S308  (made of numbers and the names above)
        f'<svg class="dots {extra}" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'aria-hidden="true" focusable="false">'
        f"{lamps}</svg>"
    )
