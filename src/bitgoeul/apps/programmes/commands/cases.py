"""Cases: several applications for one need, begun and answered together, decided part by part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from bitgoeul.apps.people.queries import organisations_of
from bitgoeul.apps.programmes import policies
from bitgoeul.apps.programmes.commands.applications import (
    save_answers,
    start_application,
    submit_application,
)
from bitgoeul.apps.programmes.errors import AlreadyApplied
from bitgoeul.apps.programmes.events.cases import CaseOpened
from bitgoeul.apps.programmes.models import Application, Case
from bitgoeul.apps.programmes.queries import cases
from bitgoeul.apps.programmes.queries.answers import answer_problems, document_problems, is_storable
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.command import command
from bitgoeul.kit.doors import find
from bitgoeul.kit.facts import record
from bitgoeul.kit.refusals import Invalid, Refusal, require

MOST_PARTS = 8
LONGEST_TITLE = 120


@command
def open_case(*, by: Actor, organisation: str, title: str, calls: Sequence[str]) -> Case:
    """Begin applications to several calls as one case; drafts that are there already become part of it."""
    applicant = find(organisations_of(by), slug=organisation)
    require(policies.may_apply(by, applicant.pk))
    chosen = list(dict.fromkeys(calls))
    words = title.strip()
    errors = {}
    if not 0 < len(words) <= LONGEST_TITLE or not is_storable(words):
        errors["title"] = [_("Say in a few words what it is for.")]
    if not 2 <= len(chosen) <= MOST_PARTS:
        errors["calls"] = [_("Choose two to %(most)s calls.") % {"most": MOST_PARTS}]
    if errors:
        raise Invalid(errors)
    case = Case.objects.create(organisation=applicant, person_id=by.person_id, title=words)
    for slug in chosen:
        part = start_application(by=by, call=slug, organisation=organisation)
        if not Application.objects.filter(pk=part.pk, case=None).update(case=case):
            raise AlreadyApplied(call=str(part.call), organisation=applicant.name, application=part.public_id)
    record(
        CaseOpened(case=case.public_id, calls=chosen),
        by=by,
        subject=case.subject,
        organisation=applicant,
    )
    return case


def answer_case(*, by: Actor, case: str, answers: dict[str, Any]) -> Case:
    """Keep answers by the names of the case's one form; each part that asks the question gets the answer."""
    row = find(cases.cases_visible_to(by), public_id=case)
    if not isinstance(answers, dict):
        raise Invalid(answer_problems({"properties": {}}, answers, complete=False))
    form = cases.form_of(row)
    if unknown := answers.keys() - form.schema["properties"].keys():
        raise Invalid({name: [_("The form does not ask this.")] for name in sorted(unknown)})
    for part in form.parts:
        given = {name: answers[key] for key, name in form.names_in(part).items() if key in answers}
        save_answers(by=by, application=part.public_id, answers=part.answers | given)
    return row


def submit_case(*, by: Actor, case: str, accept_terms: bool) -> list[tuple[Application, Refusal | None]]:
    """Hand in every part that is not handed in yet, each for itself.

    Raises: Invalid before anything is handed in, if some part is not complete. A part that is refused later,
    for instance because its budget is spent, does not keep back the others.
    """
    row = find(cases.cases_visible_to(by), public_id=case)
    require(policies.may_apply(by, row.organisation_id))
    drafts = [part for part in cases.parts_of(row) if part.is_editable]
    problems: dict[str, list[str]] = {}
    for part in drafts:
        found = answer_problems(part.call.form, part.answers, complete=True)
        found |= document_problems(part.call.form, part.answers, part.organisation)
        problems |= {f"{part.call.slug}.{name}": sentences for name, sentences in found.items()}
    if not accept_terms:
        problems["accept_terms"] = [_("Agree to the terms of the grant.")]
    if problems:
        raise Invalid(problems)
    ended: list[tuple[Application, Refusal | None]] = []
    for part in drafts:
        try:
            done = submit_application(by=by, application=part.public_id, accept_terms=True)
            ended.append((done, None))
        except Refusal as refusal:
            ended.append((part, refusal))
    return ended
