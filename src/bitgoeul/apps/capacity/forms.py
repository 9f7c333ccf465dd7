"""What people fill in about pools."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.core.validators import validate_slug
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bitgoeul.apps.capacity.models import Pool
from bitgoeul.apps.people.models import Organisation
from bitgoeul.kit.once import form_key

LARGEST = 2**31 - 1
MINUTE = "%Y-%m-%dT%H:%M"


def _quantity(label: Any, least: int = 1, **more: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=least, max_value=LARGEST, **more)


def _reason() -> forms.CharField:
    return forms.CharField(
        label=pgettext_lazy("capacity", "Why"), max_length=200, help_text=_("It stands in the public record.")
    )


def _moment(label: Any) -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MINUTE)
    return forms.DateTimeField(label=label, required=False, widget=widget, input_formats=[MINUTE])


def _lines(label: Any, **more: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=_("One label on each line, such as h100-01."),
        max_length=200_000,
        widget=forms.Textarea(attrs={"rows": 5}),
        **more,
    )


class ClaimForm(forms.Form):
    """How much, for whom, for what.  The hidden key makes a second submit harmless."""

    quantity = _quantity(pgettext_lazy("capacity", "How many"), initial=1)
    holder = forms.ChoiceField(label=_("For whom"))
    purpose = forms.CharField(
        label=pgettext_lazy("capacity", "For what"),
        max_length=200,
        required=False,
        help_text=_("It stands in the public record: name things, never people."),
    )
    key = forms.CharField(widget=forms.HiddenInput, max_length=80)

    def __init__(
        self, *args: Any, organisations: list[Organisation], most: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", _("For myself")), *((row.slug, row.name) for row in organisations)]
        self.fields["holder"] = forms.ChoiceField(label=_("For whom"), choices=choices, required=False)
        self.order_fields(["quantity", "holder", "purpose", "key"])
        self.fields["key"].initial = form_key()
        if most is not None:
            self.fields["quantity"].max_value = most  # type: ignore[attr-defined]
            self.fields["quantity"].widget.attrs["max"] = most


class CapacityForm(forms.Form):
    capacity = _quantity(label=_("Capacity"), least=0)
    reason = _reason()


class StateForm(forms.Form):
    reason = _reason()
    to = forms.ChoiceField(
        label=pgettext_lazy("pool", "From now on"),
        choices=[
            ("paused", pgettext_lazy("pool", "Pause: give nothing out")),
            ("closed", pgettext_lazy("pool", "Close for good")),
        ],
    )


class UnitsForm(forms.Form):
    labels = _lines(_("New units"))

    def clean_labels(self) -> list[str]:
        return _labels(self.cleaned_data["labels"])


class PoolForm(forms.Form):
    """A new pool."""

    title_ko = forms.CharField(label=_("Title in Korean"), max_length=120)
    title_en = forms.CharField(label=_("Title in English"), max_length=120)
    slug = forms.CharField(
        label=_("Short name"),
        max_length=60,
        validators=[validate_slug],
        help_text=_("It stands in addresses, such as gpu-h100."),
    )
    kind = forms.ChoiceField(label=pgettext_lazy("pool", "Kind"), choices=Pool.Kind.choices)
    unit_ko = forms.CharField(label=_("What is counted, in Korean"), max_length=40)
    unit_en = forms.CharField(label=_("What is counted, in English"), max_length=40)
    capacity = _quantity(
        label=_("Capacity"), least=0, required=False, help_text=_("Leave it empty if the units are numbered.")
    )
    labels = _lines(_("Numbered units"), required=False)
    starts_at = _moment(_("Given out from"))
    ends_at = _moment(_("Given out until"))
    order = forms.ChoiceField(label=_("Order of the waiting list"), choices=Pool.Order.choices)
    offer_hours = forms.IntegerField(
        label=_("An offer lasts, in hours"), min_value=1, max_value=24 * 60, initial=24
    )
    most = _quantity(label=_("At most at once"), required=False)
    self_service = forms.BooleanField(label=_("Members claim by themselves"), required=False)
    one_each = forms.BooleanField(label=_("One claim for each holder"), required=False)

    def clean_labels(self) -> list[str]:
        return _labels(self.cleaned_data["labels"])

    def clean(self) -> dict[str, Any]:
        entry = super().clean() or {}
        if entry.get("capacity") is None and not entry.get("labels") and "capacity" not in self.errors:
            self.add_error("capacity", _("Say how much there is, or name the units."))
        return entry

    def pool(self) -> dict[str, Any]:
        """The entry as the command takes it."""
        entry = self.cleaned_data
        taken = (
            "slug",
            "kind",
            "capacity",
            "starts_at",
            "ends_at",
            "order",
            "most",
            "self_service",
            "one_each",
        )
        return {name: entry[name] for name in taken} | {
            "title": {"ko": entry["title_ko"], "en": entry["title_en"]},
            "unit": {"ko": entry["unit_ko"], "en": entry["unit_en"]},
            "numbered_units": entry["labels"],
            "offer_for": dt.timedelta(hours=entry["offer_hours"]),
        }


def _labels(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
