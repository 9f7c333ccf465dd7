"""What the desk fills in about programmes and calls."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bitgoeul.apps.people.models import Organisation
from bitgoeul.apps.programmes.models import Call, Programme
from bitgoeul.apps.programmes.models.calls import automatic_procedure, credits_only
from bitgoeul.engines.credits import read, written
from bitgoeul.kit.text import Localised

LARGEST = 10**15
AMOUNTS = ("budget", "share_most", "share_least")
SAME = ("slug", "kind", "tier", "opens_at", "closes_at", "budget_unit", "ask", "gives_days", "gives",
        "procedure", "stages", "sectors", "repeatable", "clauses", "form")  # fmt: skip
FOLDED = ("clauses", "form", "gives", "procedure")
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

    blueprint = forms.CharField(widget=forms.HiddenInput, max_length=60, required=False)
    blueprint_version = forms.IntegerField(widget=forms.HiddenInput, min_value=0, required=False)
    programme = forms.ModelChoiceField(
        label=_("Programme"), queryset=Programme.objects.all(), to_field_name="slug"
    )
    slug = forms.SlugField(
        label=_("Name in addresses"), max_length=60, help_text=_("Small letters and hyphens.")
    )
    kind = forms.ChoiceField(label=pgettext_lazy("call", "Kind"), choices=Call.Kind.choices)
    tier = forms.CharField(
        label=pgettext_lazy("call", "Size"), max_length=20, help_text=_("A short word such as TRY.")
    )
    title_ko = forms.CharField(label=_("Title in Korean"), max_length=200)
    title_en = forms.CharField(label=_("Title in English"), max_length=200)
    summary_ko = _words(_("Summary in Korean"))
    summary_en = _words(_("Summary in English"))
    opens_at = _moment(_("Opens at"), _("Korean time."))
    closes_at = _moment(_("Closes at"), _("Korean time. Nothing is taken from this minute on."))
    budget_unit = forms.ChoiceField(label=_("Unit of the budget"), choices=Call.Unit.choices)
    budget = forms.CharField(label=_("Budget"), max_length=20)
    share_most = forms.CharField(label=_("The most for one grant"), max_length=20)
    share_least = forms.CharField(
        label=_("The least for one grant"),
        max_length=20,
        required=False,
        help_text=_("Empty: every grant is the most."),
    )
    ask = forms.CharField(
        label=_("Question for the amount"),
        max_length=40,
        required=False,
        help_text=_("The name of the question with which an applicant asks for an amount; empty: the most."),
    )
    gives_days = forms.IntegerField(label=_("Days each grant lasts"), min_value=1, max_value=1_825)
    repeatable = forms.BooleanField(label=_("An organisation may apply more than once"), required=False)
    stages = forms.MultipleChoiceField(
        label=_("For which stages"),
        choices=Organisation.Stage.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: for all."),
    )
    sectors = forms.MultipleChoiceField(
        label=_("For which sectors"),
        choices=Organisation.Sector.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: for all."),
    )
    decisions = forms.CharField(
        label=_("Decisions that it carries out"),
        required=False,
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("References such as decision:2026-03, one a line; the page of a decision says its own."),
    )
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
    gives = JsonText(
        label=_("What a grant gives"),
        help_text=_("JSON: a list of parts: credits, capacity, money, dataset, document."),
        widget=forms.Textarea(attrs={"rows": 6, "class": "mono"}),
    )
    procedure = JsonText(
        label=_("How it is decided"),
        help_text=_("JSON: decision, stages, rubric, offer_days, agreement, reports, reclaim, benefit."),
        widget=forms.Textarea(attrs={"rows": 12, "class": "mono"}),
    )
    terms_ko = _words(_("Terms in Korean"))
    terms_en = _words(_("Terms in English"))

    @property
    def folded(self) -> list[forms.BoundField]:
        """What a blueprint has said already, and experts may change as text."""
        return [self[name] for name in FOLDED]

    @property
    def folded_wrong(self) -> bool:
        return any(name in self.errors for name in FOLDED)

    def visible_fields(self) -> list[forms.BoundField]:
        return [bound for bound in super().visible_fields() if bound.name not in FOLDED]

    def name_programme(self, slug: str, title: str) -> None:
        """Offer a programme that is not written yet."""
        field = self.fields["programme"]
        assert isinstance(field, forms.ModelChoiceField)
        others = Programme.objects.exclude(slug=slug)
        field.choices = [(slug, title), *((row.slug, str(row)) for row in others)]

    def clean(self) -> dict[str, Any]:
        """Amounts become whole numbers: milli-credits, won or places."""
        cleaned = super().clean() or {}
        for name in AMOUNTS:
            if not (text := cleaned.get(name)):
                continue
            try:
                cleaned[name] = amount_read(text, cleaned.get("budget_unit", ""))
            except ValueError:
                self.add_error(name, _("Write an amount such as 500; credits may have up to three decimals."))
        return cleaned

    def content(self) -> dict[str, Any]:
        kept = {name: self.cleaned_data[name] for name in (*SAME, *AMOUNTS)}
        kept["share_least"] = kept["share_least"] or None
        kept["blueprint"] = self.cleaned_data["blueprint"]
        kept["blueprint_version"] = self.cleaned_data["blueprint_version"] or 0
        kept["programme"] = self.cleaned_data["programme"].slug
        kept["decisions"] = self.cleaned_data["decisions"].replace(",", " ").split()
        return kept | _both(self.cleaned_data, "title", "summary", "terms")

    @staticmethod
    def initial_of(call: Call) -> dict[str, Any]:
        """What a draft holds, as this form shows it."""
        return {
            "programme": call.programme.slug,
            "blueprint": call.blueprint,
            "blueprint_version": call.blueprint_version,
            "decisions": "\n".join(row["reference"] for row in call.decisions),
            **{name: getattr(call, name) for name in SAME},
            **{name: amount_written(getattr(call, name), call.budget_unit) for name in AMOUNTS},
            **_apart({name: getattr(call, name) for name in ("title", "summary", "terms")}),
        }

    @staticmethod
    def initial_from(blueprint: dict[str, Any]) -> dict[str, Any]:
        """What a blueprint proposes."""
        unit = blueprint.get("budget_unit", "credits")
        return {
            **{name: blueprint[name] for name in SAME if name in blueprint},
            "budget_unit": unit,
            "gives": blueprint.get("gives", credits_only()),
            "procedure": blueprint.get("procedure", automatic_procedure()),
            "programme": blueprint["programme"]["slug"],
            **{name: amount_written(blueprint[name], unit) for name in AMOUNTS if name in blueprint},
            **_apart({name: blueprint[name] for name in ("title", "summary", "terms")}),
        }


def amount_read(text: str, unit: str) -> int:
    """An amount as people write it in whole units of the budget.  Raises ValueError."""
    plain = text.replace(",", "").strip()
    amount = read(plain) if unit == Call.Unit.CREDITS else int(plain)
    if not 0 < amount <= LARGEST:
        raise ValueError(text)
    return amount


def amount_written(amount: int, unit: str) -> str:
    return written(amount) if unit == Call.Unit.CREDITS else str(amount)


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
