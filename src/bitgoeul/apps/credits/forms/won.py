"""Whole won as people write them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from bitgoeul.engines.pricing import MOST_WON


class WonField(forms.CharField):
    """Whole won, with or without commas; an ``int`` in ``cleaned_data``."""

    def __init__(self, *, least: int = 0, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 24} | kwargs)
        self.least = least
        self.widget.attrs["inputmode"] = "numeric"

    def clean(self, value: Any) -> Any:
        text = super().clean(value).replace(",", "").strip()
        if not text:
            return None
        if not (text.isascii() and text.isdecimal()) or not self.least <= int(text) <= MOST_WON:
            raise forms.ValidationError(_("Write an amount in whole won such as 1,200,000."))
        return int(text)

    def prepare_value(self, value: Any) -> Any:
        return f"{value:,}" if isinstance(value, int) else value
