# ruff: noqa: E501 - paths and attributes stay on one line
"""Small charts as inline SVG, drawn on the server: no script, readable in light and dark, with a title."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

WIDTH, HEIGHT, LEFT, BOTTOM, EDGE = 340, 312, 62, 44, 14
PLOT = WIDTH - LEFT - 2 * EDGE


def _x(value: float) -> float:
    return round(LEFT + value * PLOT, 1)


def _y(value: float) -> float:
    return round(HEIGHT - BOTTOM - value * PLOT, 1)


def _frame(title: str, across: str, up: str, content: SafeString) -> SafeString:
    """A square from 0 to 100 % both ways, with the diagonal as reference."""
    ticks = format_html_join(
        "",
        '<text x="{}" y="{}" text-anchor="middle" font-size="11" fill="currentColor">{}</text>'
        '<text x="{}" y="{}" text-anchor="end" font-size="11" fill="currentColor">{}</text>'
        '<path d="M{} {}V{}M{} {}H{}" stroke="currentColor" opacity=".12"/>',
        (
            (_x(v), HEIGHT - BOTTOM + 18, f"{v:.0%}", LEFT - 8, _y(v) + 4, f"{v:.0%}",
             _x(v), _y(0), _y(1), _x(0), _y(v), _x(1))
            for v in (0, 0.25, 0.5, 0.75, 1)
        ),
    )  # fmt: skip
    return format_html(
        '<svg viewBox="0 0 {width} {height}" role="img" aria-label="{title}"'
        ' class="chart" xmlns="http://www.w3.org/2000/svg"><title>{title}</title>{ticks}'
        '<path d="M{x0} {y0}L{x1} {y1}" stroke="currentColor" opacity=".35" stroke-dasharray="4 4"/>{content}'
        '<text x="{middle}" y="{bottom}" text-anchor="middle" font-size="12" fill="currentColor">{across}</text>'
        '<text x="12" y="{half}" text-anchor="middle" font-size="12" fill="currentColor"'
        ' transform="rotate(-90 12 {half})">{up}</text></svg>',
        width=WIDTH, height=HEIGHT, title=title, ticks=ticks, content=content, across=across, up=up,
        x0=_x(0), y0=_y(0), x1=_x(1), y1=_y(1), middle=_x(0.5), half=_y(0.5), bottom=HEIGHT - 6,
    )  # fmt: skip


def _line(points: Sequence[Sequence[float]]) -> SafeString:
    path = "L".join(f"{_x(p[0])} {_y(p[1])}" for p in points)
    return format_html(
        '<path d="M{}" fill="none" stroke="var(--lamp-deep, #b86b00)" stroke-width="2.5"/>', path
    )


def roc_chart(points: Sequence[Sequence[float]], auc: float | None) -> SafeString:
    """True against false positive share along all thresholds."""
    title = _("ROC curve")
    if auc is not None:
        title = _("ROC curve, area under it %(auc)s") % {"auc": f"{auc:.3f}"}
    return _frame(title, _("False alarms"), _("Cases found"), _line(points))


def calibration_chart(points: Sequence[Sequence[float]]) -> SafeString:
    """Observed share against predicted probability; on the diagonal the promise is kept."""
    dots = format_html_join(
        "",
        '<circle cx="{}" cy="{}" r="4.5" fill="var(--lamp-deep, #b86b00)"/>',
        ((_x(predicted), _y(observed)) for predicted, observed, *_rows in points),
    )
    content = format_html("{}{}", _line(points), dots)
    return _frame(_("Predicted and observed"), _("Predicted probability"), _("Observed share"), content)


def bar(share: float, most: float) -> SafeString:
    """A bar as long as its share of the longest one; its words and number stand beside it."""
    return format_html(
        '<svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect width="{}" height="8"/></svg>',
        max(1, round(100 * share / most)) if most else 1,
    )
