"""What several pages show in the same words."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bitgoeul.apps.people.documents import usable_documents
from bitgoeul.apps.people.models import Organisation, OrganisationDocument
from bitgoeul.apps.programmes.models import Call
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.schema_forms import SchemaForm, form_for, questions
from bitgoeul.kit.text import Localised
from bitgoeul.kit.ui.wording import number

LARGEST_YEAR = 9999  # a comma in a year reads wrong
STEPS = [
    gettext_lazy("Company file"),
    gettext_lazy("Answers"),
    gettext_lazy("Review"),
    gettext_lazy("Outcome"),
]
RESULTS: dict[str, tuple[str, Promise]] = {
    "pass": ("ok", gettext_lazy("met")),
    "fail": ("stop", gettext_lazy("not met")),
    "unknown": ("wait", gettext_lazy("a person checks")),
}
# What happened to an application, as its timeline says it.
HAPPENED = {
    "programmes.CaseOpened": gettext_lazy("Case begun"),
    "programmes.ApplicationStarted": gettext_lazy("Begun, filled in from the company file"),
    "programmes.ApplicationSubmitted": gettext_lazy("Handed in"),
    "programmes.ApplicationReferred": gettext_lazy("Passed to a person"),
    "programmes.ApplicationAdmitted": gettext_lazy("Passed on to the panel"),
    "programmes.ApplicationReturned": gettext_lazy("Returned for completion"),
    "programmes.ApplicationReserved": gettext_lazy("Put on the reserve list"),
    "programmes.ApplicationOffered": gettext_lazy("Offered"),
    "programmes.OfferDeclined": gettext_lazy("Offer declined"),
    "programmes.OfferLapsed": gettext_lazy("Offer lapsed"),
    "programmes.ApplicationAccepted": gettext_lazy("Accepted, granted"),
    "programmes.ApplicationRejected": gettext_lazy("Rejected"),
    "programmes.ApplicationWithdrawn": gettext_lazy("Withdrawn"),
}


def actor_of(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined]


def lines(outcomes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Outcomes of clauses as rows of a list."""
    return [
        {
            "title": Localised(outcome["title"]),
            "reason": Localised(outcome["reason"]),
            "kind": RESULTS[outcome["result"]][0],
            "word": RESULTS[outcome["result"]][1],
        }
        for outcome in outcomes
    ]


def conditions(call: Call) -> list[dict[str, Any]]:
    return [{"title": Localised(clause["title"]), "rule": clause["rule"]} for clause in call.clauses]


def answered(form: dict[str, Any], answers: dict[str, Any]) -> list[tuple[str, str]]:
    """Questions and answers in words."""
    rows = []
    for name, part in questions(form):
        if (value := answers.get(name)) in (None, "", []):
            continue
        labels = part.get("x-labels", {})
        if part.get("format") == "document":
            rows.append((str(Localised.of(part["title"])), _document_name(value)))
            continue
        values = value if isinstance(value, list) else [value]
        shown = [_one_answer(item, labels) for item in values]
        rows.append((str(Localised.of(part["title"])), ", ".join(shown)))
    return rows


def _one_answer(value: Any, labels: dict[str, Any]) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if str(value) not in labels and isinstance(value, int) and abs(value) > LARGEST_YEAR:
        return number(value)
    return str(Localised.of(labels.get(str(value), value)))


def _document_name(number: str) -> str:
    return OrganisationDocument.objects.filter(public_id=number).values_list("name", flat=True).first() or ""


def application_form(
    form: dict[str, Any], organisation: Organisation | None, data: Any = None, initial: Any = None
) -> SchemaForm:
    """The form of a call as its applicant sees it: documents are chosen from the company file."""
    made = form_for(form, data=data, initial=initial)
    for name, part in questions(form):
        if part.get("format") != "document":
            continue
        papers = usable_documents(organisation, part["x-document"]) if organisation else []
        field = made.fields[name]
        made.fields[name] = forms.ChoiceField(
            label=field.label,
            required=field.required,
            help_text=_("From the documents of your company file. What is missing is added there once."),
            choices=[("", "—"), *((paper.public_id, paper.name) for paper in papers)],
        )
    return made


def chosen(mine: list[Organisation], slug: str | None) -> Organisation | None:
    """The organisation that the address names, else the first."""
    return next((row for row in mine if row.slug == slug), mine[0] if mine else None)
