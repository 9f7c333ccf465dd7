"""What a member reads and presses."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from bitgoeul.apps.compute import queries
from bitgoeul.apps.compute.models import Job
from bitgoeul.apps.people.tests.factories import make_organisation, make_person
from bitgoeul.kit.testing import client_for

RESOURCES = {"cpus": "1", "memory_gib": "0.25", "minutes": "1"}


def text_of(response) -> str:
    return response.content.decode()


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_visitor_sees_the_machine_and_the_programs(db, home, language):
    page = text_of(client_for(language=language).get("/compute/"))

    assert {"ko": "지금 이 서버", "en": "The machine now"}[language] in page
    assert {"ko": "예시 요금", "en": "example prices"}[language] in page


@pytest.mark.parametrize("path", ["/compute/new/", "/compute/new/code/", "/compute/new/tabular-classifier/"])
def test_submitting_needs_an_account(db, home, path):
    assert client_for().get(path).status_code == 302


def test_a_person_without_an_organisation_is_told_what_to_do_first(db, home):
    page = client_for(make_person(), language="en").get("/compute/new/code/")

    assert "First an organisation" in text_of(page)


def test_a_member_submits_a_program_and_reads_its_page(hub):
    client = client_for(hub.person, language="en")
    form = {"organisation": hub.organisation.slug, "title": "내 프로그램", "once": "k1", **RESOURCES}
    file = SimpleUploadedFile("main.py", b"print('from the page'); open('/job/out/a.txt','w').write('1')")

    first = client.post("/compute/new/code/", form | {"code": file})
    job = Job.objects.get()
    waiting = text_of(client.get(f"/compute/jobs/{job.pk}/"))
    hub.until_ended(job)
    ended = text_of(client.get(f"/compute/jobs/{job.pk}/"))

    assert (first.status_code, first["Location"]) == (302, f"/compute/jobs/{job.pk}/")
    assert "Why does it wait?" in waiting
    assert "Cancel and get the credits back" in waiting
    assert 'hx-trigger="every 2s"' in waiting
    assert "from the page" in ended
    assert "a.txt" in ended
    assert "Run again" in ended
    assert "hx-trigger" not in ended
    assert text_of(client.get(f"/compute/jobs/{job.pk}/log.txt")) == "from the page\n"
    assert b"".join(client.get(f"/compute/jobs/{job.pk}/outputs/a.txt").streaming_content) == b"1"


def test_sending_the_same_form_twice_makes_one_job(hub):
    client = client_for(hub.person)
    form = {"organisation": hub.organisation.slug, "title": "한 번", "once": "same", **RESOURCES}

    answers = [
        client.post("/compute/new/code/", form | {"code": SimpleUploadedFile("main.py", b"print(1)")})
        for _ in range(2)
    ]

    assert [answer["Location"] for answer in answers] == [f"/compute/jobs/{Job.objects.get().pk}/"] * 2


def test_a_recipe_is_submitted_from_its_schema(hub):
    client = client_for(hub.person, language="ko")
    page = text_of(client.get("/compute/new/tabular-classifier/"))
    form = {
        "organisation": hub.organisation.slug,
        "title": "지연 예측",
        "once": "r1",
        **RESOURCES,
        "p-name": "delay",
        "p-target": "arr_delay",
        "p-positive": ">15",
        "p-time_column": "hour",
        "p-features": "carrier, origin",
        "p-sector": "mobility",
        "p-seed": "7",
        "p-more": '{"title": {"ko": "지연", "en": "Delay"}}',
    }

    answer = client.post("/compute/new/tabular-classifier/", form)

    assert "맞힐 열" in page
    assert answer.status_code == 302, text_of(answer)
    told = Job.objects.get().parameters
    assert (told["positive"], told["features"], told["seed"]) == (">15", ["carrier", "origin"], 7)
    assert told["title"] == {"ko": "지연", "en": "Delay"}


def test_what_cannot_be_submitted_is_said_at_its_field_and_nothing_is_lost(hub):
    client = client_for(hub.person, language="en")
    form = {
        "organisation": hub.organisation.slug,
        "title": "Kept title",
        **RESOURCES,
        "cpus": "64",
        "p-name": "Not A Name!",
        "p-target": "x",
        "p-time_column": "t",
        "p-more": "not json",
    }

    answer = client.post("/compute/new/tabular-classifier/", form)
    page = text_of(answer)

    assert answer.status_code == 422
    assert "Kept title" in page
    assert "This is not JSON." in page
    assert Job.objects.count() == 0

    answer = client.post("/compute/new/tabular-classifier/", form | {"p-name": "name", "p-more": ""})
    assert "64 processors asked" in text_of(answer)
    assert (Job.objects.count(), hub.balance.held) == (0, 0)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"cpus": 2, "memory_gib": 1, "minutes": 60}, "2.1"),
        ({"cpus": 64, "memory_gib": 1, "minutes": 60}, "64"),
        ({}, "Fill in what it may use"),
    ],
)
def test_the_price_is_shown_while_the_form_is_filled_in(hub, query, said):
    assert said in text_of(client_for(hub.person, language="en").get("/compute/estimate/", query))


def test_the_live_part_asks_for_the_page_anew_when_the_state_has_changed(hub):
    job = hub.submit()
    client = client_for(hub.person)

    same = client.get(f"/compute/jobs/{job.pk}/live/?state=queued")
    hub.until_ended(job)
    changed = client.get(f"/compute/jobs/{job.pk}/live/?state=queued")

    assert "HX-Refresh" not in same
    assert changed["HX-Refresh"] == "true"


def test_cancel_and_run_again_from_the_page(hub):
    client = client_for(hub.person, language="en")
    job = hub.submit()

    cancelled = client.post(f"/compute/jobs/{job.pk}/cancel/", follow=True)
    again = client.post(f"/compute/jobs/{job.pk}/retry/", {"once": "x"}, follow=True)

    assert "its credits are back" in text_of(cancelled)
    assert "in the queue again" in text_of(again)
    assert Job.objects.count() == 2
    assert client.get(f"/compute/new/code/?like={job.pk}").status_code == 200


def test_a_failed_job_says_why_and_shows_the_end_of_its_log(hub):
    job = hub.run("print('<b>column</b> missing'); raise SystemExit(4)")

    page = text_of(client_for(hub.person, language="en").get(f"/compute/jobs/{job.pk}/"))

    assert "Why did it fail?" in page
    assert "Exit code 4." in page
    assert "&lt;b&gt;column&lt;/b&gt; missing" in page


def test_the_list_shows_my_jobs_by_state(hub):
    job = hub.run()
    client = client_for(hub.person)

    assert f"/compute/jobs/{job.pk}/" in text_of(client.get("/compute/"))
    assert f"/compute/jobs/{job.pk}/" in text_of(client.get("/compute/?show=succeeded"))
    assert f"/compute/jobs/{job.pk}/" not in text_of(client.get("/compute/?show=failed"))


def test_a_stranger_finds_no_page(hub):
    job = hub.submit()
    stranger = make_person()
    make_organisation(stranger)

    for path in ("", "live/", "log.txt", "outputs/x"):
        assert client_for(stranger).get(f"/compute/jobs/{job.pk}/{path}").status_code == 404
    assert client_for(stranger).post(f"/compute/jobs/{job.pk}/cancel/").status_code == 404
    assert client_for(stranger).get(f"/compute/new/code/?like={job.pk}").status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_takes_the_same_number_of_queries(hub, count, django_assert_max_num_queries):
    for _ in range(count):
        hub.submit()
    client = client_for(hub.person)

    with django_assert_max_num_queries(20):
        client.get("/compute/")


def test_a_long_log_shows_its_end(hub):
    job = hub.run("for n in range(9000): print('줄', n)")

    end = queries.log_end(job)

    assert end.endswith("줄 8999\n")
    assert end.startswith("줄 ")
    assert len(end) < 20_000
    assert queries.whole_log(job).count("\n") == 9000
