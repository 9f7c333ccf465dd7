"""A call with a panel, its reviewers and its applicants, as tests need them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from bitgoeul.apps.people.models import Organisation, Person
from bitgoeul.apps.people.tests.factories import actor, make_organisation, make_person
from bitgoeul.apps.programmes.commands import apply, close_call
from bitgoeul.apps.programmes.commands.reviews import accept_review, save_reviewer, submit_review
from bitgoeul.apps.programmes.models import Application, Call, Review, Reviewer
from bitgoeul.apps.programmes.tests.factories import AGREED, make_call
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM

ANSWERS = {"purpose": "버스 도착을 예측합니다", "sector": "mobility"}


def rubric(**fields: Any) -> dict[str, Any]:
    """One criterion in tenths of a point, so that a reviewer can give 51.2."""
    criteria = [{"name": "impact", "title": AGREED, "weight": 100, "most": 1000}]
    return {"criteria": criteria, "reviews": 2, "aggregate": "trimmed"} | fields


def panel_call(*, procedure: dict[str, Any] | None = None, **fields: Any) -> Call:
    """An open call that a panel decides, ten grants of 100 credits."""
    whole = {"decision": "panel", "rubric": rubric(), "cut": "70", "offer_days": 7} | (procedure or {})
    return make_call(procedure=whole, **fields)


def make_reviewer(person: Person | None = None, **fields: Any) -> Reviewer:
    defaults = {"sectors": ["mobility"], "kinds": ["compute"], "load_most": 20}
    who = person or make_person()
    return save_reviewer(by=SYSTEM, person=who.email, **defaults | fields)


def applicant(call: Call, **fields: Any) -> Application:
    """One more organisation, and its application in review."""
    person = make_person()
    organisation = make_organisation(person, **fields)
    return applied(call, person, organisation)


def applied(call: Call, person: Person, organisation: Organisation, **answers: Any) -> Application:
    return apply(
        by=actor(person),
        call=call.slug,
        organisation=organisation.slug,
        answers=ANSWERS | answers,
        accept_terms=True,
    )


def closed(call: Call) -> Call:
    return close_call(by=SYSTEM, slug=call.slug)


def write(review: Review, **marks: int) -> Review:
    """A reviewer takes the file and hands in these marks."""
    person = actor(review.reviewer.person)
    if review.state == Review.State.ASSIGNED:
        accept_review(by=person, review=review.public_id)
    return submit_review(
        by=person, review=review.public_id, marks=marks, to_applicant="잘 쓰였습니다.", to_panel=""
    )


def days(count: float) -> dt.datetime:
    return clock.now() + dt.timedelta(days=count)
