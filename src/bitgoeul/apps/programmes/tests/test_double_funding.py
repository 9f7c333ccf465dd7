"""Before a decision an officer sees what other programmes give for the same; the call says what follows."""

from __future__ import annotations

import datetime as dt

import pytest

from bitgoeul.apps.credits.tests.factories import make_benefit
from bitgoeul.apps.people.models import Membership
from bitgoeul.apps.people.tests.factories import actor, make_organisation, make_person
from bitgoeul.apps.programmes.commands import apply, decide
from bitgoeul.apps.programmes.errors import FundedTwice
from bitgoeul.apps.programmes.models import Application
from bitgoeul.apps.programmes.queries.eligibility import vocabulary
from bitgoeul.apps.programmes.queries.procedures import completed, procedure_problems
from bitgoeul.apps.programmes.tests.factories import FORM, make_call
from bitgoeul.apps.programmes.tests.panels import panel_call
from bitgoeul.kit import clock
from bitgoeul.kit.models import Fact
from bitgoeul.kit.refusals import Invalid
from bitgoeul.kit.testing import client_for

pytestmark = pytest.mark.django_db
REASON = {"ko": "적합합니다.", "en": "It fits."}
WHY = {"ko": "다른 장비입니다.", "en": "It is other equipment."}


@pytest.fixture
def officer():
    return make_person(roles=["operator"])


def waiting(rule: str = "", decision: str = "officer", funded: bool = True) -> Application:
    procedure = {"decision": decision} | ({"double_funding": rule} if rule else {})
    call = make_call(procedure=procedure)
    person = make_person()
    organisation = make_organisation(person)
    if funded:
        today = clock.now().date()
        days = {"starts_on": today, "ends_on": today + dt.timedelta(days=30)}
        make_benefit(organisation, reference="benefit:other", programme="elsewhere", item=call.kind, **days)
    return apply(by=actor(person), call=call.slug, organisation=organisation.slug,
                 answers={"purpose": "버스 도착을 예측합니다"}, accept_terms=True)  # fmt: skip


def accept(row: Application, officer, **more) -> Application:
    return decide(by=actor(officer), application=row.public_id, accept=True, reason=REASON, **more)


def fact_of(row: Application) -> dict:
    fact = Fact.objects.get(name="programmes.ApplicationAccepted", subject=row.subject)
    return fact.data | fact.personal


def test_the_officer_sees_the_other_support_and_the_fact_names_it(officer):
    row = waiting()

    page = client_for(officer).get(f"/programmes/applications/{row.public_id}/").content.decode()
    accept(row, officer)

    assert "benefit:other" in page
    assert fact_of(row)["double_funding"] == ["benefit:other"]


def test_nothing_found_is_said_as_well(officer):
    row = waiting(funded=False)

    page = client_for(officer).get(f"/programmes/applications/{row.public_id}/")
    accept(row, officer)

    assert page.context["beside"] == []
    assert fact_of(row)["double_funding"] == []


def test_a_call_that_asks_for_a_reason_is_accepted_with_one_only(officer):
    row = waiting("reason")
    browser, address = client_for(officer), f"/programmes/applications/{row.public_id}/decide/"
    posted = {"accept": "yes", "reason_ko": "적합합니다."}

    with pytest.raises(Invalid):
        accept(row, officer)
    refused = browser.post(address, posted)
    browser.post(address, posted | {"despite": "다른 장비입니다."})

    assert refused.status_code == 422
    assert "despite" in refused.context["decide"].errors
    assert Application.objects.get(pk=row.pk).state == "accepted"
    assert fact_of(row)["double_funding"] == ["benefit:other"]
    assert fact_of(row)["despite"]["ko"] == "다른 장비입니다."


def test_a_call_that_refuses_it_cannot_be_accepted_but_rejected(officer):
    row = waiting("refuse")

    with pytest.raises(FundedTwice):
        accept(row, officer, despite=WHY)
    decide(by=actor(officer), application=row.public_id, accept=False, reason=REASON)

    assert Application.objects.get(pk=row.pk).state == "rejected"


@pytest.mark.parametrize(
    ("rule", "state"), [("show", "accepted"), ("reason", "waiting"), ("refuse", "waiting")]
)
def test_rules_that_decide_at_once_leave_it_to_a_person(rule, state):
    assert waiting(rule, decision="automatic").state == state


def test_without_another_support_the_rule_changes_nothing(officer):
    row = waiting("refuse", funded=False)

    assert accept(row, officer).state == "accepted"


def test_a_panel_cannot_be_bound_by_it():
    procedure = panel_call().procedure | {"double_funding": "refuse"}

    assert len(procedure_problems(completed(procedure), vocabulary(FORM))) == 1


def test_the_applicant_does_not_see_what_the_officer_weighs():
    row = waiting()
    member = Membership.objects.get(organisation=row.organisation).person

    page = client_for(member).get(f"/programmes/applications/{row.public_id}/")

    assert page.context["beside"] is None
