"""JSON Schema in, Django form out.

Supported: an object of string, integer, number, boolean, enum and arrays of enum.  ``title`` and
``description`` may be one text or ``{"ko": …, "en": …}``; ``x-labels`` names the members of an enum the
same way; ``x-order`` says in which order the questions come.  The cleaned values are validated once
more against the schema itself.
"""

from __future__ import annotations

from typing import Any

import jsonschema
from django import forms
from django.utils.translation import gettext_lazy as _

from bitgoeul.kit.text import Localised

LONG_TEXT = 200


def questions(schema: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The properties in the order they are asked; a database may keep the keys in an order of its own."""
    properties: dict[str, dict[str, Any]] = schema.get("properties", {})
    first = [name for name in schema.get("x-order", []) if name in properties]
    return [(name, properties[name]) for name in dict.fromkeys([*first, *properties])]


def in_order(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with the order of its questions written out."""
    return schema | {"x-order": [name for name, _part in questions(schema)]}


class SchemaForm(forms.Form):
    schema: dict[str, Any]

    def values(self) -> dict[str, Any]:
        """The JSON instance: empty optional fields are left out."""
        return {
            name: value
            for name, value in self.cleaned_data.items()
            if value not in (None, "") or name in self.schema.get("required", [])
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors:
            for error in jsonschema.Draft202012Validator(self.schema).iter_errors(self.values()):
                place = str(error.absolute_path[0]) if error.absolute_path else None
                self.add_error(place if place in self.fields else None, _("This value does not fit."))
        return cleaned


def _label(part: dict[str, Any], name: str) -> str:
    return str(Localised.of(part["title"])) if "title" in part else name.replace("_", " ")


def _help(part: dict[str, Any]) -> str:
    return str(Localised.of(part["description"])) if "description" in part else ""


def _choices(part: dict[str, Any]) -> list[tuple[str, str]]:
    labels = part.get("x-labels", {})
    return [(str(item), str(Localised.of(labels.get(str(item), item)))) for item in part["enum"]]


def _choice_field(part: dict[str, Any], common: dict[str, Any]) -> forms.Field:
    choices = _choices(part) if common["required"] else [("", "—"), *_choices(part)]
    coerce: Any = {"integer": int, "number": float}.get(part.get("type", "string"), str)
    return forms.TypedChoiceField(choices=choices, coerce=coerce, empty_value=None, **common)


def _text_field(part: dict[str, Any], common: dict[str, Any]) -> forms.Field:
    if part.get("format") == "date":
        return forms.CharField(widget=forms.DateInput(attrs={"type": "date"}), **common)
    if part.get("format") == "email":
        return forms.EmailField(**common)
    limits: dict[str, Any] = {"min_length": part.get("minLength"), "max_length": part.get("maxLength")}
    long = part.get("maxLength", 0) > LONG_TEXT
    return forms.CharField(
        widget=forms.Textarea(attrs={"rows": 5}) if long else forms.TextInput(), **limits, **common
    )


def _field(part: dict[str, Any], required: bool, name: str) -> forms.Field:
    common: dict[str, Any] = {"label": _label(part, name), "help_text": _help(part), "required": required}
    limits: dict[str, Any] = {"min_value": part.get("minimum"), "max_value": part.get("maximum")}
    if "enum" in part:
        return _choice_field(part, common)
    match part.get("type", "string"):
        case "array":
            return forms.MultipleChoiceField(
                choices=_choices(part["items"]), widget=forms.CheckboxSelectMultiple, **common
            )
        case "integer":
            return forms.IntegerField(**limits, **common)
        case "number":
            return forms.FloatField(**limits, **common)
        case "boolean":
            return forms.BooleanField(**(common | {"required": False}))
        case _:
            return _text_field(part, common)


def form_for(
    schema: dict[str, Any], data: Any = None, initial: dict[str, Any] | None = None, prefix: str | None = None
) -> SchemaForm:
    """A form for ``schema``; ``data`` is what was posted, ``initial`` what is known already."""
    required = set(schema.get("required", []))
    asked = questions(schema)
    fields = {name: _field(part, name in required, name) for name, part in asked}
    defaults = {name: part["default"] for name, part in asked if "default" in part}
    made = type("FormForSchema", (SchemaForm,), fields | {"schema": schema})
    form: SchemaForm = made(data=data, initial=defaults | (initial or {}), prefix=prefix)
    return form
