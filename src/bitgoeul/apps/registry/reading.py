# ruff: noqa: E501 - sentences for people stay whole
"""What a model version says about itself, in the reader's words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from bitgoeul.apps.registry.models import ModelVersion
from bitgoeul.kit.text import Localised

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?Z")


@dataclass(frozen=True)
class Measure:
    name: str
    value: str
    meaning: str


def measures(version: ModelVersion) -> list[Measure]:
    """The held-out measures that are present, each with what it means in plain words."""
    m: dict[str, Any] = version.document.get("metrics", {})
    found = []
    if "auc" in m:
        between = ""
        if "auc_low" in m and "auc_high" in m:
            between = f" ({m['auc_low']:.3f}–{m['auc_high']:.3f})"
        found.append(
            Measure(
                _("Ranking (AUC)"),
                f"{m['auc']:.3f}{between}",
                _(
                    "Of one case that happened and one that did not, the model puts the right one first this often. Half is a coin."
                ),
            )
        )
    if "brier" in m:
        base = m.get("brier_of_base_rate")
        meaning = _("Mean squared distance between probability and outcome; lower is better.")
        if base:
            meaning = _(
                "Mean squared distance between probability and outcome; always answering the average would give %(base)s."
            ) % {"base": f"{base:.4f}"}
        found.append(Measure(_("Brier score"), f"{m['brier']:.4f}", meaning))
    if "log_loss" in m:
        found.append(
            Measure(
                _("Log loss"),
                f"{m['log_loss']:.4f}",
                _("Punishes confident mistakes; lower is better."),
            )
        )
    if "ece" in m:
        found.append(
            Measure(
                _("Calibration error"),
                f"{m['ece']:.1%}",
                _("How far promised probabilities are from what was observed, on average."),
            )
        )
    if "accuracy" in m:
        meaning = _("Share of right yes-or-no answers at the chosen threshold.")
        if "accuracy_of_always_the_same" in m:
            meaning = _(
                "Share of right yes-or-no answers at the chosen threshold; always saying the same would reach %(base)s."
            ) % {"base": f"{m['accuracy_of_always_the_same']:.1%}"}
        found.append(Measure(_("Accuracy"), f"{m['accuracy']:.1%}", meaning))
    if "base_rate" in m:
        found.append(
            Measure(
                _("Base rate"),
                f"{m['base_rate']:.1%}",
                _("How often it really happened in the test rows."),
            )
        )
    if "rows" in m:
        found.append(Measure(_("Test rows"), f"{m['rows']:,}", _("Rows that the model had never seen.")))
    return found


def confusion(version: ModelVersion) -> dict[str, int] | None:
    cells = version.document.get("metrics", {}).get("confusion")
    wanted = ("true_positive", "false_positive", "false_negative", "true_negative")
    return cells if cells and all(name in cells for name in wanted) else None


def tensors(version: ModelVersion, role: str) -> list[dict[str, Any]]:
    """Inputs or outputs with a title and, in words, which values they take."""
    rows = []
    for item in version.document[role]:
        values = ""
        if item.get("categories"):
            shown = ", ".join(item["categories"][:8])
            values = (
                shown
                if len(item["categories"]) <= 8
                else _("%(shown)s and %(more)s more") % {"shown": shown, "more": len(item["categories"]) - 8}
            )
        elif "min" in item and "max" in item:
            values = f"{item['min']:g} – {item['max']:g}"
        rows.append(item | {"label": str(Localised.of(item["title"])), "values": values})
    return rows


def importance(version: ModelVersion, most: int = 12) -> list[tuple[str, float]]:
    titles = {item["name"]: str(Localised.of(item["title"])) for item in version.document["inputs"]}
    return [
        (titles.get(item["name"], item["name"]), item["share"])
        for item in version.document.get("importance", [])[:most]
    ]


def card(version: ModelVersion) -> list[dict[str, Any]]:
    """The sections of the model card in the reader's language, or the other where that is all there is."""
    language = (get_language() or "ko")[:2]
    sections: list[dict[str, Any]] = []
    for section in version.document.get("card", {}).get("sections", []):
        text = section["text"].get(language) or next(iter(section["text"].values()), "")
        sections.append({"title": str(Localised.of(section["title"])), "text": text})
    return sections


def split(version: ModelVersion) -> list[dict[str, Any]]:
    names = {"train": _("training"), "validation": _("validation"), "test": _("test")}
    parts = version.document.get("split", {}).get("parts", {})
    return [
        parts[key]
        | {"name": name, "from": _moment(parts[key]["from"]), "until": _moment(parts[key]["until"])}
        for key, name in names.items()
        if key in parts
    ]


def _moment(text: Any) -> str:
    """2013-01-01T10:00:00Z -> 2013-01-01 10:00 UTC; anything else stays as the model says it."""
    words = str(text)
    return f"{words[:10]} {words[11:16]} UTC" if MOMENT.fullmatch(words) else words
