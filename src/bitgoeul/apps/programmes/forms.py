"""What people fill in about calls and decisions."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bitgoeul.apps.credits.forms import AmountField
from bitgoeul.apps.people.models import Organisation
from bitgoeul.apps.programmes.models import Call, Programme
from bitgoeul.engines.credits import written
from bitgoeul.kit.text import Localised

MINUTE = "%Y-%m-%dT%H:%M"


def _moment(label: Any, help_text: Any = "") -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MINUTE)
    return forms.DateTimeField(label=label, widget=widget, input_formats=[MINUTE], help_text=help_text)


def _words(label: Any, rows: int = 3) -> forms.CharField:
    return forms.CharField(label=label, max_length=5_000, widget=forms.Textarea(attrs={"rows": rows}))


class JsonText(forms.CharField):
    """JSON that a person edits as text."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        if value is None:
            return ""
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        try:
            return json.loads(text)
        except ValueError as error:
            raise forms.ValidationError(_("This is not JSON: %(why)s"), params={"why": str(error)}) from None


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


class ProgrammeForm(forms.Form):
    slug = forms.SlugField(
        label=_("Name in addresses"), max_length=60, help_text=_("Small letters and hyphens.")
    )
    title_ko = forms.CharField(label=_("Title in Korean"), max_length=200)
    title_en = forms.CharField(label=_("Title in English"), max_length=200)
    summary_ko = _words(_("Summary in Korean"))
    summary_en = _words(_("Summary in English"))

    def content(self) -> dict[str, Any]:
        return {"slug": self.cleaned_data["slug"]} | _both(self.cleaned_data, "title", "summary")


class CallForm(forms.Form):
    """A draft of a call."""

    programme = forms.ModelChoiceField(
        label=_("Programme"), queryset=Programme.objects.all(), to_field_name="slug"
    )
    slug = forms.SlugField(
        label=_("Name in addresses"), max_length=60, help_text=_("Small letters and hyphens.")
    )
    tier = forms.CharField(
        label=pgettext_lazy("call", "Size"), max_length=20, help_text=_("A short word such as TRY.")
    )
    title_ko = forms.CharField(label=_("Title in Korean"), max_length=200)
    title_en = forms.CharField(label=_("Title in English"), max_length=200)
    summary_ko = _words(_("Summary in Korean"))
    summary_en = _words(_("Summary in English"))
    opens_at = _moment(_("Opens at"), _("Korean time."))
    closes_at = _moment(_("Closes at"), _("Korean time. Nothing is taken from this minute on."))
    budget = AmountField(label=_("Budget in credits"))
    gives_credits = AmountField(label=_("Credits for each grant"))
    gives_days = forms.IntegerField(label=_("Days each grant lasts"), min_value=1, max_value=730)
    repeatable = forms.BooleanField(label=_("An organisation may apply more than once"), required=False)
    clauses = JsonText(
        label=_("Conditions"),
        help_text=_("JSON: name, title, rule in CEL, and the sentences passes, fails and unknown."),
        widget=forms.Textarea(attrs={"rows": 16, "class": "mono"}),
    )
    form = JsonText(
        label=_("Questions"),
        help_text=_("JSON Schema with titles in both languages."),
        widget=forms.Textarea(attrs={"rows": 16, "class": "mono"}),
    )
    terms_ko = _words(_("Terms in Korean"))
    terms_en = _words(_("Terms in English"))

    def content(self) -> dict[str, Any]:
        same = ("slug", "tier", "opens_at", "closes_at", "budget", "gives_credits", "gives_days",
                "repeatable", "clauses", "form")  # fmt: skip
        kept = {name: self.cleaned_data[name] for name in same}
        kept["programme"] = self.cleaned_data["programme"].slug
        return kept | _both(self.cleaned_data, "title", "summary", "terms")

    @staticmethod
    def initial_of(call: Call) -> dict[str, Any]:
        """What a draft holds, as this form shows it."""
        return {
            "programme": call.programme.slug,
            **{name: getattr(call, name) for name in ("slug", "tier", "opens_at", "closes_at", "gives_days")},
            **{name: getattr(call, name) for name in ("repeatable", "clauses", "form")},
            "budget": written(call.budget),
            "gives_credits": written(call.gives_credits),
            **_apart({name: getattr(call, name) for name in ("title", "summary", "terms")}),
        }

    @staticmethod
    def initial_from(blueprint: dict[str, Any]) -> dict[str, Any]:
        """What a blueprint proposes."""
        kept = {name: blueprint[name] for name in ("tier", "gives_days", "repeatable", "clauses", "form")}
        return kept | {
            "slug": blueprint["slug"],
            "programme": blueprint["programme"]["slug"],
            "budget": written(blueprint["budget"]),
            "gives_credits": written(blueprint["gives_credits"]),
            **_apart({name: blueprint[name] for name in ("title", "summary", "terms")}),
        }


def place_errors(form: forms.Form, errors: dict[str, list[str]]) -> None:
    """Show a command's refusal at the fields it is about."""
    for name, sentences in errors.items():
        field = name if name in form.fields else f"{name}_ko" if f"{name}_ko" in form.fields else None
        for sentence in sentences:
            form.add_error(field, sentence)


def _both(values: dict[str, Any], *names: str) -> dict[str, Localised]:
    return {name: Localised(ko=values[f"{name}_ko"], en=values[f"{name}_en"]) for name in names}


def _apart(texts: dict[str, dict[str, str]]) -> dict[str, str]:
    return {f"{name}_{code}": text.get(code, "") for name, text in texts.items() for code in ("ko", "en")}
