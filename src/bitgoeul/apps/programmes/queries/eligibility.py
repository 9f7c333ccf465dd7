"""What a rule of a call may ask, what is known about an applicant, and how each clause turns out."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bitgoeul.apps.people.documents import usable_documents
from bitgoeul.apps.people.models import Membership, Organisation
from bitgoeul.apps.programmes.models import Application, Call, Grant
from bitgoeul.engines import eligibility as engine
from bitgoeul.kit import clock
from bitgoeul.kit.text import Localised, translated

TERMS: dict[str, tuple[engine.Kind, Any]] = {
    "organisation.name": ("text", _("name of the organisation")),
    "organisation.region": ("text", _("region")),
    "organisation.stage": ("text", _("stage")),
    "organisation.sector": ("text", _("sector")),
    "organisation.founded_on": ("text", _("founding date")),
    "organisation.age_months": ("number", _("founding date")),
    "organisation.has_business_number": ("truth", _("business number")),
    "organisation.members": ("number", _("number of members")),
    "history.grants_of_call": ("number", _("earlier grants of this call")),
    "history.grants_in_year": ("number", _("grants in the last twelve months")),
}
CHOICES = {"organisation.stage": Organisation.Stage, "organisation.sector": Organisation.Sector}
ANSWER_KINDS: dict[str, engine.Kind] = {
    "string": "text",
    "integer": "number",
    "number": "number",
    "boolean": "truth",
    "array": "texts",
}


@dataclass(frozen=True)
class Assessment:
    """How an applicant stands before the clauses of a call, on the facts of this moment."""

    facts: dict[str, dict[str, Any]]
    outcomes: tuple[engine.Outcome, ...]

    @property
    def verdict(self) -> engine.Result:
        return engine.verdict(self.outcomes)

    @property
    def failed(self) -> list[engine.Outcome]:
        return [outcome for outcome in self.outcomes if outcome.result == "fail"]

    @property
    def unknown(self) -> list[engine.Outcome]:
        return [outcome for outcome in self.outcomes if outcome.result == "unknown"]


@lru_cache(maxsize=1)
def _own_terms() -> tuple[engine.Term, ...]:
    """The terms that every call has, in both languages."""
    return tuple(
        engine.Term(
            path,
            kind,
            translated(label),
            {code: translated(words) for code, words in CHOICES[path].choices} if path in CHOICES else {},
        )
        for path, (kind, label) in TERMS.items()
    )


def vocabulary(form: dict[str, Any]) -> engine.Vocabulary:
    """The facts that rules of a call with this form may ask: the company file, the history, the answers."""
    terms = list(_own_terms())
    for name, part in form.get("properties", {}).items():
        kind = ANSWER_KINDS[part["type"]]
        codes = part.get("enum") or part.get("items", {}).get("enum", [])
        labels = part.get("x-labels", {})
        choices = {str(code): Localised.of(labels.get(str(code), code)) for code in codes}
        terms.append(engine.Term(f"answers.{name}", kind, Localised.of(part["title"]), choices))
    return engine.Vocabulary(terms)


def clauses_of(call: Call, words: engine.Vocabulary | None = None) -> tuple[engine.Clause, ...]:
    return engine.read_clauses(call.clauses, words or vocabulary(call.form))


def facts_about(call: Call, organisation: Organisation, answers: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What is known now.  Whatever the company file does not say is left out, never guessed."""
    moment = clock.now()
    grants = Grant.objects.filter(organisation=organisation)
    return {
        "organisation": _company_file(organisation, timezone.localdate(moment)),
        "history": {
            # A call that is only looked at has granted nothing yet.
            "grants_of_call": grants.filter(application__call=call).count() if call.pk else 0,
            "grants_in_year": grants.filter(starts_at__gt=moment - dt.timedelta(days=365)).count(),
        },
        "answers": answers,
    }


def _company_file(organisation: Organisation, today: dt.date) -> dict[str, Any]:
    founded = organisation.founded_on
    if isinstance(founded, str):  # a row that was just made and never read back
        founded = dt.date.fromisoformat(founded)
    company: dict[str, Any] = {
        "name": organisation.name,
        "region": organisation.region,
        "stage": str(organisation.stage),
        "sector": str(organisation.sector),
        "has_business_number": bool(organisation.business_number),
        "members": Membership.objects.filter(organisation=organisation).count(),
    }
    if founded is not None:
        company["founded_on"] = founded.isoformat()
        company["age_months"] = months_between(founded, today)
    return company


def _contact(organisation: Organisation) -> dict[str, str]:
    """The first contact of the company file: it fills forms, but rules never ask about persons."""
    first = organisation.contacts[0] if organisation.contacts else {}
    return {f"contact_{name}": text for name, text in first.items() if text}


def months_between(start: dt.date, end: dt.date) -> int:
    """Whole months from one day to another; a month is full on the same day of the month.

    >>> months_between(dt.date(2024, 3, 2), dt.date(2026, 3, 1))
    23
    """
    return (end.year - start.year) * 12 + end.month - start.month - (end.day < start.day)


def assess(call: Call, organisation: Organisation, answers: dict[str, Any]) -> Assessment:
    """Measure an applicant by the call's rules.  Nothing is written."""
    facts, words = facts_about(call, organisation, answers), vocabulary(call.form)
    return Assessment(facts, engine.assess(clauses_of(call, words), facts, words))


def prefill(call: Call, organisation: Organisation) -> dict[str, Any]:
    """Answers that need not be asked: from the company file, and from earlier applications to other calls."""
    file = _company_file(organisation, timezone.localdate(clock.now())) | _contact(organisation)
    earlier = _earlier_answers(call, organisation)
    known: dict[str, Any] = {}
    for name, part in call.form.get("properties", {}).items():
        group, _dot, field = part.get("x-from", "").partition(".")
        if part.get("format") == "document":
            paper = usable_documents(organisation, part["x-document"]).first()
            value = paper.public_id if paper else None
        else:
            value = file.get(field) if group == "organisation" else earlier.get(name)
        if value is not None and value in part.get("enum", [value]):
            known[name] = value
    return known


def _earlier_answers(call: Call, organisation: Organisation) -> dict[str, Any]:
    handed_in = Application.objects.filter(organisation=organisation, submitted_at__isnull=False)
    answers: dict[str, Any] = {}
    for application in (
        (handed_in.exclude(call=call) if call.pk else handed_in)
        .select_related("call")
        .order_by("submitted_at")
    ):
        theirs = application.call.form.get("properties", {})
        for name, part in call.form.get("properties", {}).items():
            # The same question: same name, type and members.  Anything else is asked again.
            if name in application.answers and same_question(theirs.get(name, {}), part):
                answers[name] = application.answers[name]
    return answers


def same_question(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two forms ask the same: what was answered in one need not be asked in the other."""
    return _kind(one) == _kind(other)


def _kind(part: dict[str, Any]) -> tuple[Any, ...]:
    return part.get("type"), part.get("enum"), part.get("items"), part.get("title")
