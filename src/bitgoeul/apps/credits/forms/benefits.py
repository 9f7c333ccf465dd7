"""A support by hand, and its reversal."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bitgoeul.apps.credits.forms.transfers import day
from bitgoeul.apps.credits.forms.won import WonField


class BenefitForm(forms.Form):
    """One support, entered by an operator."""

    programme = forms.CharField(
        label=_("Programme"), max_length=120, help_text=_("It stands in the public record.")
    )
    item = forms.CharField(
        label=_("Cost item"),
        max_length=120,
        help_text=_("What it pays for, always in the same words: double funding is found by it."),
    )
    list_won = WonField(label=_("List value (won)"), least=1)
    paid_won = WonField(label=_("Paid by the organisation (won)"))
    starts_on = day(pgettext_lazy("day", "From"))
    ends_on = day(pgettext_lazy("day", "Until"), help_text=_("The last day is part of it."))
    basis_ko = forms.CharField(
        label=_("Legal basis in Korean"), max_length=500, help_text=_("The rule and its date.")
    )
    basis_en = forms.CharField(label=_("Legal basis in English"), max_length=500, required=False)
    reference = forms.CharField(widget=forms.HiddenInput, max_length=80)
    seen = forms.BooleanField(
        label=_("I have read the warnings and enter it nevertheless."),
        required=False,
        widget=forms.HiddenInput,
    )

    def ask_again(self) -> None:
        """Show the box that says the warnings were read."""
        self.fields["seen"].widget = forms.CheckboxInput()
        self.fields["seen"].required = True

    def support(self) -> dict[str, Any]:
        """What the question about double funding needs."""
        names = ("programme", "item", "starts_on", "ends_on", "list_won", "paid_won")
        return {name: self.cleaned_data[name] for name in names}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        starts, ends = cleaned.get("starts_on"), cleaned.get("ends_on")
        if starts and ends and not (starts.year >= 2000 and starts <= ends and ends.year < 2200):
            self.add_error("ends_on", _("The end lies before the start, or in another century."))
        listed, paid = cleaned.get("list_won"), cleaned.get("paid_won")
        if listed is not None and paid is not None and paid > listed:
            self.add_error("paid_won", _("What is paid is a whole number of won, at most the list value."))
        return cleaned


class BenefitReversalForm(forms.Form):
    """Which line, and why."""

    reference = forms.CharField(label=_("Reference"), max_length=140)
    reason = forms.CharField(
        label=pgettext_lazy("credits", "Why"), max_length=200, help_text=_("It stands in the public record.")
    )
