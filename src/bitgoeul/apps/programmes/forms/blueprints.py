"""What the desk fills in about blueprints."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from bitgoeul.apps.programmes.forms.calls import JsonText


class CopyForm(forms.Form):
    slug = forms.SlugField(
        label=_("Name of the copy"), max_length=60, help_text=_("Small letters and hyphens.")
    )


class BlueprintForm(forms.Form):
    """A version of a copy: the words apart, the rest as JSON."""

    title_ko = forms.CharField(label=_("Title in Korean"), max_length=200)
    title_en = forms.CharField(label=_("Title in English"), max_length=200)
    rest = JsonText(
        label=_("Content"),
        help_text=_("JSON as in the shipped blueprints: form, clauses, gives, procedure and amounts."),
        widget=forms.Textarea(attrs={"rows": 30, "class": "mono"}),
    )

    @staticmethod
    def initial_of(content: dict[str, Any]) -> dict[str, Any]:
        rest = {key: value for key, value in content.items() if key != "title"}
        return {
            "title_ko": content["title"].get("ko", ""),
            "title_en": content["title"].get("en", ""),
            "rest": json.dumps(rest, ensure_ascii=False, indent=2),
        }

    def content(self) -> Any:
        values = self.cleaned_data
        if not isinstance(values["rest"], dict):
            return values["rest"]
        return values["rest"] | {"title": {"ko": values["title_ko"], "en": values["title_en"]}}
