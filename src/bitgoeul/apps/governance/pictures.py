"""Small drawings, made on the server: how far an indicator has come, and its way through the years."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from bitgoeul.apps.governance.commands.plan import plain
from bitgoeul.apps.governance.models import Measurement
from bitgoeul.apps.governance.queries.plan import Line
from bitgoeul.kit.ui import wording

WIDTH, HEIGHT = 640, 240
LEFT, RIGHT, TOP, BOTTOM = 64, 20, 18, 30


def bar(line: Line) -> SafeString | str:
    """The way from the baseline (left end) to the target (right end), and a tick for the time gone."""
    if line.percent is None or line.phase is None or line.now is None:
        return ""
    gone = line.phase.share(line.now.as_of)
    return format_html(
        '<svg class="gov-bar {}" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" '
        'focusable="false"><rect class="way" width="100" height="8" rx="1"/>'
        '<rect class="done" width="{}" height="8" rx="1"/>'
        '<rect class="tick" x="{}" width=".8" height="8"/></svg>',
        line.pace,
        line.percent,
        min(99, gone),
    )


def written(line: Line, value: Decimal | None) -> str:
    """A value of this indicator as people read it: a share in percent, a count as a number."""
    if value is None:
        return wording.NOTHING
    return wording.percent(value) if line.is_ratio else decimal(value)


def decimal(value: Decimal) -> str:
    """2207.000000 -> 2,207; 88.500000 -> 88.5."""
    whole, _dot, rest = plain(value).partition(".")
    return f"{int(whole):,}" + (f".{rest}" if rest else "")


def plot(line: Line, history: list[Measurement], words: str) -> SafeString | str:
    """Every figure over time, with the baseline and the target as lines of reference."""
    points = [(row.as_of, row.figure.value) for row in history]
    if line.start is not None:
        points = [(line.start.as_of, line.start.value), *points]
    points = sorted(dict(points).items())
    if not points:
        return ""
    ends = line.phase.ends_on if line.phase and line.target is not None else points[-1][0]
    first, last = points[0][0], max(ends, points[-1][0])
    top = max([value for _day, value in points] + ([line.target] if line.target is not None else []))
    scale = _Scale(first, last, top or Decimal(1))
    parts: list[SafeString] = [_grid(line, scale), _years(first, last, scale)]
    if line.target is not None:
        y = scale.y(line.target)
        parts.append(
            format_html('<line class="ref" x1="{}" x2="{}" y1="{}" y2="{}"/>', LEFT, WIDTH - RIGHT, y, y)
        )
    path = " ".join(f"{scale.x(day)},{scale.y(value)}" for day, value in points)
    parts.append(format_html('<polyline class="line s1" points="{}"/>', path))
    parts += [
        format_html('<circle class="point" cx="{}" cy="{}" r="4"/>', scale.x(day), scale.y(value))
        for day, value in points
    ]
    day, value = points[-1]
    anchor = "end" if scale.x(day) > WIDTH - 120 else "start"
    shift = -8 if anchor == "end" else 8
    parts.append(
        format_html(
            '<text class="label" x="{}" y="{}" text-anchor="{}">{}</text>',
            scale.x(day) + shift,
            max(TOP + 4, scale.y(value) - 8),
            anchor,
            written(line, value),
        )
    )
    return format_html(
        '<svg viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>',
        WIDTH,
        HEIGHT,
        words,
        mark_safe("".join(parts)),  # noqa: S308  (each part was escaped)
    )


class _Scale:
    def __init__(self, first: dt.date, last: dt.date, top: Decimal) -> None:
        self.first, self.days, self.top = first, max((last - first).days, 1), top

    def x(self, day: dt.date) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * (day - self.first).days / self.days, 1)

    def y(self, value: Decimal) -> float:
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * float(value / self.top), 1)


def _grid(line: Line, scale: _Scale) -> SafeString:
    rows: list[tuple[Any, ...]] = []
    for part in (Decimal(0), Decimal("0.5"), Decimal(1)):
        y = scale.y(scale.top * part)
        rows.append((LEFT, WIDTH - RIGHT, y, y, LEFT - 8, y + 4, written(line, scale.top * part)))
    return format_html_join(
        "",
        '<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/><text x="{}" y="{}" text-anchor="end">{}</text>',
        rows,
    )


def _years(first: dt.date, last: dt.date, scale: _Scale) -> SafeString:
    step = max(1, -(-(last.year - first.year + 1) // 8))
    years = [dt.date(year, 1, 1) for year in range(first.year + 1, last.year + 1, step)]
    return format_html_join(
        "",
        '<text x="{}" y="{}" text-anchor="middle">{}</text>',
        [(scale.x(day), HEIGHT - 8, day.year) for day in years],
    )
