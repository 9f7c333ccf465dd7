"""The pages as a person sees them, in both languages."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from bitgoeul.apps.lake.models import Dataset, DatasetVersion, Upload
from bitgoeul.apps.lake.tests.factories import BUSES, make_dataset, make_member, make_published, publish
from bitgoeul.apps.people.models import Person
from bitgoeul.apps.people.tests.factories import make_person
from bitgoeul.kit.store import store
from bitgoeul.kit.testing import client_for, deliver_everything

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def member():
    actor, home = make_member()
    return Person.objects.get(pk=actor.person_id), home, actor


def text(answer) -> str:
    return answer.content.decode()


def form(home, *files, **more):
    return {
        "organisation": home.slug, "title_ko": "시내버스", "title_en": "City buses", "sector": "mobility",
        "licence": "KOGL-1", "visibility": "public", "files": list(files), **more,
    }  # fmt: skip


def test_somebody_publishes_a_file_without_any_script(member):
    person, home, _ = member
    browser = client_for(person)
    page = browser.get("/lake/new/")
    assert "데이터" in text(page)

    sent = browser.post("/lake/new/", form(home, SimpleUploadedFile("buses.csv", BUSES.encode("cp949"))))
    assert (sent.status_code, sent["location"]) == (302, "/lake/city-buses/")
    waiting = browser.get("/lake/city-buses/")
    assert 'hx-trigger="load delay:2s"' in text(waiting)

    deliver_everything()
    shown = text(browser.get("/lake/city-buses/"))
    for part in ("시내버스", "지연(분)", "CP949", "수완12", "<svg", "hx-get" not in shown and "buses"):
        assert part in shown
    assert "City buses" in text(client_for(language="en").get("/lake/city-buses/"))


def test_a_second_submit_of_the_same_form_publishes_once(member):
    person, home, _ = member
    browser = client_for(person)

    for _time in range(2):
        sent = browser.post("/lake/new/", form(home, SimpleUploadedFile("b.csv", b"a\n1\n"), once="key-1"))
        assert sent["location"] == "/lake/city-buses/"

    assert (Dataset.objects.count(), DatasetVersion.objects.count()) == (1, 1)


def test_a_form_over_the_limit_is_refused_by_its_declared_length(member, settings):
    person, home, _ = member
    settings.UPLOAD_LIMIT = 1 << 20

    answer = client_for(person).post(
        "/lake/new/", form(home, SimpleUploadedFile("big.csv", b"a\n" + b"1\n" * (2 << 20)))
    )

    assert answer.status_code == 413
    assert (Upload.objects.count(), list(store().list("lake"))) == (0, [])


def test_what_is_wrong_with_a_form_stands_beside_its_field(member):
    person, home, _ = member
    browser = client_for(person, language="en")

    exe = browser.post("/lake/new/", form(home, SimpleUploadedFile("run.exe", b"MZ")))
    empty = browser.post("/lake/new/", form(home, title_ko="", title_en=""))
    twice = browser.post(
        "/lake/new/",
        form(home, SimpleUploadedFile("a.csv", b"a\n1\n"), SimpleUploadedFile("A.csv", b"a\n1\n")),
    )

    assert exe.status_code == empty.status_code == twice.status_code == 422
    assert "is no file that can become a table" in text(exe)
    assert "Write it in Korean or in English" in text(empty)
    assert "Two files would become the table" in text(twice)
    assert Dataset.objects.count() == 0


def test_a_failed_version_says_why_in_the_readers_language_and_offers_to_try_again(member):
    person, home, actor = member
    publish(actor, make_dataset(actor, home, slug="bad"), ("bad.csv", "a,b\n1,2\n3\n"))

    korean = text(client_for(person).get("/lake/bad/"))
    english = text(client_for(person, language="en").get("/lake/bad/"))

    assert "Line 3 has 1 cell." in english
    assert "Line 3" not in korean
    assert "3행" in korean
    assert "/lake/bad/1/retry/" in english
    assert client_for().get("/lake/bad/").status_code == 404


def test_the_catalogue_finds_filters_and_says_when_there_is_nothing(member):
    _, home, actor = member
    make_published(actor, home, title={"ko": "광주 시내버스", "en": "Buses"}, slug="bus")
    visitor = client_for()

    assert "광주 시내버스" in text(visitor.get("/lake/?q=버스"))
    assert "광주 시내버스" not in text(visitor.get("/lake/?sector=health"))
    assert visitor.get("/lake/?q=" + "가" * 300).status_code == 200
    assert "/lake/new/" not in text(visitor.get("/lake/?q=zzz"))


@pytest.mark.parametrize("rows", [1, 3])
def test_the_catalogue_asks_the_database_the_same_number_of_times(
    member, rows, django_assert_max_num_queries
):
    _, home, actor = member
    for number in range(rows):
        make_published(actor, home, slug=f"d{number}")
    visitor = client_for()
    visitor.get("/lake/")

    with django_assert_max_num_queries(9):
        visitor.get("/lake/")


def test_a_query_is_run_marked_and_saved(member):
    person, home, actor = member
    make_published(actor, home, "line,delay\na,1\nb,20\n", slug="trips")
    browser = client_for(person, language="en")

    begun = text(browser.get("/lake/query/"))
    wrong = browser.post("/lake/query/", {"sql": "SELECT line,\n getenv('HOME')\nFROM trips.buses"})
    right = browser.post(
        "/lake/query/", {"sql": "SELECT line, delay AS minutes FROM trips.buses ORDER BY 2 DESC"}
    )

    assert "trips.buses" in begun
    assert wrong.status_code == 422
    assert "Line 2, column 2" in text(wrong)
    assert "<mark>getenv" in text(wrong)
    assert "minutes" in text(right)
    assert "trips@1.buses" in text(right)
    assert f"+{home.slug}" in text(right)

    saved = browser.post("/lake/save/", {"sql": "SELECT line FROM trips.buses", "dataset": f"+{home.slug}",
                                         "title": "Only lines", "table": "lines"})  # fmt: skip
    deliver_everything()
    page = text(browser.get(saved["location"]))
    assert "Only lines" in page
    assert "trips@1" in page
    assert Dataset.objects.get(slug=saved["location"].split("/")[2]).visibility == "organisation"


def test_a_visitor_may_ask_and_take_the_result_away_but_not_save(member):
    _, home, actor = member
    make_published(actor, home, "line,delay\na,1\n", slug="trips")
    visitor = client_for(language="en")

    shown = text(visitor.post("/lake/query/", {"sql": "FROM trips.buses"}))
    file = visitor.post("/lake/query/result.csv", {"sql": "FROM trips.buses"})
    save = visitor.post("/lake/save/", {"sql": "FROM trips.buses"})

    assert "Save as a dataset" not in shown
    assert b"".join(file.streaming_content) == b"line,delay\na,1\n"
    assert save.status_code == 401


def test_cells_are_shown_as_text_whatever_they_hold(member):
    _, home, actor = member
    make_published(actor, home, 'x\n"<script>alert(1)</script>"\n', slug="xss")

    shown = text(client_for().get("/lake/xss/"))
    asked = text(client_for().post("/lake/query/", {"sql": 'SELECT x AS "<b>" FROM xss.buses'}))

    assert "<script>alert" not in shown + asked
    assert "&lt;script&gt;" in shown
    assert "<b>" not in asked.split('id="result"')[1].split("</table>")[0]


def test_strangers_meet_closed_doors(member):
    _, home, actor = member
    make_published(actor, home, slug="open")
    stranger = client_for(make_person())

    assert stranger.get("/lake/open/").status_code == 200
    assert stranger.get("/lake/open/edit/").status_code == 403
    assert stranger.get("/lake/open/publish/").status_code == 403
    assert stranger.post("/lake/open/1/withdraw/", {"reason": "x"}).status_code == 403
    assert client_for().get("/lake/new/").status_code == 401
    assert stranger.get("/lake/new/").status_code == 403
    assert stranger.get("/lake/nothing/").status_code == 404
    assert stranger.get("/lake/open/9/").status_code == 404


def test_a_description_is_corrected_and_a_version_withdrawn(member):
    person, home, actor = member
    make_published(actor, home, slug="bus")
    browser = client_for(person)

    page = browser.get("/lake/bus/edit/")
    assert page.status_code == 200
    changed = browser.post("/lake/bus/edit/", {"title_ko": "고친 제목", "sector": "public",
                                               "licence": "CC0-1.0", "visibility": "public"})  # fmt: skip
    browser.post("/lake/bus/1/withdraw/", {"reason": "잘못 올림"})

    assert changed.status_code == 302
    shown = text(browser.get("/lake/bus/1/"))
    assert "고친 제목" in shown
    assert "지연(분)" not in shown


def test_a_file_is_announced_by_a_head_request(member):
    _, home, actor = member
    make_published(actor, home, slug="bus")

    head = client_for().head("/lake/bus/1/buses.parquet")
    whole = b"".join(client_for().get("/lake/bus/1/buses.parquet").streaming_content)

    assert (head.status_code, head["content-length"]) == (200, str(len(whole)))


def test_the_description_for_machines_is_linked(member):
    _, home, actor = member
    make_published(actor, home, slug="bus")

    answer = client_for().get("/lake/bus/dcat.jsonld")

    assert answer["content-type"] == "application/ld+json"
    assert "application/ld+json" in text(client_for().get("/lake/bus/"))
