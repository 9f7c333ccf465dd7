"""What the component gallery shows.  The values are examples and are labelled so on the page."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bitgoeul.kit import clock
from bitgoeul.kit.refusals import NotFound
from bitgoeul.kit.ui.dots import PICTURES

COLOURS = ["paper", "paper-2", "card", "line", "ink", "ink-2", "ink-3", "lamp", "lamp-deep", "lamp-soft"]
REQUESTS = [(44, "06"), (96, "09"), (130, "12"), (112, "15"), (78, "18")]
STATES = ["ok", "wait", "stop", "info"]


class SampleForm(forms.Form):
    title = forms.CharField(label=gettext_lazy("Title"), help_text=gettext_lazy("One short line."))
    sector = forms.ChoiceField(
        label=gettext_lazy("Sector"),
        choices=[("mobility", gettext_lazy("Mobility")), ("health", gettext_lazy("Healthcare"))],
    )
    rows = forms.IntegerField(label=gettext_lazy("Rows"), min_value=1)
    text = forms.CharField(label=gettext_lazy("What it is for"), widget=forms.Textarea, required=False)
    access = forms.ChoiceField(
        label=gettext_lazy("Who may read it"),
        choices=[("public", gettext_lazy("Everybody")), ("members", gettext_lazy("Members"))],
        widget=forms.RadioSelect,
        initial="public",
    )
    file = forms.FileField(label=gettext_lazy("File"), required=False)
    agree = forms.BooleanField(label=gettext_lazy("I may publish this data"))


def everything(request: HttpRequest) -> dict[str, Any]:
    wrong = SampleForm({"title": "", "rows": "0", "sector": "mobility", "access": "public"})
    wrong.is_valid()
    moment = clock.now()
    pages = Paginator(range(70), 25).get_page(request.GET.get("page") or 2)
    pages.query = ""  # type: ignore[attr-defined]
    return {
        "colours": COLOURS,
        "states": STATES,
        "pictures": list(PICTURES),
        "form": SampleForm(prefix="new"),
        "wrong": wrong,
        "page": pages,
        "moment": moment,
        "earlier": moment - timedelta(minutes=12),
        "row": SimpleNamespace(
            state="running", get_state_display=lambda: _("running"), STATE_KINDS={"running": "info"}
        ),
        "tab_items": [
            {"url": "#tabs", "label": _("Overview"), "on": True},
            {"url": "#log", "label": _("Log"), "on": False},
            {"url": "#forms", "label": _("Results"), "on": False},
        ],
        "steps": [_("Company"), _("Idea"), _("Budget"), _("Review")],
        "lineage": [
            {"label": "flights@3", "url": "#lineage", "on": False},
            {"label": _("Training table"), "url": "#lineage", "on": False},
            {"label": _("Job"), "url": "#lineage", "on": True},
            {"label": _("Model"), "url": "", "on": False},
            {"label": _("Service"), "url": "", "on": False},
        ],
        "refusal": NotFound(),
        "bars": [
            (x * 92 + 46, 170 - height, height, label)
            for x, (height, label) in enumerate(
                [(44, "06"), (96, "09"), (130, "12"), (112, "15"), (78, "18")]
            )
        ],
    }
