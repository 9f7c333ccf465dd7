"""The form that a service makes of its inputs, and the form that deploys one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from bitgoeul.apps.people.models import Organisation
from bitgoeul.apps.services.models import Service
from bitgoeul.kit.schema_forms import SchemaForm, form_for
from bitgoeul.kit.text import Localised

PREFIX = "in"  # keeps the names of inputs apart from those of the page


def _property(item: dict[str, Any]) -> dict[str, Any]:
    """One input of the model as a JSON Schema property."""
    part: dict[str, Any] = {"title": item["title"]}
    if item.get("categories"):
        part |= {"type": "string", "enum": item["categories"]}
        if item.get("category_titles"):
            part["x-labels"] = item["category_titles"]
    elif item["datatype"] == "BYTES":
        part |= {"type": "string", "maxLength": 200}
    elif item["datatype"] == "BOOL":
        part["type"] = "boolean"
    else:
        part["type"] = "number" if item["datatype"].startswith("FP") else "integer"
        if "min" in item and "max" in item:
            part |= {"minimum": item["min"], "maximum": item["max"]}
            words = f"{item['min']:g} – {item['max']:g}"
            part["description"] = {"ko": words, "en": words}
    usual = item.get("default")
    if usual is not None:
        part["default"] = int(usual) if isinstance(usual, float) and usual.is_integer() else usual
    return part


def may_be_empty(item: dict[str, Any]) -> bool:
    """Whether "not known" is an answer: the model was taught gaps of numbers and unlisted categories."""
    return bool(item.get("nullable")) or (item["datatype"] == "BYTES" and bool(item.get("categories")))


def question_form(service: Service, data: Any = None) -> SchemaForm:
    """What a person fills in to ask the model one question."""
    inputs = service.version.document["inputs"]
    schema = {
        "type": "object",
        "properties": {item["name"]: _property(item) for item in inputs},
        "required": [
            item["name"] for item in inputs if not may_be_empty(item) and item["datatype"] != "BOOL"
        ],
    }
    form = form_for(schema, data=data, prefix=PREFIX)
    for field in form.fields.values():
        if isinstance(field, forms.FloatField) and not isinstance(field, forms.IntegerField):
            field.widget.attrs["step"] = "any"
    return form


def row_of(service: Service, values: dict[str, Any]) -> dict[str, Any]:
    """The raw value of every input; what was left empty is a gap or an unknown category."""
    row: dict[str, Any] = {}
    for item in service.version.document["inputs"]:
        value = values.get(item["name"])
        if value is None:
            value = {"BYTES": "", "BOOL": False}.get(item["datatype"])
        row[item["name"]] = value
    return row


class DeployForm(forms.Form):
    slug = forms.SlugField(
        label=_("Address"), max_length=60, help_text=_("3 to 60 small letters, digits and hyphens.")
    )
    title_ko = forms.CharField(label=_("Title in Korean"), max_length=120, required=False)
    title_en = forms.CharField(label=_("Title in English"), max_length=120, required=False)
    description_ko = forms.CharField(
        label=_("What it does, in Korean"),
        max_length=400,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    description_en = forms.CharField(
        label=_("What it does, in English"),
        max_length=400,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    sector = forms.ChoiceField(label=_("Sector"), choices=Organisation.Sector.choices)
    public = forms.BooleanField(label=_("Everybody may use it"), required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("title_ko") and not cleaned.get("title_en"):
            self.add_error("title_ko", _("Write it in Korean or in English."))
        return cleaned

    def both(self, name: str) -> dict[str, str]:
        return Localised(ko=self.cleaned_data[f"{name}_ko"], en=self.cleaned_data[f"{name}_en"])
