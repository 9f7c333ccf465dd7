"""Blueprints: calls written down as TOML beside the code, and the copies of them that the desk changed."""

from __future__ import annotations

import copy
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.db.models import QuerySet

from bitgoeul.apps.programmes.errors import BlueprintUnknown
from bitgoeul.apps.programmes.models import Blueprint, Call
from bitgoeul.apps.programmes.models.calls import automatic_procedure, credits_only

FOLDER = Path(__file__).resolve().parent.parent / "blueprints"
SHARED = "_shared"  # questions, clauses, rubrics and programmes that several blueprints use


def names() -> list[str]:
    """The blueprints that are shipped."""
    return sorted(path.stem for path in FOLDER.glob("*.toml") if path.stem != SHARED)


@lru_cache(maxsize=64)
def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


def blueprint(name: str) -> dict[str, Any]:
    """One shipped blueprint as data, what it shares written out.  Raises: BlueprintUnknown."""
    if name not in names():
        raise BlueprintUnknown(name=name, known=", ".join(names()))
    shared, content = _read(SHARED), copy.deepcopy(_read(name))
    if isinstance(content["programme"], str):
        content["programme"] = copy.deepcopy(shared["programmes"][content["programme"]])
    form = content["form"]
    questions = {key: copy.deepcopy(shared["questions"][key]) for key in form.pop("shared", [])}
    form["properties"] = questions | form["properties"]
    form["x-order"] = list(form["properties"])
    clauses = [copy.deepcopy(shared["clauses"][key]) for key in content.pop("clauses_shared", [])]
    content["clauses"] = clauses + content.get("clauses", [])
    rubric = content.get("procedure", {}).get("rubric")
    if isinstance(rubric, str):
        content["procedure"]["rubric"] = copy.deepcopy(shared["rubrics"][rubric])
    return content


def pool_of_examples(slug: str) -> dict[str, Any] | None:
    """What the example of a pool that a shipped blueprint names is opened with; None if there is none."""
    content = copy.deepcopy(_read(SHARED)["pools"].get(slug))
    if content is not None and (label := content.pop("label", "")):
        content["numbered_units"] = [label.format(number=n) for n in range(1, content.pop("capacity") + 1)]
    return content


def place_of(kind: str) -> dict[str, str] | None:
    """What one of a budget in places is for this kind of call, in both languages; None if just a place."""
    place: dict[str, str] | None = _read(SHARED)["places"].get(kind)
    return place


def copies() -> QuerySet[Blueprint]:
    """The newest version of each copy."""
    newest = Blueprint.objects.order_by("slug", "-version")
    latest: dict[str, int] = {}
    for pk, slug in newest.values_list("pk", "slug"):
        latest.setdefault(slug, pk)
    return Blueprint.objects.filter(pk__in=latest.values())


def newest(name: str) -> tuple[dict[str, Any], int]:
    """Content and version of a copy by its name, else of a shipped blueprint.  Raises: BlueprintUnknown."""
    if (row := Blueprint.objects.filter(slug=name).order_by("-version").first()) is not None:
        return copy.deepcopy(row.content), row.version
    content = blueprint(name)
    return content, content.pop("version")


def as_call(content: dict[str, Any]) -> Call:
    """A call as this content would make it, for looking at; it is not kept."""
    return Call(
        kind=content["kind"],
        budget_unit=content.get("budget_unit", Call.Unit.CREDITS),
        budget=content["budget"],
        share_most=content["share_most"],
        share_least=content.get("share_least", content["share_most"]),
        ask=content.get("ask", ""),
        gives_days=content["gives_days"],
        gives=content.get("gives", credits_only()),
        procedure=content.get("procedure", automatic_procedure()),
        form=content["form"],
        clauses=content["clauses"],
        title=content["title"],
        summary=content["summary"],
        terms=content["terms"],
    )
