"""What is filled in about a panel's decision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bitgoeul.apps.programmes.models import Call
from bitgoeul.apps.programmes.queries import funding
from bitgoeul.kit.text import Localised

BANDS = [("none", _("no lottery")), *((value, value) for value in ("0.5", "0.8", "0.9", "0.95"))]


class ReplayForm(forms.Form):
    """Sliders and switches for other rules; what is left empty stays as the call says."""

    def __init__(self, *args: Any, call: Call, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.call = call
        procedure = call.procedure
        self.criteria = [row["name"] for row in procedure["rubric"]["criteria"]]
        for row in procedure["rubric"]["criteria"]:
            self.fields[f"weight_{row['name']}"] = forms.IntegerField(
                label=str(Localised.of(row["title"])),
                min_value=1,
                max_value=100,
                initial=row["weight"],
                required=False,
                widget=forms.NumberInput(attrs={"type": "range", "min": 1, "max": 100}),
            )
        self.fields["cut"] = forms.DecimalField(
            label=_("Cut"), min_value=0, max_value=200, decimal_places=2, required=False,
            initial=procedure["cut"],
            widget=forms.NumberInput(attrs={"type": "range", "min": 0, "max": 100, "step": "0.5"}),
        )  # fmt: skip
        self.fields["budget"] = forms.IntegerField(
            label=_("Budget"), min_value=0, max_value=10**12, required=False
        )
        self.fields["places"] = forms.IntegerField(
            label=_("At most so many winners"), min_value=0, max_value=10**6, required=False
        )
        lottery = procedure["lottery"] or {}
        self.fields["band"] = forms.ChoiceField(
            label=_("Lottery band"), required=False, choices=[("", _("as the call says")), *BANDS],
            help_text=_("The call says: %(band)s.") % {"band": lottery.get("confidence") or _("none")},
        )  # fmt: skip
        self.fields["aggregate"] = forms.ChoiceField(
            label=_("Mean of the reviews"),
            required=False,
            choices=[("", _("as the call says")), ("mean", _("all of them")), ("trimmed", _("trimmed"))],
        )
        self.fields["calibrated"] = forms.BooleanField(label=_("Take leniency out"), required=False)
        self.fields["floors"] = forms.BooleanField(label=_("Without floors"), required=False)

    def changes(self) -> dict[str, str]:
        """What was turned, in the words of ``replay --set``."""
        given = self.cleaned_data
        changes = {name: str(given[name]) for name in ("budget", "places") if given[name] is not None}
        if given["cut"] is not None and self.call.procedure["cut"] is not None:
            changes["cut"] = f"{given['cut']:f}"
        changes |= {name: given[name] for name in ("band", "aggregate") if given[name]}
        if given["calibrated"]:
            changes["calibrated"] = "yes"
        if given["floors"]:
            changes["floors"] = "no"
        return changes

    def proportions(self) -> dict[str, int]:
        given = {name: self.cleaned_data[f"weight_{name}"] for name in self.criteria}
        return {name: value for name, value in given.items() if value is not None}


class DespiteForm(forms.Form):
    """Why applicants have it although another programme supports the same, one field for each."""

    def __init__(self, *args: Any, call: Call, applicants: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rule = funding.rule_of(call)
        for name in applicants if rule != "refuse" else ():
            self.fields[f"despite_{name}"] = forms.CharField(
                label=_("Why %(organisation)s has both") % {"organisation": applicants[name]},
                max_length=2_000,
                required=rule == "reason",
                widget=forms.Textarea(attrs={"rows": 2}),
                help_text=_("It is kept with the decision, as a fact."),
            )

    def words(self) -> dict[str, dict[str, str]]:
        given = {name.removeprefix("despite_"): text for name, text in self.cleaned_data.items() if text}
        return {name: {"ko": text, "en": text} for name, text in given.items()}


class AppealForm(forms.Form):
    words = forms.CharField(
        label=_("What is wrong with the decision"),
        max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("Once only. The desk answers it with its reasons."),
    )


class AnswerForm(forms.Form):
    upheld = forms.ChoiceField(
        label=_("Answer to the appeal"),
        choices=[
            ("yes", pgettext_lazy("appeal", "Uphold: next in order")),
            ("no", pgettext_lazy("appeal", "Dismiss")),
        ],
        widget=forms.RadioSelect,
    )
    answer_ko = forms.CharField(
        label=_("Reason in Korean"), max_length=4_000, widget=forms.Textarea(attrs={"rows": 3})
    )
    answer_en = forms.CharField(
        label=_("Reason in English"),
        max_length=4_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
