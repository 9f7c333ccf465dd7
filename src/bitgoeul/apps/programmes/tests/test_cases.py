"""One application for several needs, decided part by part; and what can I get?"""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from bitgoeul.apps.people.tests.factories import actor, make_organisation, make_person
from bitgoeul.apps.programmes.cli import app
from bitgoeul.apps.programmes.commands import (
    answer_case,
    close_call,
    decide,
    open_case,
    seed,
    start_application,
    submit_case,
)
from bitgoeul.apps.programmes.errors import AlreadyApplied
from bitgoeul.apps.programmes.models import Application, Case
from bitgoeul.apps.programmes.queries.cases import form_of, parts_of
from bitgoeul.apps.programmes.queries.finding import NEEDS
from bitgoeul.apps.programmes.tests.factories import AGREED, FORM, clause, make_call
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.refusals import Invalid, NotFound
from bitgoeul.kit.testing import api_for, client_for, facts_recorded

pytestmark = pytest.mark.django_db

PACKAGE = ["fast", "dataset-access", "equipment", "space", "incubation"]
CONTACT = [{"name": "김예시", "email": "contact@example.com"}]
ANSWERS = {
    "summary": "버스 도착을 예측하는 서비스를 만듭니다",
    "gpu_hours": 600,
    "personal_data": False,
    "dataset": "flights",
    "analysts": 2,
    "hours": 8,
    "induction": True,
    "seats": 3,
    "team": "둘이 만들고 하나가 팝니다",
}


@pytest.fixture
def person():
    return make_person()


@pytest.fixture
def organisation(person):
    return make_organisation(person, stage="startup", founded_on="2024-03-02", contacts=CONTACT)


def begun(person, organisation, calls=PACKAGE) -> Case:
    for name in PACKAGE:
        seed(by=SYSTEM, name=name)
    return open_case(by=actor(person), organisation=organisation.slug, title="버스 비서", calls=calls)


def test_a_package_of_five_needs_asks_each_question_once_and_is_decided_part_by_part(person, organisation):
    case = begun(person, organisation)
    form = form_of(case)
    assert {name for name in form.schema["properties"] if name not in form.answers} == {
        *ANSWERS,
        "business_registration",
    }

    answer_case(by=actor(person), case=case.public_id, answers=ANSWERS)
    ended = submit_case(by=actor(person), case=case.public_id, accept_terms=True)

    assert [refusal for _part, refusal in ended] == [None] * 5
    states = {part.call.slug: part.state for part in parts_of(case)}
    assert states == {"fast": "in_review", "dataset-access": "waiting", "equipment": "waiting",
                      "space": "in_review", "incubation": "in_review"}  # fmt: skip
    officer = actor(make_person(roles=["operator"]))
    numbers = {part.call.slug: part.public_id for part in parts_of(case)}
    decide(by=officer, application=numbers["dataset-access"], accept=True, reason=AGREED)
    decide(by=officer, application=numbers["equipment"], accept=False, reason=AGREED)
    states = {part.call.slug: part.state for part in parts_of(case)}
    assert (states["dataset-access"], states["equipment"]) == ("accepted", "rejected")
    assert facts_recorded().count("programmes.CaseOpened") == 1


def test_nothing_is_handed_in_while_a_part_is_open(person, organisation):
    case = begun(person, organisation)
    answer_case(by=actor(person), case=case.public_id, answers=ANSWERS | {"summary": "짧음"})

    with pytest.raises(Invalid) as refused:
        submit_case(by=actor(person), case=case.public_id, accept_terms=False)

    assert {"fast.summary", "space.summary", "accept_terms"} <= refused.value.errors.keys()
    assert {part.state for part in parts_of(case)} == {"draft"}


def test_a_part_that_is_refused_does_not_keep_back_the_others(person, organisation):
    case = begun(person, organisation)
    answer_case(by=actor(person), case=case.public_id, answers=ANSWERS)
    close_call(by=SYSTEM, slug="equipment")

    ended = submit_case(by=actor(person), case=case.public_id, accept_terms=True)

    assert {part.call.slug: refusal.code for part, refusal in ended if refusal} == {
        "equipment": "programmes.CallNotOpen"
    }
    assert Application.objects.filter(case=case, state="draft").count() == 1


def test_questions_of_the_same_name_that_ask_otherwise_stay_apart(person, organisation):
    other = {"type": "integer", "title": {"ko": "다른 인원", "en": "Other people"}}
    form = FORM | {"properties": FORM["properties"] | {"students": other}}
    one, two = make_call(clauses=[clause("a", "organisation.members >= 1")]), make_call(form=form)
    case = open_case(by=actor(person), organisation=organisation.slug, title="a", calls=[one.slug, two.slug])
    apart = f"students_{two.slug.replace('-', '_')}"

    answer_case(by=actor(person), case=case.public_id, answers={"students": 3, apart: 4})

    assert [part.answers["students"] for part in parts_of(case)] == [3, 4]
    with pytest.raises(Invalid):
        answer_case(by=actor(person), case=case.public_id, answers={"nothing": 1})


def test_drafts_join_a_case_but_never_two(person, organisation):
    for name in PACKAGE:
        seed(by=SYSTEM, name=name)
    draft = start_application(by=actor(person), call="space", organisation=organisation.slug)
    case = begun(person, organisation, ["space", "fast"])

    assert draft.pk in {part.pk for part in parts_of(case)}
    with pytest.raises(AlreadyApplied):
        begun(person, organisation, ["space", "equipment"])
    for wrong in ({"calls": ["fast"]}, {"title": " "}):
        with pytest.raises(Invalid):
            open_case(**{"by": actor(person), "organisation": organisation.slug, "title": "a",
                         "calls": ["fast", "equipment"]} | wrong)  # fmt: skip
    with pytest.raises(NotFound):
        answer_case(by=actor(make_person()), case=case.public_id, answers={})
    assert Case.objects.count() == 1


def test_the_pages_begin_answer_and_hand_in_a_case(person, organisation):
    for name in PACKAGE:
        seed(by=SYSTEM, name=name)
    client = client_for(person)

    about = {
        "organisation": organisation.slug,
        "title": "버스 비서",
        "calls": ["dataset-access", "equipment"],
    }
    begun_at = client.post("/programmes/cases/new/", about).url
    page = client.get(begun_at).content.decode()
    values = {name: ANSWERS[name] for name in ("summary", "dataset", "analysts", "hours", "induction")}
    values |= {"contact_name": "김예시", "contact_email": "contact@example.com"}
    assert client.post(f"{begun_at}answers/", {}).status_code == 422
    client.post(f"{begun_at}answers/", values)
    assert client.post(f"{begun_at}submit/", {}).status_code == 422
    client.post(f"{begun_at}submit/", {"accept_terms": "on"})
    after = client.get(begun_at).content.decode()

    assert "데이터셋 이름" in page
    assert "이용 시간" in page
    assert 'action="' + f"{begun_at}answers/" not in after
    assert {part.state for part in parts_of(Case.objects.get())} == {"waiting"}
    assert "버스 비서" in client.get("/programmes/cases/").content.decode()
    assert client_for(make_person()).get(begun_at).status_code == 404


def test_the_api_and_the_command_line_do_the_same(person, organisation):
    for name in PACKAGE:
        seed(by=SYSTEM, name=name)
    api = api_for(person)
    body = {"organisation": organisation.slug, "title": "a", "calls": ["fast", "space"]}

    made = api.post("/api/programmes/cases", body, content_type="application/json").json()
    address, kind = f"/api/programmes/cases/{made['id']}", "application/json"
    summary = {"answers": {"summary": ANSWERS["summary"]}}
    kept = api.put(f"{address}/answers", summary, content_type=kind).json()
    early = api.post(f"{address}/submit", {"accept_terms": True}, content_type=kind)
    assert [part["answers"]["summary"] for part in kept["parts"]] == [ANSWERS["summary"]] * 2
    assert "fast.gpu_hours" in early.json()["errors"]
    assert [row["id"] for row in api.get("/api/programmes/cases").json()["items"]] == [made["id"]]

    def run(*words):
        ended = CliRunner().invoke(app, [*words, "--as", person.email, "--json"])
        assert ended.exit_code == 0, ended.output
        return json.loads(ended.output)

    rest = {name: ANSWERS[name] for name in ("gpu_hours", "personal_data", "seats", "team")}
    run("answer-case", made["id"], "--answers", json.dumps(rest))
    done = run("submit-case", made["id"], "--accept-terms")
    assert {part["state"] for part in done["parts"]} == {"in_review"}
    assert run("case", made["id"]) == done


@pytest.mark.parametrize("need", NEEDS)
def test_every_need_is_met_by_some_example(need):
    from bitgoeul.apps.programmes.queries import blueprints

    for name in blueprints.names():
        if blueprints.blueprint(name)["kind"] in NEEDS[need][1]:
            seed(by=SYSTEM, name=name)

    page = client_for().get(f"/programmes/find/?need={need}")

    assert page.context["found"]
    assert {row.call.kind for row in page.context["found"]} == NEEDS[need][1]


def test_what_can_i_get_shows_how_we_stand_and_filters(person, organisation):
    for name in (*PACKAGE, "class"):
        seed(by=SYSTEM, name=name)
    client = client_for(person)

    found = client.get("/programmes/find/?need=compute").context["found"]
    empty = client.get("/programmes/find/").context
    listed = api_for().get("/api/programmes/calls?need=place&stage=unicorn").json()["items"]
    page = client.get("/programmes/?need=data").context["taking"]
    cli = json.loads(CliRunner().invoke(app, ["find", "--need", "start", "--json"]).output)

    assert [(row.call.slug, row.verdict) for row in found] == [("fast", "unknown"), ("class", "fail")]
    assert (empty["found"], empty["form"]["stage"].value()) == ([], "startup")
    assert [row["slug"] for row in listed] == ["equipment"]
    assert [row.slug for row in page] == ["dataset-access"]
    assert {row["slug"] for row in cli["calls"]} == {"space", "incubation"}


def test_answers_are_kept_while_they_are_typed(person, organisation):
    call = make_call()
    row = start_application(by=actor(person), call=call.slug, organisation=organisation.slug)
    client = client_for(person)

    kept = client.post(f"/programmes/applications/{row.public_id}/keep/", {"purpose": "버스"})

    assert kept.status_code == 200
    assert Application.objects.get(pk=row.pk).answers["purpose"] == "버스"
    page = client.get(f"/programmes/applications/{row.public_id}/answers/").content.decode()
    assert f"/programmes/applications/{row.public_id}/keep/" in page
