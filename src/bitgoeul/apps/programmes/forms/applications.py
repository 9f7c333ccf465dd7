"""What people fill in about applications and their decisions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bitgoeul.apps.people.models import Organisation
from bitgoeul.apps.programmes.forms.calls import amount_read
from bitgoeul.apps.programmes.models import Call
from bitgoeul.apps.programmes.queries import funding


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
    amount = forms.CharField(
        label=pgettext_lazy("decision", "Amount"),
        max_length=20,
        required=False,
        help_text=_("Only if less than was asked for."),
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

    despite = forms.CharField(
        label=_("Why, although another programme supports the same"),
        max_length=2_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("It is kept with the decision, as a fact."),
    )
    field_order = ["accept", "amount", "despite", "reason_ko", "reason_en"]

    def __init__(self, *args: Any, call: Call, found: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.call = call
        rule = funding.rule_of(call)
        if not found or call.is_for_a_panel or rule == "refuse":
            del self.fields["despite"]
        if found and rule == "refuse":
            self.fields["accept"].choices = [("no", pgettext_lazy("application", "Reject"))]  # type: ignore[attr-defined]
        if not call.ask:
            del self.fields["amount"]
        if call.is_for_a_panel:  # an officer cannot accept in its place
            self.fields["accept"].choices = [("no", pgettext_lazy("application", "Reject"))]  # type: ignore[attr-defined]

    def clean_amount(self) -> int | None:
        text = self.cleaned_data["amount"]
        try:
            return amount_read(text, self.call.budget_unit) if text else None
        except ValueError:
            raise forms.ValidationError(_("Write an amount such as 500.")) from None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        bound = "despite" in self.fields and funding.rule_of(self.call) == "reason"
        if bound and cleaned.get("accept") == "yes" and not cleaned.get("despite"):
            self.add_error(
                "despite", _("Another programme supports the same already. Write why both are right.")
            )
        return cleaned

    def despite_words(self) -> dict[str, str] | None:
        words = self.cleaned_data.get("despite", "")
        return {"ko": words, "en": words} if words and self.cleaned_data["accept"] == "yes" else None

    def reason(self) -> dict[str, str]:
        korean = self.cleaned_data["reason_ko"]
        return {"ko": korean, "en": self.cleaned_data["reason_en"] or korean}


class ReturnForm(forms.Form):
    """What is missing, in the words the applicant reads."""

    asks_ko = forms.CharField(
        label=_("What is missing, in Korean"), max_length=2_000, widget=forms.Textarea(attrs={"rows": 3})
    )
    asks_en = forms.CharField(
        label=_("What is missing, in English"),
        max_length=2_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def asks(self) -> dict[str, str]:
        korean = self.cleaned_data["asks_ko"]
        return {"ko": korean, "en": self.cleaned_data["asks_en"] or korean}


class DeclineForm(forms.Form):
    words = forms.CharField(
        label=_("Why you do not take it"),
        max_length=1_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("If you like; it helps us plan."),
    )
