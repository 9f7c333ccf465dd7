"""Differences of a plan in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from bitgoeul.apps.governance.models import Measurement
from bitgoeul.engines import plans
from bitgoeul.kit.text import Localised
from bitgoeul.kit.ui import wording


def changes_between(old: plans.Tree, new: plans.Tree) -> list[dict[str, Any]]:
    """Each difference in words."""
    names = {node.key: node.content["title"] for tree in (old, new) for node in plans.nodes(tree)}
    return [
        {
            "change": change,
            "fields": [
                (field_word(name), shown_value(name, was, names), shown_value(name, now, names))
                for name, (was, now) in change.fields.items()
            ],
            "above": [shown_value("parent", key, names) for key in change.parents],
        }
        for change in plans.diff(old, new)
    ]


def field_word(name: str) -> str:
    words = {
        "title": _("Title"),
        "summary": _("Summary"),
        "basis": _("What it rests on"),
        "unit": _("Unit"),
        "numerator": _("What is counted"),
        "denominator": _("Out of what"),
        "better": _("Better is"),
        "baseline": _("Baseline"),
        "targets": _("Targets"),
        "phases": _("Phases"),
        "starts_on": _("Begins on"),
        "ends_on": _("Ends on"),
        "precision": _("Known to"),
        "budget_won": _("Budget in won"),
        "source": _("Source"),
        "example": _("Example"),
        "measured_by": _("Counted by the hub"),
    }
    return words.get(name, name)


def shown_value(name: str, value: Any, names: Mapping[str, Any]) -> str:  # noqa: PLR0911  (one line a kind)
    """A value of a node as a reader understands it; keys of other nodes become their names."""
    if value in (None, "", [], {}):
        return wording.NOTHING
    match name:
        case "title" | "summary" | "basis" | "unit" | "numerator" | "denominator" | "source":
            return str(Localised.of(value))
        case "baseline":
            return f"{_figure(value)} ({wording.period(value['as_of'], value.get('precision', 'day'))})"
        case "targets":
            return " · ".join(f"{_named(aim['phase'], names)}: {_number(aim['value'])}" for aim in value)
        case "phases":
            return ", ".join(_named(key, names) for key in value)
        case "starts_on" | "ends_on":
            return wording.day(value)
        case "precision":
            return str(Measurement.Precision(value).label)
        case "budget_won":
            return wording.number(value)
        case "better":
            return pgettext("indicator", "more") if value == "more" else pgettext("indicator", "less")
        case "parent":
            return _named(value, names)
        case "example":
            return _("yes")
    return str(value)


def _named(key: str, names: Mapping[str, Any]) -> str:
    return str(Localised.of(names[key])) if key in names else key


def _figure(value: Mapping[str, Any]) -> str:
    below = value.get("denominator")
    above = _number(value["numerator"])
    return f"{above} / {_number(below)}" if below else above


def _number(text: str) -> str:
    whole, _dot, rest = str(text).partition(".")
    return (f"{int(whole):,}" if whole.lstrip("-").isdigit() else whole) + (f".{rest}" if rest else "")
