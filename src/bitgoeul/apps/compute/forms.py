"""The forms with which a job is submitted: what it works on, its parameters, what it may use."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from bitgoeul.apps.compute import queries
from bitgoeul.apps.compute.recipes import Recipe
from bitgoeul.apps.lake import queries as lake
from bitgoeul.apps.people.queries import organisations_of
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.schema_forms import SchemaForm, form_for

MOST_CHOICES = 60
LONG_JSON = 256 << 10


class ResourcesForm(forms.Form):
    """What is asked for, in the units in which people think."""

    cpus = forms.IntegerField(label=_("Processors"), min_value=1)
    memory_gib = forms.DecimalField(
        label=_("Memory in GiB"), min_value=0.0625, max_digits=9, decimal_places=4
    )
    minutes = forms.DecimalField(
        label=_("Longest time in minutes"),
        help_text=_("A job that has not ended by then is stopped."),
        min_value=0.05,
        max_digits=9,
        decimal_places=2,
    )
    gpus = forms.IntegerField(label=_("GPUs"), min_value=0, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        whole = queries.capacity()
        self.fields["cpus"].help_text = _("On this machine: %(n)s") % {"n": whole.cpus}
        self.fields["memory_gib"].help_text = _("On this machine: %(n)s") % {
            "n": queries.gib(whole.memory_mib)
        }
        self.fields["minutes"].widget.attrs["max"] = settings.COMPUTE_WALL_S // 60
        if not whole.gpus:
            del self.fields["gpus"]

    def resources(self) -> dict[str, int]:
        told = self.cleaned_data
        return {
            "cpus": told["cpus"],
            "memory_mib": int(told["memory_gib"] * 1024),
            "wall_s": max(1, int(told["minutes"] * 60)),
            "gpus": told.get("gpus") or 0,
        }


def initial_resources(resources: dict[str, int]) -> dict[str, Any]:
    """The same amounts as the form shows them."""
    return {
        "cpus": min(resources["cpus"], queries.capacity().cpus),
        "memory_gib": queries.gib(resources["memory_mib"]),
        "minutes": f"{resources['wall_s'] / 60:.2f}".rstrip("0").rstrip("."),
        "gpus": resources.get("gpus", 0),
    }


class JobForm(forms.Form):
    """Whose job it is, what it is called and what it works on."""

    organisation = forms.ChoiceField(label=_("Organisation"))
    title = forms.CharField(label=_("Title"), max_length=120)
    inputs = forms.MultipleChoiceField(
        label=_("Data"),
        help_text=_("Exactly the version that is shown is what the program reads, however often it runs."),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mine = [(row.slug, str(row)) for row in organisations_of(actor)]
        self.fields["organisation"].choices = mine  # type: ignore[attr-defined]
        if len(mine) == 1:
            self.fields["organisation"].widget = forms.HiddenInput()
            self.initial.setdefault("organisation", mine[0][0])
        self.fields["inputs"].choices = _datasets(actor, self.initial.get("inputs", []))  # type: ignore[attr-defined]
        if not self.fields["inputs"].choices:  # type: ignore[attr-defined]
            del self.fields["inputs"]


def _datasets(actor: Actor, wanted: list[str]) -> list[tuple[str, str]]:
    """The newest version of each readable dataset, and the versions that were asked for by name."""
    choices = {}
    for reference in wanted:
        version = lake.readable_version(actor, reference)
        choices[f"{version.dataset.slug}@{version.number}"] = f"{version.dataset.title} · v{version.number}"
    for dataset in lake.with_versions(lake.readable_by(actor))[:MOST_CHOICES]:
        if dataset.published:  # type: ignore[attr-defined]
            number = dataset.published[0].number  # type: ignore[attr-defined]
            choices.setdefault(f"{dataset.slug}@{number}", f"{dataset.title} · v{number}")
    return list(choices.items())


class CodeForm(forms.Form):
    """A program of one's own."""

    code = forms.FileField(
        label=_("Program"), help_text=_("One .py file, or a .zip or .tar archive; it is seen as /job/code.")
    )
    command = forms.CharField(
        label=_("Command"),
        max_length=2_000,
        required=False,
        help_text=_("python /job/code/main.py when empty."),
    )
    parameters = forms.CharField(
        label=_("Parameters"),
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        required=False,
        max_length=LONG_JSON,
        help_text=_("A JSON object; the program reads it from /job/parameters.json."),
    )

    def clean_parameters(self) -> dict[str, Any]:
        return read_object(self.cleaned_data["parameters"])

    def values(self) -> dict[str, Any]:
        return dict(self.cleaned_data["parameters"])


class MoreForm(forms.Form):
    """Parameters that no simple field can hold."""

    more = forms.CharField(
        label=_("Further parameters"),
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        required=False,
        max_length=LONG_JSON,
        help_text=_("A JSON object with what the fields above do not cover."),
    )

    def clean_more(self) -> dict[str, Any]:
        return read_object(self.cleaned_data["more"])


def read_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text) if text.strip() else {}
    except ValueError:
        raise forms.ValidationError(_("This is not JSON.")) from None
    if not isinstance(value, dict):
        raise forms.ValidationError(_("A JSON object is needed: { … }."))
    return value


class RecipeForms:
    """The parameters of a recipe as fields, and a text field for those that are no simple field."""

    def __init__(self, recipe: Recipe, data: Any = None, initial: dict[str, Any] | None = None) -> None:
        self.recipe = recipe
        self.lists = [name for name, part in self._parts() if _is_word_list(part)]
        self.anything = [name for name, part in self._parts() if isinstance(part.get("type"), list)]
        simple = {name: _as_field(part) for name, part in self._parts() if part.get("type") != "object"}
        required = [name for name in recipe.schema.get("required", []) if name in simple]
        shown = {name: self._shown(name, value) for name, value in (initial or {}).items() if name in simple}
        rest = {name: value for name, value in (initial or {}).items() if name not in simple}
        self.fields: SchemaForm = form_for(
            {"type": "object", "properties": simple, "required": required}, data, shown, prefix="p"
        )
        for name in self.lists:
            self.fields.fields[name].widget.attrs["rows"] = 2
        text = json.dumps(rest, ensure_ascii=False, indent=1) if rest else ""
        self.more = MoreForm(data, initial={"more": text}, prefix="p")

    def _parts(self) -> list[tuple[str, dict[str, Any]]]:
        return list(self.recipe.schema.get("properties", {}).items())

    def _shown(self, name: str, value: Any) -> Any:
        if name in self.lists:
            return ", ".join(value)
        if name in self.anything and not isinstance(value, str):
            return json.dumps(value)
        return value

    def is_valid(self) -> bool:
        return all([self.fields.is_valid(), self.more.is_valid()])

    def values(self) -> dict[str, Any]:
        told = dict(self.fields.values())
        for name in self.lists:
            if name in told:
                told[name] = [word.strip() for word in str(told[name]).split(",") if word.strip()]
        for name in self.anything:
            if name in told:
                told[name] = _most_exact(str(told[name]))
        return self.more.cleaned_data["more"] | told

    def take(self, errors: dict[str, list[str]]) -> dict[str, list[str]]:
        """Show what the schema said at its fields; return what belongs elsewhere."""
        rest = {}
        for place, sentences in errors.items():
            head, _dot, name = place.partition(".")
            field = name.partition(".")[0]
            if head == "parameters" and field in self.fields.fields:
                self.fields.add_error(field, sentences)
            elif head == "parameters":
                self.more.add_error("more", [f"{name}: {sentence}" for sentence in sentences])
            else:
                rest[place] = sentences
        return rest


def _is_word_list(part: dict[str, Any]) -> bool:
    return part.get("type") == "array" and "enum" not in part.get("items", {})


def _as_field(part: dict[str, Any]) -> dict[str, Any]:
    """A schema that a form field can be made from; the recipe's own schema judges the value afterwards."""
    if _is_word_list(part):
        return {
            "type": "string",
            "title": part.get("title", ""),
            "description": WORD_LIST,
            "maxLength": 4_000,
        }
    if isinstance(part.get("type"), list):
        kept = {name: value for name, value in part.items() if name in {"title", "description"}}
        return kept | {
            "type": "string",
            **({"default": json.dumps(part["default"])} if "default" in part else {}),
        }
    return part


WORD_LIST = {"ko": "쉼표로 나누어 쓰십시오.", "en": "Separate with commas."}


def _most_exact(text: str) -> Any:
    """true, 12 and 0.5 as what they are; anything else as text."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, bool | int | float | str) else text
