"""What reviewers fill in, and what the desk fills in about them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from bitgoeul.apps.people.models import Organisation
from bitgoeul.apps.programmes.models import Call, Tie
from bitgoeul.kit.text import Localised

DAY = "%Y-%m-%d"


class ReviewForm(forms.Form):
    """A whole mark for each criterion of the rubric, and two texts."""

    def __init__(self, *args: Any, criteria: list[dict[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.criteria = criteria
        for row in criteria:
            facts = {"most": row["most"], "weight": row["weight"]}
            text = _("0 to %(most)s; weighs %(weight)s of 100.") % facts
            if row.get("floor"):
                text = _("0 to %(most)s; weighs %(weight)s of 100; at least %(floor)s %% on average.") % (
                    facts | {"floor": row["floor"]}
                )
            self.fields[f"mark_{row['name']}"] = forms.IntegerField(
                label=str(Localised.of(row["title"])),
                min_value=0,
                max_value=row["most"],
                help_text=text,
                widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
            )
        self.fields["to_applicant"] = forms.CharField(
            label=_("To the applicant"),
            max_length=4_000,
            widget=forms.Textarea(attrs={"rows": 6}),
            help_text=_("The applicant reads it after the decision, without your name."),
        )
        self.fields["to_panel"] = forms.CharField(
            label=_("To the panel only"),
            max_length=4_000,
            required=False,
            widget=forms.Textarea(attrs={"rows": 3}),
        )

    def marks(self) -> dict[str, int]:
        return {row["name"]: self.cleaned_data[f"mark_{row['name']}"] for row in self.criteria}


class RecuseForm(forms.Form):
    reason = forms.CharField(
        label=_("Why you give it back"), max_length=1_000, widget=forms.Textarea(attrs={"rows": 2})
    )


class TieForm(forms.Form):
    """What a reviewer is to somebody who may apply."""

    kind = forms.ChoiceField(label=_("What you are to them"), choices=Tie.Kind.choices)
    party = forms.CharField(
        label=_("To whom"),
        max_length=120,
        help_text=_("The name or business number of an organisation, or a person's e-mail address."),
    )
    since = forms.DateField(
        label=_("Since"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format=DAY)
    )
    until = forms.DateField(
        label=_("Until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format=DAY),
        help_text=_("Empty while it lasts."),
    )


class ReviewerForm(forms.Form):
    """Who reads, what they know, how much at a time."""

    person = forms.EmailField(label=_("E-mail address of the account"))
    sectors = forms.MultipleChoiceField(
        label=_("Sectors they know"),
        choices=Organisation.Sector.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    kinds = forms.MultipleChoiceField(
        label=_("Kinds of support they know"),
        choices=Call.Kind.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    load_most = forms.IntegerField(
        label=_("The most files at a time"), min_value=1, max_value=200, initial=10
    )
    active = forms.BooleanField(label=_("Gets new files"), required=False, initial=True)
