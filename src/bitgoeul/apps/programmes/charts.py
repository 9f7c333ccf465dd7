"""How a claim was used, day by day, as inline SVG."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from bitgoeul.apps.programmes.queries.grants import DayOfUse

WIDTH, HEIGHT, FOOT, GAP = 560, 120, 18, 2


def use(days: Sequence[DayOfUse], below: int | None) -> SafeString | str:
    """One bar a day, up to a hundred percent; a dashed line where the rule begins."""
    measured = [row.percent for row in days if row.percent is not None]
    if not measured:
        return ""
    step = WIDTH / len(days)
    boxes = "".join(
        f"M{place * step:.1f} {HEIGHT - tall:.1f}h{step - GAP:.1f}v{tall:.1f}h-{step - GAP:.1f}z"
        for place, row in enumerate(days)
        if row.percent is not None and (tall := max(row.percent * HEIGHT / 100, 1.0))
    )
    words = _("Use from %(first)s to %(last)s: %(least)s to %(most)s percent a day") % {
        "first": days[0].day,
        "last": days[-1].day,
        "least": min(measured),
        "most": max(measured),
    }
    return format_html(
        '<figure class="plot"><svg viewBox="0 0 {} {}" role="img" aria-label="{}">'
        '<path class="bar" d="{}"/>{}<text x="0" y="{}">{}</text>'
        '<text x="{}" y="{}" text-anchor="end">{}</text></svg></figure>',
        WIDTH,
        HEIGHT + FOOT,
        words,
        boxes,
        _limit(below),
        HEIGHT + FOOT - 4,
        days[0].day.isoformat(),
        WIDTH,
        HEIGHT + FOOT - 4,
        days[-1].day.isoformat(),
    )


def _limit(below: int | None) -> SafeString | str:
    if below is None:
        return ""
    height = HEIGHT - below * HEIGHT / 100
    return format_html('<path class="ref" d="M0 {}H{}"/>', f"{height:.1f}", WIDTH)
