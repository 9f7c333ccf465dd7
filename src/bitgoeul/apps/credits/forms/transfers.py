"""What people fill in about credits."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bitgoeul.engines import credits as engine
from bitgoeul.kit import clock


def day(name: Any, *, required: bool = True, help_text: Any = "") -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=name, required=required, help_text=help_text, widget=widget)


def start_of(date: dt.date | None) -> dt.datetime | None:
    """The first moment of a day, where the hub is."""
    return timezone.make_aware(dt.datetime.combine(date, dt.time.min)) if date else None


class SpanForm(forms.Form):
    """From which day, until which day."""

    since = day(pgettext_lazy("day", "From"), required=False)
    until = day(pgettext_lazy("day", "Until"), required=False)

    def moments(self) -> tuple[dt.datetime | None, dt.datetime | None]:
        """The span as moments; the last day is in it.  What cannot be read is left open."""
        found = self.cleaned_data if self.is_valid() else getattr(self, "cleaned_data", {})
        until = found.get("until")
        return start_of(found.get("since")), start_of(until + dt.timedelta(days=1) if until else None)


class AmountField(forms.CharField):
    """Credits as people write them; whole milli-credits in ``cleaned_data``."""

    def clean(self, value: Any) -> int:
        text = super().clean(value)
        try:
            amount = engine.read(text.replace(",", ""))
        except ValueError:
            amount = 0
        if not 0 < amount <= 10**15:
            raise forms.ValidationError(_("Write an amount of credits such as 500 or 18.4."))
        return amount


class GrantForm(forms.Form):
    """A grant by hand, outside of any call."""

    amount = AmountField(label=_("Amount"), help_text=_("In credits, with up to three decimals."))
    starts_on = day(pgettext_lazy("credits", "Usable from"))
    ends_on = day(_("Ends on"), help_text=_("What is left at the start of this day expires."))
    source = forms.CharField(
        label=pgettext_lazy("credits", "Why"),
        max_length=200,
        help_text=_("Which decision gives them. It stands in the public record."),
    )
    reference = forms.CharField(widget=forms.HiddenInput, max_length=80)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["starts_on"].initial = timezone.localdate(clock.now())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        starts, ends = cleaned.get("starts_on"), cleaned.get("ends_on")
        if starts and ends and ends <= starts:
            self.add_error("ends_on", _("The end lies before the start."))
        return cleaned


class ReversalForm(forms.Form):
    """Which transfer, and why."""

    reference = forms.CharField(
        label=_("Reference"), max_length=160, help_text=_("Of a grant, a spending or a settlement.")
    )
    reason = forms.CharField(
        label=pgettext_lazy("credits", "Why"), max_length=200, help_text=_("It stands in the public record.")
    )
