"""Before a decision an officer sees what other programmes give for the same; the call says what follows."""

from __future__ import annotations

import datetime as dt

import pytest

from bitgoeul.apps.credits.commands import reverse_benefit
from bitgoeul.apps.credits.models import Benefit
from bitgoeul.apps.credits.tests.factories import make_benefit
from bitgoeul.apps.people.models import Membership
from bitgoeul.apps.people.tests.factories import actor, make_organisation, make_person
from bitgoeul.apps.programmes.commands import apply, decide
from bitgoeul.apps.programmes.commands.offers import decline_offer
from bitgoeul.apps.programmes.commands.panels import decide_panel
from bitgoeul.apps.programmes.commands.reviews import assign_reviews
from bitgoeul.apps.programmes.errors import ApplicantsFundedTwice, FundedTwice
from bitgoeul.apps.programmes.models import Application, Call
from bitgoeul.apps.programmes.queries import panels
from bitgoeul.apps.programmes.queries.eligibility import vocabulary
from bitgoeul.apps.programmes.queries.procedures import completed, procedure_problems
from bitgoeul.apps.programmes.tests.factories import FORM, make_call
from bitgoeul.apps.programmes.tests.panels import applicant, closed, make_reviewer, panel_call, rubric, write
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.models import Fact
from bitgoeul.kit.refusals import Invalid
from bitgoeul.kit.testing import api_for, client_for

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


# A panel


def judged(rule: str, *marks: int, **fields) -> tuple[Call, list[Application]]:
    """A closed call with its reviews in; another programme gives the first applicant the same already."""
    procedure = {"rubric": rubric(reviews=1), "double_funding": rule}
    call = panel_call(procedure=procedure, **fields)
    rows = [applicant(call) for _mark in marks]
    support(rows[0])
    make_reviewer(load_most=200)
    assign_reviews(by=SYSTEM, call=closed(call).slug)
    for row, mark in zip(rows, marks, strict=True):
        write(row.reviews.get(), impact=mark)
    return call, rows


def support(row: Application, reference: str = "benefit:other") -> Benefit:
    today = clock.now().date()
    days = {"starts_on": today, "ends_on": today + dt.timedelta(days=30)}
    return make_benefit(
        row.organisation, reference=reference, programme="elsewhere", item=row.call.kind, **days
    )


def states(rows: list[Application]) -> list[str]:
    return [Application.objects.get(pk=row.pk).state for row in rows]


def offered_fact(row: Application) -> dict:
    fact = Fact.objects.get(name="programmes.ApplicationOffered", subject=row.subject)
    return fact.data | fact.personal


def test_the_panel_is_shown_it_beside_the_application_and_the_fact_names_it(officer):
    call, rows = judged("show", 900, 950)
    page = client_for(officer, "en").get(f"/programmes/panels/{call.slug}/").content.decode()

    decide_panel(by=actor(officer), call=call.slug)

    assert f'href="#beside-{rows[0].public_id}"' in page
    assert "benefit:other" in page
    assert f"beside-{rows[1].public_id}" not in page
    assert states(rows) == ["offered", "offered"]
    assert offered_fact(rows[0])["double_funding"] == ["benefit:other"]
    assert offered_fact(rows[1])["double_funding"] == []


@pytest.mark.parametrize("mark", [900, 800])
def test_a_panel_that_owes_a_reason_decides_with_one_for_each_who_wins_or_waits(officer, mark):
    call, rows = judged("reason", mark, 850, budget=100_000)
    browser, name = client_for(officer), rows[0].public_id

    with pytest.raises(Invalid) as missing:
        decide_panel(by=actor(officer), call=call.slug)
    refused = browser.post(f"/programmes/panels/{call.slug}/decide/")
    before = states(rows)
    browser.post(f"/programmes/panels/{call.slug}/decide/", {f"despite_{name}": "다른 장비입니다."})

    assert list(missing.value.errors) == [f"despite.{name}"]
    assert refused.status_code == 422
    assert f'id="id_despite_{name}"' in refused.content.decode()
    assert before == ["in_review", "in_review"]
    assert sorted(states(rows)) == ["offered", "reserve"]
    told = "Offered" if mark == 900 else "Reserved"
    fact = Fact.objects.get(name=f"programmes.Application{told}", subject=rows[0].subject)
    assert (fact.data["double_funding"], fact.personal["despite"]["ko"]) == (
        ["benefit:other"],
        "다른 장비입니다.",
    )


def test_a_reason_is_owed_for_nobody_whom_the_panel_rejects_anyhow(officer):
    call, rows = judged("reason", 500, 900)

    client_for(officer).post(f"/programmes/panels/{call.slug}/decide/")

    assert states(rows) == ["rejected", "offered"]


def test_a_call_that_refuses_it_stops_the_panel_and_names_the_applicant(officer):
    call, rows = judged("refuse", 900, 850)
    browser = client_for(officer, "en")

    with pytest.raises(ApplicantsFundedTwice) as refused:
        decide_panel(by=SYSTEM, call=call.slug, despite={rows[0].public_id: WHY})
    page = browser.post(f"/programmes/panels/{call.slug}/decide/")
    before = states(rows)
    browser.post(f"/programmes/panels/applications/{rows[0].public_id}/reject/")
    other = browser.post(f"/programmes/panels/applications/{rows[1].public_id}/reject/")
    decide_panel(by=actor(officer), call=call.slug)

    assert rows[0].public_id in refused.value.facts["applicants"]
    assert rows[1].public_id not in refused.value.facts["applicants"]
    assert page.status_code == 409
    assert rows[0].organisation.name in page.content.decode()
    assert before == ["in_review", "in_review"]
    assert other.status_code == 409
    assert states(rows) == ["rejected", "offered"]
    assert "Another programme" in Application.objects.get(pk=rows[0].pk).decision.reason["en"]


def test_reversing_the_other_support_lets_the_panel_decide(officer):
    call, rows = judged("refuse", 900)
    reverse_benefit(by=SYSTEM, reference="benefit:other", reason="Entered twice.")

    decide_panel(by=actor(officer), call=call.slug)

    assert states(rows) == ["offered"]


def test_who_is_supported_by_another_since_the_decision_is_passed_over_in_the_reserve():
    call, rows = judged("refuse", 500, 900, 850, 800, budget=100_000)
    decide_panel(by=SYSTEM, call=call.slug)
    reverse_benefit(by=SYSTEM, reference="benefit:other", reason="Entered twice.")
    support(rows[2], "benefit:later")

    decline_offer(by=actor(rows[1].person), application=rows[1].public_id)

    assert states(rows) == ["rejected", "declined", "rejected", "offered"]


def test_the_panel_asks_the_database_about_it_as_often_for_many_as_for_few(django_assert_max_num_queries):
    call, rows = judged("show", *range(900, 700, -25))
    for number, row in enumerate(rows[1:]):
        support(row, f"benefit:{number}")

    with django_assert_max_num_queries(4):
        assert len(panels.beside_in_review(call)) == 8


def test_programs_see_it_in_the_ranking_and_decide_with_reasons(officer):
    call, rows = judged("reason", 900, 850)
    api, name = api_for(officer), rows[0].public_id

    told = api.get(f"/api/programmes/calls/{call.slug}/ranking").json()["items"]
    refused = api.post(f"/api/programmes/calls/{call.slug}/decide")
    body = {"despite": {name: WHY}}
    done = api.post(f"/api/programmes/calls/{call.slug}/decide", body, "application/json")

    assert [row["double_funding"] for row in told] == [["benefit:other"], []]
    assert refused.status_code == 422
    assert done.json()["offered"] == 2
    assert offered_fact(rows[0])["despite"] == WHY


def test_a_panel_call_may_have_any_of_the_rules():
    for rule in ("show", "reason", "refuse"):
        procedure = panel_call().procedure | {"double_funding": rule}
        assert procedure_problems(completed(procedure), vocabulary(FORM)) == []


def test_the_applicant_does_not_see_what_the_officer_weighs():
    row = waiting()
    member = Membership.objects.get(organisation=row.organisation).person

    page = client_for(member).get(f"/programmes/applications/{row.public_id}/")

    assert page.context["beside"] is None
