"""Forms of calls: which schemas are allowed, and whether answers fit."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema
from django.utils.translation import gettext as _

from bitgoeul.apps.people.documents import usable_documents
from bitgoeul.apps.people.models import Organisation, OrganisationDocument
from bitgoeul.kit.text import LANGUAGES

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
MOST_QUESTIONS = 40
MOST_TEXT = 10_000

# A pattern or a reference in a schema could make the check of an answer run away or leave the hub.
PART_KEYS = frozenset(
    {"type", "title", "description", "enum", "items", "minLength", "maxLength", "minimum", "maximum",
     "minItems", "maxItems", "uniqueItems", "format", "default", "x-labels", "x-from", "x-document"}
)  # fmt: skip
FORMATS = frozenset({"date", "email", "document"})
TYPES = frozenset({"string", "integer", "number", "boolean", "array"})


def is_storable(value: Any) -> bool:
    """Tell whether every database can keep this: no NaN, no half of a character, no NUL."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        text.encode()
    except ValueError:
        return False
    return "\\u0000" not in text


def form_problems(form: Any) -> list[str]:
    """Why this cannot be the form of a call; empty if it can."""
    if (
        not isinstance(form, dict)
        or form.get("type") != "object"
        or not isinstance(form.get("properties"), dict)
    ):
        return [_("The form is a JSON Schema of type object with properties.")]
    if extra := form.keys() - {"type", "properties", "required", "x-order"}:
        return [_("The form has a key that is not supported: %(key)s.") % {"key": min(extra)}]
    properties = form["properties"]
    if len(properties) > MOST_QUESTIONS:
        return [_("The form asks more than %(most)s questions.") % {"most": MOST_QUESTIONS}]
    required = form.get("required", [])
    if not isinstance(required, list) or not all(isinstance(n, str) and n in properties for n in required):
        return [_("“required” names questions of the form.")]
    order = form.get("x-order", [])
    if (
        not isinstance(order, list)
        or len(set(map(str, order))) != len(order)
        or set(order) - properties.keys()
    ):
        return [_("“x-order” names each question of the form once.")]
    return [problem for name, part in properties.items() for problem in _part_problems(name, part)]


def _part_problems(name: str, part: Any) -> list[str]:
    where = {"name": name}
    if not NAME.fullmatch(name) or not isinstance(part, dict):
        return [_("“%(name)s” cannot be a question: its name has small letters, digits and _.") % where]
    problems = []
    if extra := part.keys() - PART_KEYS:
        problems.append(
            _("“%(name)s” has a key that is not supported: %(key)s.") % (where | {"key": min(extra)})
        )
    if part.get("type") not in TYPES or part.get("format", "date") not in FORMATS:
        problems.append(_("“%(name)s” has a type or format that is not supported.") % where)
    title = part.get("title")
    if not isinstance(title, dict) or not all(
        isinstance(title.get(language), str) and title[language].strip() for language in LANGUAGES
    ):
        problems.append(_("“%(name)s” needs a title in Korean and English.") % where)
    if part.get("type") == "array" and not (
        isinstance(part.get("items"), dict) and part["items"].get("enum")
    ):
        problems.append(_("“%(name)s” is a list, so it needs the members to choose from.") % where)
    if part.get("format") == "document" and part.get("x-document") not in OrganisationDocument.Kind.values:
        problems.append(_("“%(name)s” asks for a kind of document that is not known.") % where)
    labels = part.get("x-labels", {})
    if not isinstance(labels, dict) or not isinstance(part.get("x-from", ""), str):
        problems.append(_("“%(name)s” has labels or a source that cannot be read.") % where)
    members = (
        part.get("enum", []),
        part["items"].get("enum", []) if isinstance(part.get("items"), dict) else [],
    )
    if not all(isinstance(group, list) and all(isinstance(m, str | int) for m in group) for group in members):
        problems.append(_("“%(name)s” lets choose between texts or whole numbers only.") % where)
    if not problems:
        plain = {key: value for key, value in part.items() if key not in ("title", "description")}
        try:
            jsonschema.Draft202012Validator.check_schema(plain)
        except jsonschema.SchemaError:
            problems.append(_("“%(name)s” is not valid JSON Schema.") % where)
    return problems


def answer_problems(form: dict[str, Any], answers: Any, *, complete: bool) -> dict[str, list[str]]:
    """Question -> sentences.  A draft may leave questions open; what is handed in may not."""
    if not isinstance(answers, dict):
        return {"answers": [_("The answers are an object of question and value.")]}
    if not is_storable(answers):
        return {"answers": [_("The answers hold characters or numbers that cannot be kept.")]}
    problems: dict[str, list[str]] = {}
    for name, value in answers.items():
        if name not in form["properties"]:
            problems[name] = [_("The form does not ask this.")]
        elif not _fits(form["properties"][name], value, complete):
            problems[name] = [_("This value does not fit.")]
    if complete:
        for name in form.get("required", []):
            if answers.get(name) in (None, "", []):
                problems.setdefault(name, [_("Please answer this question.")])
    return problems


def document_problems(
    form: dict[str, Any], answers: dict[str, Any], organisation: Organisation
) -> dict[str, list[str]]:
    """Question -> sentences about papers that are not in the company file, or no longer valid."""
    problems = {}
    for name, part in form["properties"].items():
        if part.get("format") != "document" or not answers.get(name):
            continue
        if not usable_documents(organisation, part["x-document"]).filter(public_id=answers[name]).exists():
            problems[name] = [_("Choose a document of the company file that is still valid.")]
    return problems


def _fits(part: dict[str, Any], value: Any, complete: bool) -> bool:
    if isinstance(value, str) and len(value) > MOST_TEXT:
        return False
    if not complete:  # half a sentence is worth keeping
        part = {key: rule for key, rule in part.items() if key not in ("minLength", "minItems", "format")}
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    return jsonschema.Draft202012Validator(part, format_checker=checker).is_valid(value)
