"""Programmes as a program sees them."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from bitgoeul.apps.credits.queries import balance
from bitgoeul.apps.notices.models import Notice
from bitgoeul.apps.people.models import Membership
from bitgoeul.apps.people.tests.factories import make_organisation, make_person
from bitgoeul.apps.programmes.cli import app
from bitgoeul.apps.programmes.commands import close_call
from bitgoeul.apps.programmes.models import Application, Call
from bitgoeul.apps.programmes.tests.factories import AGREED, FORM, YOUNG, make_call, make_draft
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.models import Fact
from bitgoeul.kit.testing import api_for, deliver_everything

pytestmark = pytest.mark.django_db

GOOD = {"purpose": "버스 도착을 예측합니다"}


def post(api, path, body=None, **headers):
    return api.post(f"/api/programmes{path}", json.dumps(body or {}), "application/json", headers=headers)


def applicant(**fields):
    person = make_person()
    return api_for(person), make_organisation(person, **fields)


def test_anybody_reads_the_calls_that_are_open_and_what_each_gives():
    call = make_call()
    make_draft()
    closed = make_call()
    close_call(by=SYSTEM, slug=closed.slug)
    api = api_for()

    listed = {state: [c["slug"] for c in api.get(f"/api/programmes/calls?state={state}").json()["items"]]
              for state in ("open", "announced", "past", "all")}  # fmt: skip
    detail = api.get(f"/api/programmes/calls/{call.slug}").json()

    assert listed == {
        "open": [call.slug],
        "announced": [],
        "past": [closed.slug],
        "all": [call.slug, closed.slug],
    }
    assert detail["gives"] == {"credits": 100_000, "days": 30, "parts": [{"part": "credits"}]}
    assert detail["share"] == {"least": 100_000, "most": 100_000, "ask": ""}
    assert detail["budget"] == {
        "unit": "credits",
        "total": 1_000_000,
        "reserved": 0,
        "granted": 0,
        "left": 1_000_000,
    }
    assert detail["accepts"] is True
    assert detail["clauses"] == [YOUNG]
    assert detail["statistics"]["applications"] == 0


def test_a_draft_is_not_there_for_others():
    draft = make_draft()

    assert api_for().get(f"/api/programmes/calls/{draft.slug}").status_code == 404
    assert (
        api_for(make_person(roles=["operator"])).get(f"/api/programmes/calls/{draft.slug}").status_code == 200
    )


def test_each_clause_is_known_before_applying_and_nothing_is_written():
    call = make_call()
    api, organisation = applicant(founded_on=None)
    before = Fact.objects.count()

    checked = post(api, f"/calls/{call.slug}/check", {"organisation": organisation.slug}).json()

    assert checked["verdict"] == "unknown"
    assert checked["clauses"][0]["result"] == "unknown"
    assert checked["clauses"][0]["reason"] == {
        "ko": "아직 확인하지 못한 정보: 설립일",
        "en": "Not known yet: founding date.",
    }
    assert checked["answers"] == {"sector": "mobility"}
    assert list(checked["problems"]) == ["purpose"]
    assert (Application.objects.count(), Fact.objects.count()) == (0, before)


def test_applying_answers_with_the_outcome_of_each_clause_and_the_grant():
    call = make_call()
    api, organisation = applicant()

    answer = post(
        api,
        f"/calls/{call.slug}/applications",
        {"organisation": organisation.slug, "answers": GOOD, "accept_terms": True},
    ).json()

    assert answer["state"] == "accepted"
    assert [(c["clause"], c["result"]) for c in answer["clauses"]] == [("young", "pass")]
    assert answer["decision"]["automatic"] is True
    assert answer["grant"]["credits"] == 100_000
    assert answer["answers"] == GOOD | {"sector": "mobility"}
    assert api.get(f"/api/programmes/applications/{answer['id']}").json() == answer
    assert [row["id"] for row in api.get("/api/programmes/applications").json()["items"]] == [answer["id"]]


def test_a_repeated_request_with_its_key_gives_the_same_answer_and_one_grant():
    call = make_call()
    api, organisation = applicant()
    body = {"organisation": organisation.slug, "answers": GOOD, "accept_terms": True}

    first, second = (
        post(api, f"/calls/{call.slug}/applications", body, **{"Idempotency-Key": "k1"}) for _each in range(2)
    )

    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert balance(organisation).granted == 100_000


def test_a_second_application_and_a_closed_call_are_problems_with_a_stable_code():
    call = make_call()
    api, organisation = applicant()
    body = {"organisation": organisation.slug, "answers": GOOD, "accept_terms": True}
    post(api, f"/calls/{call.slug}/applications", body)

    again = post(api, f"/calls/{call.slug}/applications", body)
    close_call(by=SYSTEM, slug=call.slug)
    other_api, other = applicant()
    late = post(other_api, f"/calls/{call.slug}/applications", body | {"organisation": other.slug})

    assert (again.status_code, again.json()["code"]) == (409, "programmes.AlreadyApplied")
    assert (late.status_code, late.json()["code"]) == (409, "programmes.CallNotOpen")
    assert late["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"answers": {}, "accept_terms": True}, "purpose"),
        ({"answers": GOOD, "accept_terms": False}, "accept_terms"),
        ({"answers": GOOD | {"sector": 3}, "accept_terms": True}, "sector"),
        ({"answers": "x"}, "answers"),
    ],
)
def test_bad_answers_are_named_by_field(body, wrong):
    call = make_call()
    api, organisation = applicant()

    refused = post(api, f"/calls/{call.slug}/applications", {"organisation": organisation.slug} | body)

    assert refused.status_code == 422
    assert any(wrong in field for field in refused.json()["errors"])
    assert Application.objects.count() == 0


def test_strangers_and_visitors_learn_nothing():
    call = make_call()
    _api, organisation = applicant()
    body = {"organisation": organisation.slug, "answers": GOOD, "accept_terms": True}

    for path in ("check", "applications"):
        assert post(api_for(), f"/calls/{call.slug}/{path}", body).status_code == 401
        assert post(api_for(make_person()), f"/calls/{call.slug}/{path}", body).status_code == 404


def test_the_desk_writes_opens_and_closes_calls():
    api = api_for(make_person(roles=["operator"]))
    words = {"title": AGREED, "summary": AGREED}
    assert post(api, "/programmes", {"slug": "pilot"} | words).status_code == 200
    body = words | {
        "programme": "pilot", "slug": "pilot-1", "tier": "TRY", "terms": AGREED,
        "form": FORM, "clauses": [YOUNG],
        "opens_at": "2020-01-01T00:00:00+09:00", "closes_at": "2099-01-01T00:00:00+09:00",
        "budget": 1000, "share_most": 1000, "gives_days": 1,
    }  # fmt: skip

    def put(content):
        return api.put("/api/programmes/calls/pilot-1", json.dumps(content), "application/json")

    assert put(body).json()["state"] == "draft"
    assert put(body | {"clauses": []}).json()["errors"]["clauses"]
    assert post(api, "/calls/pilot-1/open").json()["accepts"] is True
    assert put(body | {"budget": 2000}).json()["code"] == "programmes.CallFixed"
    assert post(api, "/calls/pilot-1/close").json()["state"] == "closed"
    assert post(api_for(make_person()), "/calls/pilot-1/open").status_code == 403


def test_the_desk_decides_what_waits_and_the_applicant_is_told():
    call = make_call()
    api, organisation = applicant(founded_on=None)
    colleague = make_person()
    Membership.objects.create(person=colleague, organisation=organisation, role="finance")
    officer = make_person(roles=["operator"])
    waiting = post(
        api,
        f"/calls/{call.slug}/applications",
        {"organisation": organisation.slug, "answers": GOOD, "accept_terms": True},
    ).json()
    deliver_everything()
    assert [notice.tone for notice in Notice.objects.filter(person=officer)] == ["wait"]

    body = {"accept": True, "reason": {"ko": "서류로 확인했습니다.", "en": "Confirmed on paper."}}
    decided = post(api_for(officer), f"/applications/{waiting['id']}/decide", body).json()
    deliver_everything()
    deliver_everything()

    assert (decided["state"], decided["decision"]["automatic"]) == ("accepted", False)
    told = Notice.objects.filter(person=colleague, tone="ok").get()
    assert told.title["en"] == "“Example call”: accepted, 100 credits granted"
    assert told.text["ko"] == "서류로 확인했습니다."
    assert post(api, f"/applications/{waiting['id']}/decide", body).status_code == 403


def test_withdrawing_through_the_api():
    call = make_call()
    api, organisation = applicant(founded_on=None)
    waiting = post(
        api,
        f"/calls/{call.slug}/applications",
        {"organisation": organisation.slug, "answers": GOOD, "accept_terms": True},
    ).json()

    assert post(api, f"/applications/{waiting['id']}/withdraw").json()["state"] == "withdrawn"
    assert post(api_for(make_person()), f"/applications/{waiting['id']}/withdraw").status_code == 404


@pytest.mark.parametrize("rows", [1, 3])
def test_lists_cost_the_same_queries_for_one_and_for_three(rows, django_assert_num_queries):
    person = make_person()
    organisation = make_organisation(person)
    for _row in range(rows):
        call = make_call()
        post(
            api_for(person),
            f"/calls/{call.slug}/applications",
            {"organisation": organisation.slug, "answers": GOOD, "accept_terms": True},
        )
    api = api_for(person)

    with django_assert_num_queries(1):
        api_for().get("/api/programmes/calls")
    with django_assert_num_queries(5):
        api.get("/api/programmes/applications")


def test_the_command_line_seeds_checks_applies_and_shows():
    person = make_person()
    organisation = make_organisation(person)
    who = ["--organisation", organisation.slug, "--as", person.email, "--json"]
    answers = ["--answers", json.dumps({"purpose": "버스 도착을 예측해 봅니다", "personal_data": False})]

    def run(*words):
        ended = CliRunner().invoke(app, list(words))
        assert ended.exit_code == 0, ended.output
        return json.loads(ended.output)

    assert len(run("seed", "--json")["calls"]) == 19
    assert run("check", "try", *who, *answers)["verdict"] == "pass"
    assert run("check", "class", *who)["verdict"] == "fail"
    applied = run("apply", "try", *who, *answers, "--accept-terms")
    assert (applied["state"], applied["grant"]["credits"]) == ("accepted", 100_000)
    assert run("application", applied["id"], "--json") == applied
    assert run("close", "class", "--json")["state"] == "closed"
    assert Call.objects.get(slug="class").state == "closed"
