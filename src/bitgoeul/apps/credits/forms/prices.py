"""Asking for a price, and writing a price list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.forms import BaseFormSet, formset_factory
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bitgoeul.apps.credits.forms.transfers import day
from bitgoeul.apps.credits.forms.won import WonField
from bitgoeul.apps.credits.models import Tariff
from bitgoeul.apps.credits.queries import prices as queries
from bitgoeul.engines import pricing
from bitgoeul.kit.text import Localised

NAME = r"^[a-z][a-z0-9-]{0,39}$"
NAME_WRONG = _("A short name of small letters, digits and hyphens is needed.")


def _titles(rows: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(name, str(Localised.of(row.title))) for name, row in rows.items()]


class _QuoteForm(forms.Form):
    """A question to one price list."""

    grounds = forms.MultipleChoiceField(
        label=_("Discounts that hold"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("They do not add up: only the best one applies."),
    )

    def __init__(self, tariff: Tariff, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tariff = tariff
        self.prices = tariff.prices()
        self.choices("grounds").choices = [
            (name, f"{title} (−{self.prices.discounts[name].percent} %)")
            for name, title in _titles(self.prices.discounts)
        ]

    def choices(self, name: str) -> forms.ChoiceField:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        return field


class MachineQuoteForm(_QuoteForm):
    machine = forms.ChoiceField(label=_("Machine"))
    count = forms.IntegerField(
        label=pgettext_lazy("machines", "How many"), min_value=1, max_value=queries.MOST_MACHINES, initial=1
    )
    months = forms.DecimalField(
        label=_("Months"), min_value=0, max_value=queries.MOST_MONTHS, decimal_places=4, initial=1
    )
    field_order = ("machine", "count", "months", "grounds")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choices("machine").choices = _titles(self.prices.machines)

    def quote(self) -> pricing.Quote:
        asked = dict(self.cleaned_data)
        return queries.machine_quote(self.tariff, asked.pop("machine"), **asked)


class EquipmentQuoteForm(_QuoteForm):
    equipment = forms.ChoiceField(label=_("Equipment"))
    hours = forms.DecimalField(
        label=_("Hours"), min_value=0, max_value=queries.MOST_HOURS, decimal_places=2, initial=1
    )
    consumables_won = WonField(label=_("Consumables (won)"), required=False)
    operator = forms.BooleanField(label=_("With an operator"), required=False)
    field_order = ("equipment", "hours", "consumables_won", "operator", "grounds")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choices("equipment").choices = _titles(self.prices.equipment)

    def quote(self) -> pricing.Quote:
        asked = dict(self.cleaned_data)
        asked["consumables_won"] = asked["consumables_won"] or 0
        return queries.equipment_quote(self.tariff, asked.pop("equipment"), **asked)


class EstimateForm(forms.Form):
    """The amounts that one rule needs."""

    on = day(_("Day of the investment or the application"))

    def __init__(self, rule: pricing.Rule, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rule = rule
        for asked in rule.asks:
            label = str(Localised.of(asked.title))
            self.fields[asked.name] = (
                forms.BooleanField(label=label, required=False, initial=bool(asked.default))
                if asked.is_yes_or_no
                else WonField(label=label, least=asked.least, initial=asked.default)
            )

    def amounts(self) -> dict[str, int]:
        return {asked.name: int(self.cleaned_data[asked.name]) for asked in self.rule.asks}


class _Named(forms.Form):
    name = forms.RegexField(
        NAME,
        label=_("Short name"),
        max_length=40,
        error_messages={"invalid": NAME_WRONG},
        help_text=_("Small letters, digits and hyphens; calls name it."),
    )
    ko = forms.CharField(label=_("Title in Korean"), max_length=200)
    en = forms.CharField(label=_("Title in English"), max_length=200)

    def content(self) -> dict[str, Any]:
        entry = self.cleaned_data
        return {"name": entry["name"], "title": {"ko": entry["ko"], "en": entry["en"]}}

    @staticmethod
    def initial_from(row: Mapping[str, Any]) -> dict[str, Any]:
        return dict(row) | {"ko": row["title"]["ko"], "en": row["title"]["en"]}


class MachineForm(_Named):
    hour_milli_credits = forms.IntegerField(
        label=_("Milli-credits an hour"),
        min_value=1,
        max_value=10**9,
        help_text=_("A credit is 1,000 of them."),
    )
    list_won = WonField(label=_("Market price a month (won)"), least=1)
    user_won = WonField(label=_("User price a month (won)"))

    def content(self) -> dict[str, Any]:
        names = ("hour_milli_credits", "list_won", "user_won")
        return super().content() | {name: self.cleaned_data[name] for name in names}


class EquipmentForm(_Named):
    hour_won = WonField(label=_("Price an hour (won)"), least=1)
    min_hours = forms.IntegerField(label=_("Least hours"), min_value=0, max_value=1000, initial=0)

    def content(self) -> dict[str, Any]:
        return super().content() | {name: self.cleaned_data[name] for name in ("hour_won", "min_hours")}


class DiscountForm(_Named):
    percent = forms.IntegerField(label=_("Percent off the user price"), min_value=1, max_value=100)
    regions = forms.CharField(
        label=_("For organisations in these regions"),
        required=False,
        max_length=500,
        help_text=_("Separated by commas. Without regions and stages a person confirms who has it."),
    )
    stages = forms.CharField(
        label=_("For organisations of these stages"),
        required=False,
        max_length=200,
        help_text=_("Codes of the company file, such as institute."),
    )
    basis_ko = forms.CharField(label=_("Legal basis in Korean"), max_length=500)
    basis_en = forms.CharField(label=_("Legal basis in English"), max_length=500)
    basis_on = day(_("Date of the rule"))

    def content(self) -> dict[str, Any]:
        entry = self.cleaned_data
        lists = {
            name: [word.strip() for word in entry[name].split(",") if word.strip()]
            for name in ("regions", "stages")
        }
        basis = {"ko": entry["basis_ko"], "en": entry["basis_en"]}
        return (
            super().content()
            | {"percent": entry["percent"], "basis": basis, "basis_on": entry["basis_on"].isoformat()}
            | lists
        )

    @staticmethod
    def initial_from(row: Mapping[str, Any]) -> dict[str, Any]:
        return _Named.initial_from(row) | {
            "regions": ", ".join(row.get("regions", [])),
            "stages": ", ".join(row.get("stages", [])),
            "basis_ko": row["basis"]["ko"],
            "basis_en": row["basis"]["en"],
        }


class StepForm(forms.Form):
    days = forms.IntegerField(label=_("At least so many days before"), min_value=0, max_value=3650)
    percent = forms.IntegerField(label=_("Percent of the fee that is kept"), min_value=0, max_value=100)

    def content(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("days", "percent")}

    @staticmethod
    def initial_from(row: Mapping[str, Any]) -> dict[str, Any]:
        return dict(row)


class TariffForm(forms.Form):
    """What the whole list says."""

    title_ko = forms.CharField(label=_("Title in Korean"), max_length=120)
    title_en = forms.CharField(label=_("Title in English"), max_length=120)
    valid_from = day(_("Valid from"), help_text=_("Until the next list begins."))
    example = forms.BooleanField(
        label=_("These are example prices"),
        required=False,
        help_text=_("It is said wherever they are shown."),
    )
    basis_ko = forms.CharField(label=_("Legal basis in Korean"), max_length=500)
    basis_en = forms.CharField(label=_("Legal basis in English"), max_length=500)
    basis_on = day(_("Date of the rule"))
    operator_percent = forms.IntegerField(
        label=_("Operator, percent of the undiscounted fee"), min_value=0, max_value=1000
    )
    ceiling_percent = forms.IntegerField(
        label=_("Ceiling of aid, percent of what an item costs"),
        min_value=1,
        max_value=1000,
        help_text=_("Above it a person is warned before granting."),
    )
    no_show_percent = forms.IntegerField(
        label=_("Percent of the fee after a no-show"), min_value=0, max_value=100
    )
    strikes = forms.IntegerField(label=_("No-shows until a stop"), min_value=1, max_value=100)
    stop_days = forms.IntegerField(label=_("Days of the stop"), min_value=0, max_value=3650)


ROWS: dict[str, Any] = {
    "machines": MachineForm,
    "equipment": EquipmentForm,
    "discounts": DiscountForm,
    "steps": StepForm,
}
TITLES = {
    "machines": _("Machines"),
    "equipment": _("Equipment"),
    "discounts": _("Discounts"),
    "steps": _("Cancellation"),
}


class TariffForms:
    """A draft as one form and rows of machines, equipment, discounts and steps."""

    def __init__(self, draft: Tariff, data: Any = None) -> None:
        content = draft.content
        rules = content["cancellation"]
        self.whole = TariffForm(
            data,
            initial={
                "title_ko": draft.title.get("ko", ""),
                "title_en": draft.title.get("en", ""),
                "valid_from": draft.valid_from,
                "example": draft.is_example,
                "basis_ko": content["basis"]["ko"],
                "basis_en": content["basis"]["en"],
                **{name: content[name] for name in ("basis_on", "operator_percent", "ceiling_percent")},
                **{name: rules[name] for name in ("no_show_percent", "strikes", "stop_days")},
            },
        )
        rows = {name: content.get(name, []) for name in ROWS} | {"steps": rules["steps"]}
        self.rows: dict[str, BaseFormSet[Any]] = {
            name: formset_factory(form, extra=1, can_delete=True, max_num=200)(
                data, prefix=name, initial=[form.initial_from(row) for row in rows[name]]
            )
            for name, form in ROWS.items()
        }

    def sections(self) -> list[tuple[Any, BaseFormSet[Any]]]:
        return [(TITLES[name], rows) for name, rows in self.rows.items()]

    def is_valid(self) -> bool:
        return all([self.whole.is_valid(), *(rows.is_valid() for rows in self.rows.values())])

    def kept(self, name: str) -> list[Any]:
        """The rows that are filled in and not deleted."""
        return [
            form
            for form in self.rows[name].forms
            if form.cleaned_data and not form.cleaned_data.get("DELETE")
        ]

    def fields(self) -> dict[str, Any]:
        """The arguments of the command."""
        entry = self.whole.cleaned_data
        lists = {name: [form.content() for form in self.kept(name)] for name in ROWS}
        cancellation = {name: entry[name] for name in ("no_show_percent", "strikes", "stop_days")}
        return {
            "title": {"ko": entry["title_ko"], "en": entry["title_en"]},
            "valid_from": entry["valid_from"],
            "example": entry["example"],
            "content": {
                "basis": {"ko": entry["basis_ko"], "en": entry["basis_en"]},
                "basis_on": entry["basis_on"].isoformat(),
                "operator_percent": entry["operator_percent"],
                "ceiling_percent": entry["ceiling_percent"],
                "cancellation": cancellation | {"steps": lists.pop("steps")},
            }
            | lists,
        }

    def refuse(self, errors: Mapping[str, list[str]]) -> None:
        """Put each problem of the whole list where it belongs."""
        for where, sentences in errors.items():
            name, _dot, rest = where.partition(".")
            number, _dot, field = rest.partition(".")
            form = self.whole
            if name in self.rows and number.isdecimal():
                form = self.kept(name)[int(number)]
            form.add_error(field if field in form.fields else None, sentences)
