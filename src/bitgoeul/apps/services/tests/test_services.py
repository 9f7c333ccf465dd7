"""Services through the doors that people and programs use: pages, API, protocol."""

from __future__ import annotations

import dataclasses
import json
import time

import pytest

from bitgoeul.apps.people.models import Membership
from bitgoeul.apps.people.tests.factories import actor, make_organisation, make_person
from bitgoeul.apps.registry.commands import withdraw_version
from bitgoeul.apps.registry.tests.factories import make_version
from bitgoeul.apps.services import allowance, asking, commands, keeper, protocol, queries
from bitgoeul.apps.services.models import Crash, Service
from bitgoeul.apps.services.tests.factories import give_credits, make_service, question
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.testing import api_for, client_for, facts_recorded

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

ASK = {"ask": "1", "in-rain": "30.5", "in-stop": "시청", "in-hour": "8"}


@pytest.fixture(autouse=True)
def _fresh_routes():
    protocol.forget_routes()
    allowance.ALLOWANCE._counts.clear()


@pytest.fixture
def mina():
    return make_person()


@pytest.fixture
def team(mina):
    return make_organisation(mina)


@pytest.fixture
def live(tmp_path, team):
    """A public service with its process."""
    row = make_service(tmp_path, team)
    watching = keeper.Keeper()
    end = time.monotonic() + 40
    while row.state != "live" and time.monotonic() < end:
        watching.turn()
        row.refresh_from_db()
        time.sleep(0.05)
    yield row
    for kept in list(watching.kept.values()):
        kept.process.kill()
        kept.process.wait()


def post(client, path, body=None, **headers):
    return client.post(path, json.dumps(body or {}), "application/json", headers=headers)


def deployment(version, /, **changes):
    return {
        "version": str(version),
        "slug": "late-buses",
        "title": {"ko": "늦는 버스", "en": "Late buses"},
    } | changes


# deploying


def test_given_a_version_when_deployed_then_it_starts_and_its_card_is_public(tmp_path, mina, team):
    give_credits(team, 1000)
    version = make_version(tmp_path, team)

    answer = post(api_for(mina), "/api/services/", deployment(version), **{"Idempotency-Key": "k1"})
    again = post(api_for(mina), "/api/services/", deployment(version), **{"Idempotency-Key": "k1"})

    assert answer.status_code == 201, answer.content
    assert answer.json() == again.json()
    assert answer.json()["state"] == "starting"
    assert answer.json()["sector"] == "mobility"
    assert answer.json()["infer_url"].endswith("/v2/models/late-buses/infer")
    assert client_for().get(version.model.get_absolute_url()).status_code == 200
    assert facts_recorded()[-2:] == ["registry.ModelShared", "services.ServiceDeployed"]


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"slug": "Late Buses"}, 422, "kit.Invalid"),
        ({"slug": "new"}, 422, "kit.Invalid"),
        ({"slug": "../up"}, 422, "kit.Invalid"),
        ({"title": {"ko": "", "en": ""}}, 422, "kit.Invalid"),
        ({"sector": "space"}, 422, "kit.Invalid"),
        ({"version": "nothing@1"}, 404, "kit.NotFound"),
        ({"version": "late@x"}, 404, "kit.NotFound"),
        ({"slug": "taken"}, 409, "services.SlugTaken"),
    ],
)
def test_given_a_bad_deployment_when_sent_then_it_is_refused(tmp_path, mina, team, changes, status, code):
    make_service(tmp_path, slug="taken")
    give_credits(team, 1000)
    version = make_version(tmp_path, team)

    answer = post(api_for(mina), "/api/services/", deployment(version, **changes))

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not Service.objects.filter(organisation=team).exists()


def test_given_no_credits_when_deployed_then_it_is_refused(tmp_path, mina, team):
    version = make_version(tmp_path, team)

    answer = post(api_for(mina), "/api/services/", deployment(version))

    assert (answer.status_code, answer.json()["code"]) == (402, "services.NoCredits")


def test_given_a_withdrawn_version_when_deployed_then_it_is_refused(tmp_path, mina, team):
    give_credits(team, 1000)
    version = make_version(tmp_path, team)
    withdraw_version(by=actor(mina), model=version.model.slug, number=1, reason="")

    answer = post(api_for(mina), "/api/services/", deployment(version))

    assert (answer.status_code, answer.json()["code"]) == (409, "services.VersionWithdrawn")


@pytest.mark.parametrize(
    ("who", "statuses"),
    [
        ("member", [201, 200, 200, 200]),
        ("operator", [403, 200, 200, 200]),
        ("finance", [403, 403, 403, 403]),
        ("stranger", [404, 404, 404, 404]),
        ("visitor", [401, 401, 401, 401]),
    ],
)
def test_who_may_deploy_stop_start_and_redeploy(tmp_path, team, who, statuses):
    give_credits(team, 10_000)
    version = make_version(tmp_path, team)
    row = make_service(tmp_path, team, public=False)
    other = make_version(tmp_path, team)
    person = None if who == "visitor" else make_person(roles=["operator"] if who == "operator" else [])
    if who in {"member", "finance"}:
        Membership.objects.create(person=person, organisation=team, role=who)
    client = api_for(person)

    answers = [
        post(client, "/api/services/", deployment(version)),
        post(client, f"/api/services/{row.slug}/stop"),
        post(client, f"/api/services/{row.slug}/start"),
        post(client, f"/api/services/{row.slug}/redeploy", {"version": str(other)}),
    ]

    assert [answer.status_code for answer in answers] == statuses


def test_given_the_button_when_pressed_then_the_page_deploys(tmp_path, mina, team):
    give_credits(team, 1000)
    version = make_version(tmp_path, team)
    client = client_for(mina)

    page = client.get(f"/services/new/?version={version}")
    assert page.status_code == 200
    bad = client.post(
        "/services/new/", {"version": str(version), "slug": "x", "sector": "mobility", "title_ko": "가"}
    )
    assert bad.status_code == 422
    assert not Service.objects.exists()
    made = client.post(
        "/services/new/",
        {
            "version": str(version),
            "slug": "late-buses",
            "sector": "mobility",
            "title_ko": "늦는 버스",
            "public": "on",
        },
    )

    assert made.headers["Location"] == "/services/late-buses/"
    assert Service.objects.get().state == "starting"


# the public page


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("ko", "이 버스가 늦을 확률은 95%입니다."), ("en", "The chance that this bus is late is 95%.")],
)
def test_given_values_when_a_visitor_asks_then_the_answer_is_a_sentence(live, language, sentence):
    page = client_for(language=language).get(live.get_absolute_url(), ASK).content.decode()

    assert sentence in page
    assert "30" in page
    assert ("역 앞" if language == "ko" else "Station") in page
    assert "curl " in page
    assert "<script" not in page.split("<main", 1)[1].split("</main", 1)[0]


def test_given_gaps_when_a_visitor_asks_then_they_are_answered(live):
    page = client_for().get(live.get_absolute_url(), ASK | {"in-rain": "", "in-stop": ""}).content.decode()

    assert "이 버스가 늦을 확률은 " in page


@pytest.mark.parametrize(
    "change", [{"in-hour": "24"}, {"in-hour": ""}, {"in-rain": "a lot"}, {"in-stop": "없는 곳"}]
)
def test_given_bad_values_when_a_visitor_asks_then_the_form_says_so(live, change):
    page = client_for().get(live.get_absolute_url(), ASK | change)

    assert page.status_code == 200
    assert "이 버스가 늦을 확률은" not in page.content.decode()
    assert page.context["form"].errors


def test_given_use_when_looked_at_then_the_meter_moves(live):
    client, program = client_for(), api_for()
    client.get(live.get_absolute_url(), ASK)
    post(program, f"/v2/models/{live.slug}/infer", question())

    figures = program.get(f"/api/services/{live.slug}").json()

    assert (figures["predictions_today"], figures["predictions_total"]) == (3, 3)


@pytest.mark.parametrize("state", ["starting", "suspended", "failed", "stopped"])
def test_given_a_service_that_does_not_answer_when_looked_at_then_the_page_says_why(tmp_path, state):
    row = make_service(tmp_path)
    if state == "suspended":
        commands.suspend_service(by=SYSTEM, service=row)
    elif state == "failed":
        commands.note_failed(by=SYSTEM, service=row, generation=1, times=5)
    elif state == "stopped":
        commands.stop_service(by=SYSTEM, service=row.slug)

    page = client_for(language="en").get(row.get_absolute_url(), ASK)

    assert page.status_code == 503
    words = {
        "starting": "The service is starting",
        "suspended": "used all its credits",
        "failed": "fell 5 times in a row",
        "stopped": "it is “stopped”",
    }
    assert words[state] in page.content.decode()


def test_given_a_fall_when_looked_at_then_it_stands_on_the_page(tmp_path, mina, team):
    row = make_service(tmp_path, team)
    Crash.objects.create(service=row, at=clock.now(), exit_status=-9, detail="secret path", recovered_at=None)

    public = client_for(language="en").get(row.get_absolute_url()).content.decode()
    own = client_for(mina, "en").get(row.get_absolute_url()).content.decode()

    assert "not answering yet" in public
    assert "secret path" not in public
    assert "secret path" in own
    assert len(api_for().get(f"/api/services/{row.slug}/crashes").json()) == 1


def test_given_a_replacement_when_looked_at_then_who_runs_the_service_sees_that_it_is_awaited(
    tmp_path, mina, team
):
    row = make_service(tmp_path, team)
    commands.note_live(by=SYSTEM, service=row, generation=1)
    other = make_version(tmp_path, team, name=row.version.model.slug)
    commands.redeploy_service(by=SYSTEM, service=row.slug, model_version=str(other))

    waiting = client_for(mina).get(row.get_absolute_url()).content.decode()
    described = api_for().get(f"/api/services/{row.slug}").json()
    commands.give_up_replacement(by=SYSTEM, service=row, generation=2, detail="")
    given_up = client_for(mina).get(row.get_absolute_url()).content.decode()

    assert "2번 버전을 준비하고 있습니다." in waiting
    assert (described["state"], described["version"], described["next_version"]) == ("live", 1, 2)
    assert "2번 버전이 거듭 멈추어, 지금 버전으로 계속 답합니다" in given_up


def test_given_a_private_service_when_others_look_then_it_does_not_exist(tmp_path, mina, team):
    row = make_service(tmp_path, team, public=False)

    for client in (client_for(), client_for(make_person())):
        assert client.get(row.get_absolute_url()).status_code == 404
        assert client.get(f"/v2/models/{row.slug}").status_code == 404
        assert post(client, f"/v2/models/{row.slug}/infer", question()).status_code == 404
    assert client_for(mina).get(row.get_absolute_url()).status_code == 200
    assert api_for(mina).get(f"/v2/models/{row.slug}").status_code == 200
    assert api_for().get("/api/services/").json() == []


def test_given_a_token_made_for_something_else_when_it_looks_then_private_services_do_not_exist(
    tmp_path, mina, team
):
    make_service(tmp_path, team, public=False)

    def seen(*scopes):
        return queries.visible_to(dataclasses.replace(actor(mina), scopes=frozenset(scopes))).count()

    assert (seen("services:read"), seen("services:write"), seen("lake:read")) == (1, 1, 0)


def test_given_figures_when_a_stranger_asks_then_the_use_is_the_organisations(tmp_path, mina, team):
    row = make_service(tmp_path, team)
    commands.collect_usage(by=SYSTEM, service=row, epoch="a", reading=2000)

    (usage,) = api_for(mina).get(f"/api/services/{row.slug}/usage").json()
    assert (usage["predictions"], usage["cost"]) == (2000, 1000)
    assert api_for(make_person()).get(f"/api/services/{row.slug}/usage").status_code == 403
    assert api_for().get(f"/api/services/{row.slug}/usage").status_code == 401


@pytest.mark.parametrize("rows", [1, 3])
def test_the_catalogue_needs_the_same_queries_for_every_length(
    tmp_path, team, rows, django_assert_max_num_queries
):
    for _number in range(rows):
        make_service(tmp_path, team)

    with django_assert_max_num_queries(10):
        page = client_for().get("/services/")
    assert page.content.decode().count("늦는 버스") >= rows


def test_given_sectors_when_filtered_then_only_these_are_listed(tmp_path, team):
    make_service(tmp_path, team)
    make_service(tmp_path, team, sector="energy", title={"ko": "정전", "en": "Power cuts"})

    def found(query):
        return [row["title"]["en"] for row in api_for().get(f"/api/services/?{query}").json()]

    assert found("sector=energy") == found("text=정전") == ["Power cuts"]
    assert len(found("")) == 2


def test_a_search_that_finds_nothing_says_so_and_leads_back_to_the_list(tmp_path, team):
    make_service(tmp_path, team)

    page = client_for().get("/services/?text=zzz", headers={"Accept-Language": "ko"}).content.decode()

    assert "맞는 서비스가 없습니다" in page
    assert "아직 서비스가 없습니다" not in page


# the protocol at the root of the hub


def test_the_hub_speaks_the_protocol_for_every_service(live):
    program, base = api_for(), f"/v2/models/{live.slug}"

    assert program.get("/v2").json()["name"] == "bitgoeul"
    assert program.get("/v2/health/live").json() == {"live": True}
    assert program.get("/v2/health/ready").json() == {"ready": True}
    assert program.get(base).json() == program.get(f"{base}/versions/1").json()
    assert (
        program.get(f"{base}/ready").status_code == program.get(f"{base}/versions/1/ready").status_code == 200
    )
    answer = post(program, f"{base}/versions/1/infer", question())
    assert answer.json()["outputs"][0]["shape"] == [2, 1]
    assert post(program, f"{base}/versions/2/infer", question()).status_code == 404
    assert program.get(f"{base}/infer").status_code == 405
    assert program.get(f"{base}/elsewhere").status_code == 404


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("ko", "“rain” 입력에 FP32 형식이 아닌 값이 있습니다"),
        ("en", "The input “rain” holds a value that is not FP32"),
    ],
)
def test_given_a_bad_request_when_asked_then_the_reason_is_in_the_readers_language(live, language, words):
    asked = question(rain={"data": ["a lot", 1]})

    answer = post(api_for(language=language), f"/v2/models/{live.slug}/infer", asked)

    problem = answer.json()
    assert answer.status_code == 400
    assert problem["code"] == "services.WrongValue"
    assert problem["error"] == problem["title"] == words
    assert problem["detail"]


def test_given_a_request_over_the_limit_when_asked_then_it_is_refused_before_the_model(live, settings):
    settings.INFER_LIMIT = 50

    answer = post(api_for(), f"/v2/models/{live.slug}/infer", question())

    assert (answer.status_code, answer.json()["code"]) == (413, "services.TooLarge")


def test_given_too_many_requests_when_asked_then_a_visitor_waits(live, settings):
    settings.VISITOR_RATE = 2
    program = api_for()

    statuses = [post(program, f"/v2/models/{live.slug}/infer", question()).status_code for _time in range(3)]

    assert statuses == [200, 200, 429]


def test_given_a_new_process_when_asked_again_then_the_kept_connection_is_renewed(live):
    program = api_for()
    assert post(program, f"/v2/models/{live.slug}/infer", question()).status_code == 200
    kept = asking._mine.connections[live.key]
    kept.sock.close()

    assert post(program, f"/v2/models/{live.slug}/infer", question()).status_code == 200


def test_the_web_process_never_loads_the_runtime():
    import subprocess
    import sys

    code = (
        "import django, sys; django.setup();"
        "from django.urls import get_resolver; get_resolver().url_patterns;"
        "sys.exit(bool({'onnxruntime', 'onnx', 'lightgbm'} & set(sys.modules)))"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
