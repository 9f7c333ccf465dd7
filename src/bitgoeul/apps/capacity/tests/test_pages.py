"""The pages of capacity, in both languages."""

from __future__ import annotations

import datetime as dt

import pytest

from bitgoeul.apps.capacity.commands import (
    claim,
    confirm_hold,
    hold,
    join_waiting_list,
    release_claim,
    take_unit_out,
)
from bitgoeul.apps.capacity.models import Claim, Pool, Unit, Waiting
from bitgoeul.apps.capacity.queries import Usage, discrepancies, usage
from bitgoeul.apps.capacity.tests.factories import make_pool
from bitgoeul.apps.people.tests.factories import make_organisation, make_person
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.testing import client_for

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 5, 1, 3, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _noon():
    with clock.frozen(NOON):
        yield


@pytest.fixture
def mina():
    return make_person()


@pytest.fixture
def operator():
    return make_person(roles=["operator"])


def shown(client, path, status=200):
    answer = client.get(path)
    assert answer.status_code == status
    return answer.content.decode()


def take(pool, quantity=1, key="a", holder="application:1", **more):
    return claim(by=SYSTEM, pool=pool, quantity=quantity, key=key, holder=holder, **more)


def test_everybody_sees_what_is_free_and_nobody_who_holds_it():
    gpus = make_pool(880, slug="h100", title={"ko": "예시 H100", "en": "Example H100"})
    make_pool(3, slug="secret", is_public=False)
    take(gpus, 120, holder="application:secret")
    hold(by=SYSTEM, pool=gpus, quantity=8, key="h", holder="application:2")

    page = shown(client_for(), "/capacity/")
    english = shown(client_for(language="en"), "/capacity/h100/")

    assert ("예시 H100" in page, "752" in page, "secret" in page) == (True, True, False)
    assert "Capacity 880 = claimed 120 + held 8 + free 752" in english
    assert "application:secret" not in english
    assert "in the order of arrival" in english
    shown(client_for(), "/capacity/secret/", 404)
    assert "아직 배정하는 것이 없습니다" not in page


def test_an_empty_hub_says_so():
    assert "아직 배정하는 것이 없습니다" in shown(client_for(), "/capacity/")


def test_numbered_units_are_drawn_each_with_its_state():
    pool = make_pool(numbered_units=["room-1", "room-2", "room-3"], slug="rooms", kind="space")
    take(pool, 1)
    hold(by=SYSTEM, pool=pool, quantity=1, key="h", holder="application:2")

    page = shown(client_for(language="en"), "/capacity/rooms/")

    assert ["room-1: claimed" in page, "room-2: held" in page, "room-3: free" in page] == [True] * 3


def test_a_member_claims_once_however_often_the_form_is_sent_and_gives_back(mina):
    team = make_organisation(owner=mina, name="예시 팀")
    pool = make_pool(4, slug="seats", self_service=True, most=3)
    client = client_for(mina)
    entry = {"quantity": "2", "holder": team.slug, "purpose": "시연", "key": "form-key"}

    assert "배정받기" in shown(client, "/capacity/seats/")
    for _twice in range(2):
        answer = client.post("/capacity/seats/claim/", entry)
        assert answer.headers["location"] == "/capacity/seats/"
    wrong = client.post("/capacity/seats/claim/", entry | {"quantity": "0", "key": "k2"})

    assert usage(pool) == Usage(capacity=4, claimed=2, free=2)
    assert wrong.status_code == 422
    page = shown(client, "/capacity/seats/")
    assert ("예시 팀" in page, "시연" in page) == (True, True)
    row = Claim.objects.get()
    assert client_for(make_person()).post(f"/capacity/claims/{row.pk}/release/").status_code == 404
    client.post(f"/capacity/claims/{row.pk}/release/")
    assert usage(pool).free == 4


def test_a_member_waits_sees_the_place_and_confirms_the_offer(mina):
    pool = make_pool(1, slug="seats", self_service=True)
    take(pool)
    join_waiting_list(by=SYSTEM, pool=pool, quantity=1, key="other", holder="application:2")
    client = client_for(mina)

    assert "대기 명단에 오르기" in shown(client, "/capacity/seats/")
    client.post("/capacity/seats/wait/", {"quantity": "1", "holder": "", "purpose": "", "key": "k"})
    assert "대기 2번째" in shown(client, "/capacity/seats/")
    other = Waiting.objects.get(key="other")
    assert client.post(f"/capacity/places/{other.pk}/leave/").status_code == 404
    client_for(make_person(roles=["operator"])).post(f"/capacity/places/{other.pk}/leave/")
    release_claim(by=SYSTEM, key="a")
    page = shown(client, "/capacity/seats/")
    offer = Claim.objects.get(state="held")
    client.post(f"/capacity/claims/{offer.pk}/confirm/")

    assert "차례가 되었습니다" in page
    assert (usage(pool).claimed, discrepancies()) == (1, [])


def test_the_desk_names_people_and_counts_what_is_out_of_service(mina, operator):
    pool = make_pool(numbered_units=["A", "B", "C"], slug="rooms", self_service=True)
    take(pool, 1, holder=mina)
    take_unit_out(by=SYSTEM, pool=pool, label="C", reason="repair")
    join_waiting_list(by=SYSTEM, pool=pool, quantity=2, key="w", holder=mina)

    page = shown(client_for(operator, "en"), "/capacity/rooms/desk/")

    assert (page.count(str(mina)), f"person:{mina.public_id}" in page) == (2, False)
    assert "Out of service 1" in page


def test_my_page_shows_what_one_holds_and_waits_for_and_the_way_to_what_is_free(mina):
    client = client_for(mina)
    assert "배정과 대기" not in shown(client, "/my/")
    pool = make_pool(1, slug="seats", title={"ko": "예시 좌석"}, self_service=True)
    take(pool)
    join_waiting_list(by=SYSTEM, pool=pool, quantity=1, key="w", holder=mina)

    waiting = shown(client, "/my/")
    release_claim(by=SYSTEM, key="a")
    offered = shown(client, "/my/")
    confirm_hold(by=SYSTEM, key=Claim.objects.get(state="held").key)
    confirmed = shown(client, "/my/")

    assert 'href="/capacity/"' in waiting
    lines = [page.count('href="/capacity/seats/"') for page in (waiting, offered, confirmed)]
    assert lines == [1, 1, 1]
    words = ("대기 중", "제안", "배정됨")
    assert [word in page for word, page in zip(words, (waiting, offered, confirmed), strict=True)] == [
        True
    ] * 3


def test_where_decisions_give_a_member_is_led_to_the_calls(mina):
    make_pool(4, slug="h100")

    page = shown(client_for(mina), "/capacity/h100/")

    assert "심사를 거쳐 배정합니다" in page
    answer = client_for(mina).post("/capacity/h100/claim/", {"quantity": "1", "key": "k"})
    assert answer.status_code == 403


def test_the_desk_shows_holders_line_and_units_to_those_who_run_the_pool(mina, operator):
    auditor = make_person(roles=["auditor"])
    pool = make_pool(numbered_units=["A"], slug="rooms")
    take(pool, 1, purpose="grant 7")
    join_waiting_list(by=SYSTEM, pool=pool, quantity=1, key="w", holder="application:2", purpose="grant 8")

    page = shown(client_for(operator), "/capacity/rooms/desk/")

    assert ["application:1" in page, "grant 7" in page, "grant 8" in page, "회수" in page] == [True] * 4
    assert "회수" not in shown(client_for(auditor), "/capacity/rooms/desk/")
    shown(client_for(mina), "/capacity/rooms/desk/", 403)
    assert client_for().get("/capacity/rooms/desk/").status_code == 302


def test_an_operator_opens_and_runs_a_pool_from_the_desk(mina, operator):
    client = client_for(operator)
    entry = {
        "title_ko": "예시 방", "title_en": "Example rooms", "slug": "rooms", "kind": "space", "unit_ko": "실",
        "unit_en": "room", "capacity": "", "labels": "A\nB\n", "order": "arrival", "offer_hours": "24",
        "most": "", "starts_at": "2026-05-01T09:00", "ends_at": "",
    }  # fmt: skip
    shown(client_for(mina), "/capacity/new/", 403)
    assert client.post("/capacity/new/", entry | {"labels": ""}).status_code == 422
    assert client.post("/capacity/new/", entry | {"ends_at": "2026-04-01T09:00"}).status_code == 422
    assert client.post("/capacity/new/", entry).headers["location"] == "/capacity/rooms/desk/"
    pool = Pool.objects.get()
    assert (usage(pool).capacity, pool.offer_for, pool.starts_at.hour) == (2, dt.timedelta(days=1), 0)

    unit = Unit.objects.get(label="B")
    client.post(f"/capacity/rooms/desk/units/{unit.pk}/", {"reason": "repair"})
    assert usage(pool).capacity == 1
    client.post(f"/capacity/rooms/desk/units/{unit.pk}/")
    client.post("/capacity/rooms/desk/units/", {"units-labels": "C"})
    assert client.post("/capacity/rooms/desk/units/", {"units-labels": "C"}).status_code == 422
    assert usage(pool).capacity == 3
    assert client.post("/capacity/rooms/desk/state/", {"state-to": "paused"}).status_code == 422
    client.post("/capacity/rooms/desk/state/", {"state-to": "paused", "state-reason": "repair"})
    assert "배정 다시 시작" in shown(client, "/capacity/rooms/desk/")
    client.post("/capacity/rooms/desk/state/", {"to": "open"})
    pool.refresh_from_db()
    assert (pool.state, discrepancies()) == ("open", [])


def test_an_operator_changes_the_capacity_and_takes_back(mina, operator):
    pool = make_pool(4, slug="h100")
    row = take(pool, 3)
    client = client_for(operator)

    def change(capacity):
        entry = {"size-capacity": str(capacity), "size-reason": "예산"}
        return client.post("/capacity/h100/desk/capacity/", entry).status_code

    assert (change(2), change("x"), change(6)) == (409, 422, 302)
    assert client_for(mina).post("/capacity/h100/desk/capacity/", {}).status_code == 403
    answer = client.post(f"/capacity/claims/{row.pk}/release/", {"from": "desk"})
    assert answer.headers["location"] == "/capacity/h100/desk/"
    assert usage(pool) == Usage(capacity=6, free=6)


@pytest.mark.parametrize("path", ["/capacity/", "/capacity/{}/", "/capacity/{}/desk/"])
def test_a_page_needs_as_many_queries_for_one_row_as_for_three(operator, path, django_assert_max_num_queries):
    client = client_for(operator)
    pool = make_pool(numbered_units=list("ABCDEF"))
    take(pool, 1)
    path = path.format(pool.slug)
    client.get(path)
    with django_assert_max_num_queries(40) as first:
        client.get(path)
    for number in range(3):
        take(pool, 1, key=f"k{number}")
        make_pool(5)
    with django_assert_max_num_queries(40) as second:
        client.get(path)

    assert len(first) == len(second)
