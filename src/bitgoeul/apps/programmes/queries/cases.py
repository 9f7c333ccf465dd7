"""Cases: who sees them, and the one form in which their parts ask each question once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from bitgoeul.apps.programmes import policies
from bitgoeul.apps.programmes.models import Application, Case
from bitgoeul.apps.programmes.queries import applications_visible_to
from bitgoeul.apps.programmes.queries.eligibility import same_question
from bitgoeul.kit.actor import SYSTEM, Actor
from bitgoeul.kit.models import Fact
from bitgoeul.kit.schema_forms import questions


def cases_visible_to(actor: Actor) -> QuerySet[Case]:
    """Those of one's own organisations; all of them to the desk and to auditors."""
    rows = Case.objects.select_related("organisation")
    return rows if policies.may_see_all(actor) else rows.filter(organisation__in=list(actor.memberships))


def parts_of(case: Case, actor: Actor = SYSTEM) -> list[Application]:
    """The applications of a case, as far as the actor sees them, in the order they were begun."""
    rows = applications_visible_to(actor) if not actor.is_system else Application.objects.all()
    return list(rows.filter(case=case).select_related("call", "organisation").order_by("pk"))


@dataclass(frozen=True)
class CaseForm:
    """The form of a case: a question that several parts ask in the same words is asked once."""

    parts: list[Application]
    schema: dict[str, Any]
    names: dict[tuple[int, str], str]  # application and its question -> name in the schema
    answers: dict[str, Any]

    def names_in(self, part: Application) -> dict[str, str]:
        """Name in the schema -> the part's own question."""
        return {key: name for (pk, name), key in self.names.items() if pk == part.pk}


def form_of(case: Case) -> CaseForm:
    """What the parts that can still be answered ask."""
    parts = [part for part in parts_of(case) if part.is_editable]
    properties: dict[str, Any] = {}
    required: list[str] = []
    names: dict[tuple[int, str], str] = {}
    answers: dict[str, Any] = {}
    for part in parts:
        needed = part.call.form.get("required", [])
        for name, question in questions(part.call.form):
            key = name
            if key in properties and not same_question(properties[key], question):
                key = f"{name}_{part.call.slug.replace('-', '_')}"
            properties.setdefault(key, question)
            names[part.pk, name] = key
            if name in needed and key not in required:
                required.append(key)
            if name in part.answers:
                answers.setdefault(key, part.answers[name])
    schema = {"type": "object", "properties": properties, "required": required}
    return CaseForm(parts, schema, names, answers)


def facts_of(case: Case) -> QuerySet[Fact]:
    """What happened to a case and to its parts, oldest first."""
    subjects = [case.subject, *(part.subject for part in parts_of(case))]
    return Fact.objects.filter(subject__in=subjects).order_by("id")
