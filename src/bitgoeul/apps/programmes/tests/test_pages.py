"""The pages, as members, visitors and officers walk through them."""

from __future__ import annotations

import datetime as dt

import pytest

from bitgoeul.apps.credits.queries import balance
from bitgoeul.apps.people.tests.factories import actor, make_organisation, make_person
from bitgoeul.apps.programmes.commands import apply, close_call, seed, start_application
from bitgoeul.apps.programmes.models import Application, Call, Programme
from bitgoeul.apps.programmes.tests.factories import make_call, make_draft
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.testing import client_for

pytestmark = pytest.mark.django_db

GOOD = {"purpose": "버스 도착을 예측합니다", "sector": "mobility"}


def text(response):
    return response.content.decode()


def member(**fields):
    person = make_person()
    return client_for(person), make_organisation(person, **fields)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_visitor_reads_what_is_open_and_what_is_past_in_both_languages(language):
    call, past = make_call(), make_call()
    close_call(by=SYSTEM, slug=past.slug)
    page = text(client_for(language=language).get("/programmes/"))

    assert call.title[language] in page
    assert {"ko": "지금 신청할 수 있는 공고", "en": "Taking applications now"}[language] in page
    assert {"ko": "지난 공고", "en": "Past calls"}[language] in page


def test_without_calls_the_page_says_what_to_do():
    page = text(client_for(language="en").get("/programmes/"))

    assert "No call is open at the moment" in page


def test_a_visitor_sees_the_conditions_and_a_member_their_outcome():
    call = make_call()
    client, organisation = member(founded_on="1990-01-01")

    visitor = text(client_for(language="en").get(f"/programmes/{call.slug}/"))
    seen = text(client.get(f"/programmes/{call.slug}/"))

    assert "Clause young" in visitor
    assert "Sign in to see" in visitor
    assert organisation.name in seen
    assert "미충족" in seen
    assert "창업한 지" in seen


def test_a_draft_call_is_not_found():
    assert client_for().get(f"/programmes/{make_draft().slug}/").status_code == 404


def test_a_member_applies_in_four_steps_and_has_the_credits():
    call = make_call()
    client, organisation = member()

    begun = client.post(f"/programmes/{call.slug}/apply/", {"organisation": organisation.slug})
    form = text(client.get(begun.url))
    answered = client.post(begun.url, GOOD)
    review = text(client.get(answered.url))
    handed_in = client.post(answered.url, {"accept_terms": "on"})
    outcome = text(client.get(handed_in.url))

    assert "미리 채워져 있습니다" in form
    assert "모든 조건을 충족합니다" in review
    assert "선정: 크레딧 100 지급" in outcome
    assert "grant:" in outcome
    assert balance(organisation).left == 100_000


def test_handing_in_twice_shows_the_same_outcome_and_grants_once():
    call = make_call()
    client, organisation = member()
    begun = client.post(f"/programmes/{call.slug}/apply/", {"organisation": organisation.slug})
    review = client.post(begun.url, GOOD).url

    first, second = (client.post(review, {"accept_terms": "on"}) for _each in range(2))

    assert first.url == second.url
    assert balance(organisation).granted == 100_000


def test_answers_are_kept_for_later_even_if_they_are_not_complete():
    call = make_call()
    client, organisation = member()
    begun = client.post(f"/programmes/{call.slug}/apply/", {"organisation": organisation.slug})

    client.post(begun.url, {"purpose": "버", "sector": "", "later": "1"})

    assert Application.objects.get().answers == {"sector": "mobility", "purpose": "버"}


def test_terms_that_are_not_agreed_to_keep_the_page():
    call = make_call()
    client, organisation = member()
    begun = client.post(f"/programmes/{call.slug}/apply/", {"organisation": organisation.slug})
    review = client.post(begun.url, GOOD).url

    assert client.post(review, {}).status_code == 200
    assert Application.objects.get().state == "draft"


def test_a_second_application_leads_to_the_first():
    call = make_call()
    client, organisation = member()
    begun = client.post(f"/programmes/{call.slug}/apply/", {"organisation": organisation.slug})
    outcome = client.post(client.post(begun.url, GOOD).url, {"accept_terms": "on"}).url

    assert client.post(f"/programmes/{call.slug}/apply/", {"organisation": organisation.slug}).url == outcome


def test_a_visitor_is_asked_to_sign_in_and_returns():
    answer = client_for().get(f"/programmes/{make_call().slug}/apply/")

    assert answer.status_code == 302
    assert "next=/programmes/" in answer.url


def test_somebody_without_an_organisation_is_told_what_to_do():
    page = text(client_for(make_person(), language="en").get(f"/programmes/{make_call().slug}/apply/"))

    assert "You belong to no organisation yet" in page


def test_a_strangers_application_is_not_found():
    call = make_call()
    person = make_person()
    organisation = make_organisation(person)
    draft = start_application(by=actor(person), call=call.slug, organisation=organisation.slug)
    stranger = client_for(make_person())

    for step in ("", "answers/", "review/"):
        assert stranger.get(f"/programmes/applications/{draft.public_id}/{step}").status_code == 404


def test_my_applications_are_listed_and_withdrawn():
    call = make_call()
    client, organisation = member(founded_on=None)
    assert "아직 신청이 없습니다" in text(client.get("/programmes/applications/"))
    begun = client.post(f"/programmes/{call.slug}/apply/", {"organisation": organisation.slug})
    outcome = client.post(client.post(begun.url, GOOD).url, {"accept_terms": "on"}).url

    assert call.title["ko"] in text(client.get("/programmes/applications/"))
    client.post(f"{outcome}withdraw/")

    assert Application.objects.get().state == "withdrawn"
    assert "다시 신청" in text(client.get(outcome))


def test_an_officer_decides_on_the_application_and_the_applicant_reads_why():
    call = make_call()
    client, organisation = member(founded_on=None)
    begun = client.post(f"/programmes/{call.slug}/apply/", {"organisation": organisation.slug})
    outcome = client.post(client.post(begun.url, GOOD).url, {"accept_terms": "on"}).url
    officer = client_for(make_person(roles=["operator"]))

    assert organisation.name in text(officer.get("/programmes/desk/"))
    assert "decide/" in text(officer.get(outcome))
    assert "decide/" not in text(client.get(outcome))
    assert officer.post(f"{outcome}decide/", {"accept": "yes"}).status_code == 422
    officer.post(f"{outcome}decide/", {"accept": "no", "reason_ko": "서류가 맞지 않습니다."})

    assert "서류가 맞지 않습니다." in text(client.get(outcome))


def test_an_officer_writes_a_call_from_a_blueprint_opens_and_closes_it():
    officer = client_for(make_person(roles=["operator"]))
    page = officer.get("/programmes/desk/calls/new/?blueprint=try")
    values = dict(page.context["form"].initial) | {
        "opens_at": "2020-01-01T09:00",
        "closes_at": "2099-12-31T18:00",
    }
    form = page.context["form"]
    posted = {
        name: form[name].value() if name in ("clauses", "form", "gives", "procedure") else value
        for name, value in values.items()
    }
    posted = {name: value for name, value in posted.items() if value is not False}

    saved = officer.post("/programmes/desk/calls/new/?blueprint=try", posted)

    assert saved.url == "/programmes/try/", text(saved)
    assert Programme.objects.get().slug == "compute-access"
    assert Call.objects.get().closes_at.isoformat() == "2099-12-31T09:00:00+00:00"
    officer.post("/programmes/desk/calls/try/open/")
    assert Call.objects.get().state == "open"
    officer.post("/programmes/desk/calls/try/close/")
    assert Call.objects.get().state == "closed"


def test_a_rule_that_runs_away_is_refused_at_its_field_with_the_text_kept():
    officer = client_for(make_person(roles=["operator"]), language="en")
    draft = make_draft()
    page = officer.get(f"/programmes/desk/calls/{draft.slug}/")
    form = page.context["form"]
    posted = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    posted |= {name: form[name].value().strftime("%Y-%m-%dT%H:%M") for name in ("opens_at", "closes_at")}
    posted["clauses"] = '[{"name": "a", "rule": "[1].all(a, [1].all(b, a + b > organisation.members))"}]'

    refused = officer.post(f"/programmes/desk/calls/{draft.slug}/", posted)

    assert refused.status_code == 422
    assert "A loop inside a loop is not allowed." in text(refused)
    assert Call.objects.get().rules_version == 1


def test_the_desk_is_for_officers():
    for path in ("", "calls/new/", "programmes/new/", "calls/x/"):
        assert client_for(make_person()).get(f"/programmes/desk/{path}").status_code == 403


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_of_calls_costs_the_same_queries_for_one_and_for_three(rows, django_assert_num_queries):
    for _row in range(rows):
        make_call()
    client = client_for()
    client.get("/programmes/")

    with django_assert_num_queries(2):
        client.get("/programmes/")


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_example_call_says_that_it_is_an_example(language):
    seed(by=SYSTEM, name="try")

    page = text(client_for(language=language).get("/programmes/try/"))

    assert {"ko": "(예시)", "en": "(example)"}[language] in page


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_inbox_page_shows_and_reads(language):
    from bitgoeul.apps.notices.tests.factories import make_notice

    person = make_person()
    client = client_for(person, language=language)
    empty = text(client.get("/notices/"))
    notice = make_notice(person)
    full = text(client.get("/notices/"))

    assert {"ko": "아직 알림이 없습니다", "en": "No notices yet"}[language] in empty
    assert notice.title[language] in full
    assert client.post(f"/notices/{notice.pk}/open/").url == notice.url
    assert {"ko": "읽지 않은 알림이 없습니다", "en": "Nothing unread"}[language] in text(
        client.get("/notices/?show=unread")
    )
    assert client.post("/notices/read/").url == "/notices/"


def test_the_desk_shows_the_way_of_the_applications_and_what_runs_out():
    person = make_person()
    organisation = make_organisation(person)
    call = make_call(procedure={"decision": "officer"}, closes_at=clock.now() + dt.timedelta(days=3))
    apply(by=actor(person), call=call.slug, organisation=organisation.slug,
          answers={"purpose": "버스 도착을 예측합니다"}, accept_terms=True)  # fmt: skip

    page = client_for(make_person(roles=["operator"])).get("/programmes/desk/")

    assert [count for _word, count in page.context["funnel"]] == [0, 0, 1, 0, 0, 0]
    assert page.context["clocks"] == {
        "longest": Application.objects.get().submitted_at,
        "offers": 0,
        "completions": 0,
        "closing": 1,
    }


def test_the_first_call_from_a_blueprint_names_the_programme_that_it_brings():
    desk = client_for(make_person(roles=["operator"]), "en")
    address = "/programmes/desk/calls/new/?blueprint=space"

    page = desk.get(address)
    posted = {name: value for name, value in page.context["form"].initial.items() if value is not None}
    dates = {"slug": "rooms-1", "opens_at": "2030-01-01T09:00", "closes_at": "2030-02-01T18:00"}
    shown = page.context["form"]["programme"].subwidgets
    texts = {name: page.context["form"][name].value() for name in ("clauses", "form", "gives", "procedure")}
    answer = desk.post(address, posted | dates | texts)

    assert [widget.data["value"] for widget in shown] == ["one-stop"]
    assert answer.url == "/programmes/rooms-1/"
    assert Call.objects.get(slug="rooms-1").programme.slug == "one-stop"
