"""The pages that belong to no single capability, as people meet them."""

import pytest
from django.db import OperationalError, connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from bitgoeul.apps.people.models import Person
from bitgoeul.apps.people.tests.factories import make_organisation, make_person
from bitgoeul.kit.testing import api_for, client_for
from bitgoeul.site import counts, desk

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _counted_again():
    counts.forget()
    yield
    counts.forget()


def page(client, path, **more):
    response = client.get(path, **more)
    return response, response.content.decode()


def test_a_korean_browser_gets_korean_and_another_one_english():
    _, korean = page(client_for(language="ko"), "/")
    _, english = page(client_for(language="en"), "/")

    assert '<html lang="ko">' in korean
    assert "아이디어만 가지고 오십시오." in korean
    assert '<html lang="en">' in english
    assert "Bring only an idea." in english


def test_a_visitor_of_the_home_page_is_given_no_cookie():
    response, _ = page(client_for(), "/")

    assert response.cookies == {}


def test_the_home_page_counts_from_rows_once_for_several_visits(django_assert_num_queries):
    client_for().get("/")

    with django_assert_num_queries(0):
        client_for().get("/")


def test_a_chosen_language_stays_and_reaches_the_profile():
    mina = make_person(language="ko")
    client = client_for(mina)

    response = client.post("/language/", {"language": "en", "next": "/my/"})

    assert (response.status_code, response["Location"]) == (302, "/my/")
    assert '<html lang="en">' in client.get("/my/").content.decode()
    assert Person.objects.get(pk=mina.pk).language == "en"


def test_a_switch_never_leads_to_another_site():
    for path, field in (("/language/", "language"), ("/theme/", "theme")):
        response = client_for().post(path, {field: "dark", "next": "https://example.org/"})

        assert response["Location"] == "/"


def test_a_switch_comes_back_to_the_page_it_was_made_on():
    here = client_for().post("/theme/", {"theme": "dark"}, headers={"referer": "http://testserver/lake/?q=a"})
    elsewhere = client_for().post("/theme/", {"theme": "dark"}, headers={"referer": "https://example.org/x"})

    assert (here["Location"], elsewhere["Location"]) == ("/lake/?q=a", "/")


def test_an_unknown_language_or_colour_sets_nothing():
    for path, field in (("/language/", "language"), ("/theme/", "theme")):
        assert client_for().post(path, {field: "xx"}).cookies == {}


def test_chosen_colours_come_with_the_page_so_that_nothing_flashes():
    client = client_for()

    client.post("/theme/", {"theme": "dark"})

    assert 'data-theme="dark"' in client.get("/").content.decode()


def test_my_page_asks_strangers_to_sign_in():
    response = client_for().get("/my/")

    assert response.status_code == 302
    assert "next=/my/" in response["Location"]


def test_my_page_shows_my_organisation_and_the_next_step():
    mina = make_person()
    make_organisation(owner=mina, name="예시 로봇")
    make_organisation(name="남의 기관")

    _, text = page(client_for(mina, "en"), "/my/")

    assert "예시 로봇" in text
    assert "남의 기관" not in text
    assert '<li class="n">' in text


def test_a_further_organisation_costs_my_page_five_queries_at_most():
    def queries(person):
        client = client_for(person)
        client.get("/my/")
        with CaptureQueriesContext(connection) as seen:
            client.get("/my/")
        return len(seen)

    one, three = make_person(), make_person()
    for owner in (one, three, three, three):
        make_organisation(owner=owner)

    assert queries(three) - queries(one) <= 2 * 5


def test_the_desk_is_not_there_for_anybody_but_operators():
    operator, auditor = make_person(roles=["operator"]), make_person(roles=["auditor"])

    assert client_for(operator).get("/desk/").status_code == 200
    for other in (None, make_person(), auditor):
        assert client_for(other).get("/desk/").status_code == 404


def test_the_desk_names_what_was_given_up():
    from bitgoeul.kit import clock
    from bitgoeul.kit.models import Delivery, Fact

    operator = make_person(roles=["operator"])
    fact = Fact.objects.create(name="kit.Tried", at=clock.now(), actor="system", subject="kit:one")
    Delivery.objects.create(fact=fact, handler="x.y", state=Delivery.State.GIVEN_UP, due_at=clock.now())

    _, text = page(client_for(operator, "en"), "/desk/")

    assert "Deliveries that were given up" in text
    assert "Tried" in text
    assert [item["count"] for item in desk.queue_for(None) if "count" in item] == [1]


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("path", ["/", "/design/", "/api/docs", "/robots.txt", "/sitemap.xml"])
def test_public_pages_answer_in_both_languages(path, language):
    assert client_for(language=language).get(path).status_code == 200


def test_a_wrong_address_says_what_to_do():
    response, text = page(client_for(language="ko"), "/nowhere/")

    assert response.status_code == 404
    assert "여기에는 보여 드릴 것이 없습니다" in text
    assert "주소를 확인하십시오" in text


def test_a_program_gets_a_problem_instead_of_a_page():
    response = api_for().get("/nowhere/")

    assert response.status_code == 404
    assert response.json()["code"] == "kit.NotFound"


def test_a_form_without_its_token_is_refused_with_a_remedy():
    client = client_for(make_person(), "en")
    client.handler.enforce_csrf_checks = True

    response, text = client.post("/accounts/logout/"), ""
    text = response.content.decode()

    assert response.status_code == 403
    assert "load the page again" in text


@pytest.mark.parametrize(("error", "status"), [(RuntimeError("x"), 500), (OperationalError("x"), 503)])
def test_when_the_hub_breaks_the_page_says_so_without_the_database(error, status, monkeypatch):
    def broken():
        raise error

    monkeypatch.setattr(counts, "live", broken)
    client = client_for(language="en")
    client.raise_request_exception = False

    response, text = page(client, "/")

    assert response.status_code == status
    assert "RuntimeError" not in text
    assert ("Retry-After" in response) is (status == 503)


@override_settings(DEBUG=False)
def test_nothing_on_a_page_is_inline_or_from_elsewhere():
    for path in ("/", "/design/", "/api/docs"):
        response, text = page(client_for(), path)

        assert "default-src 'self'" in response["Content-Security-Policy"]
        assert "unsafe" not in response["Content-Security-Policy"]
        assert " style=" not in text
        assert "<style" not in text
        assert " onclick=" not in text
        assert 'src="http' not in text


@pytest.mark.django_db
def test_a_host_that_is_not_ours_is_refused_without_a_page():
    answer = client_for().get("/services/", headers={"host": "elsewhere.example.org"})

    assert (answer.status_code, answer.headers["content-type"]) == (400, "text/plain; charset=utf-8")


@pytest.mark.django_db
def test_a_body_that_is_too_large_is_refused_with_a_reason(settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100

    answer = client_for().post("/api/capacity/pools", " " * 101, content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (413, "site.TooLarge")
