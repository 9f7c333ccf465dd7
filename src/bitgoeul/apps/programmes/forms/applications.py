"""What people fill in about applications and their decisions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bitgoeul.apps.people.models import Organisation


class OrganisationForm(forms.Form):
    """In whose name."""

    organisation = forms.ChoiceField(label=_("Organisation that applies"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, choices: list[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].choices = [(row.slug, row.name) for row in choices]  # type: ignore[attr-defined]


class TermsForm(forms.Form):
    accept_terms = forms.BooleanField(label=_("We agree to these terms."))


class DecisionForm(forms.Form):
    """An officer's decision about what waits for a person."""

    accept = forms.ChoiceField(
        label=_("Decision"),
        choices=[
            ("yes", pgettext_lazy("application", "Accept")),
            ("no", pgettext_lazy("application", "Reject")),
        ],
        widget=forms.RadioSelect,
    )
    reason_ko = forms.CharField(
        label=_("Reason in Korean"),
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The applicant reads it word for word."),
    )
    reason_en = forms.CharField(
        label=_("Reason in English"),
        max_length=2_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def reason(self) -> dict[str, str]:
        korean = self.cleaned_data["reason_ko"]
        return {"ko": korean, "en": self.cleaned_data["reason_en"] or korean}
