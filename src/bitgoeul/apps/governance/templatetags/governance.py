"""Words and drawings of the plan for templates."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import template
from django.utils.translation import gettext_lazy as _

from bitgoeul.apps.governance import pictures
from bitgoeul.apps.governance.queries.plan import Line
from bitgoeul.kit.templatetags.ui import badge

register = template.Library()

PACES: dict[str, tuple[str, Any]] = {
    "reached": ("ok", _("reached")),
    "on_pace": ("info", _("on pace")),
    "behind": ("stop", _("behind")),
    "unknown": ("quiet", _("not known yet")),
}

register.simple_tag(pictures.bar, name="way")


@register.simple_tag
def pace(line: Line) -> Any:
    """{% pace line %}: whether the way done keeps up with the time gone."""
    return badge(*PACES[line.pace])


@register.filter
def pace_word(pace: str) -> Any:
    return PACES[pace][1]


@register.simple_tag
def value_of(line: Line, value: Decimal | None) -> str:
    """{% value_of line line.target %}: a share in percent, a count as a number."""
    return pictures.written(line, value)


@register.simple_tag
def now_of(line: Line) -> str:
    return pictures.written(line, line.now.value if line.now else None)


@register.simple_tag
def start_of(line: Line) -> str:
    return pictures.written(line, line.start.value if line.start else None)


@register.filter
def decimal(value: Decimal | None) -> str:
    return "–" if value is None else pictures.decimal(value)
