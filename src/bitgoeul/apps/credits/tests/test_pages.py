"""The pages of credits, in both languages."""

from __future__ import annotations

import datetime as dt

import pytest

from bitgoeul.apps.credits.commands import hold_credits, settle_hold, spend_credits
from bitgoeul.apps.credits.queries import Balance, balance
from bitgoeul.apps.credits.tests.factories import make_tranche
from bitgoeul.apps.people.tests.factories import make_organisation, make_person
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.testing import client_for, facts_recorded

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
def team(mina):
    return make_organisation(owner=mina, slug="team", name="예시 팀")


@pytest.fixture
def operator():
    return make_person(roles=["operator"])


def use(team):
    make_tranche(team, 500_000, reference="grant:try", source="TRY")
    hold_credits(by=SYSTEM, organisation=team, amount=18_400, reference="job:1", purpose="작업 1")
    settle_hold(by=SYSTEM, reference="job:1", amount=12_001)
    hold_credits(by=SYSTEM, organisation=team, amount=5_000, reference="job:2", purpose="작업 2")


def shown(client, path="/credits/team/"):
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_member_sees_figures_tranches_statement_and_downloads(team, mina):
    use(team)

    page = shown(client_for(mina))

    assert "예시 팀 기관의 크레딧" in page
    assert "부여 500 = 사용 12.001 + 확보 5 + 남음 482.999 + 만료 0" in page
    assert ["TRY" in page, "작업 2" in page, "job:1:settled" in page] == [True] * 3
    assert '/api/credits/team/statement?format=xlsx"' in page
    assert "Credits of 예시 팀" in shown(client_for(mina, language="en"))
    assert client_for(mina).get("/api/credits/team/statement?format=xlsx").status_code == 200


def test_an_organisation_without_credits_is_told_what_to_do(team, mina):
    assert "크레딧이 아직 없습니다" in shown(client_for(mina))


def test_low_and_exhausted_credits_are_said_first(team, mina):
    make_tranche(team, 1_000)
    spend_credits(by=SYSTEM, organisation=team, amount=900, reference="use:1", purpose="")
    assert "크레딧이 얼마 남지 않았습니다" in shown(client_for(mina))

    spend_credits(by=SYSTEM, organisation=team, amount=100, reference="use:2", purpose="")
    assert "쓸 수 있는 크레딧이 없습니다" in shown(client_for(mina))


def test_the_statement_of_a_span_carries_its_span_into_the_downloads(team, mina):
    use(team)

    page = shown(client_for(mina), "/credits/team/?since=2026-05-02&until=2026-05-03")
    wrong = shown(client_for(mina), "/credits/team/?since=soon")

    assert "이 기간에는 움직임이 없습니다" in page
    assert "since=2026-05-02T00%3A00%3A00%2B09%3A00&amp;until=2026-05-04T00%3A00%3A00%2B09%3A00" in page
    assert "이 날짜를 읽을 수 없습니다" in wrong


def test_the_index_leads_a_member_to_the_one_organisation_and_an_operator_to_all(team, mina, operator):
    use(team)
    make_organisation(name="다른 기관")

    assert client_for(mina).get("/credits/").headers["location"] == "/credits/team/"
    everything = shown(client_for(operator), "/credits/")
    assert ("다른 기관" in everything, "482.999" in everything) == (True, True)
    assert "다른 기관" not in shown(client_for(operator), "/credits/?q=예시")
    assert "이 이름의 기관이 없습니다" in shown(client_for(operator), "/credits/?q=없음")
    assert "소속된 기관이 아직 없습니다" in shown(client_for(make_person()), "/credits/")


@pytest.mark.parametrize("path", ["", "grant/", "reverse/"])
def test_strangers_find_nothing_and_members_may_not_grant(team, mina, path):
    address = f"/credits/team/{path}"

    answers = [client_for(person).get(address).status_code for person in (None, make_person(), mina)]

    assert answers == [401, 404, 403 if path else 200]


def test_an_operator_grants_once_and_reverses(team, operator):
    client = client_for(operator)
    entry = {
        "amount": "1,500.5",
        "starts_on": "2026-05-01",
        "ends_on": "2026-12-31",
        "source": "시연",
        "reference": "hand:x",
    }
    for _twice in range(2):
        assert client.post("/credits/team/grant/", entry).headers["location"] == "/credits/team/"
    assert balance(team) == Balance(granted=1_500_500, left=1_500_500)

    answer = client.post("/credits/team/reverse/", {"reference": "hand:x", "reason": "잘못된 기관"})
    assert (answer.status_code, balance(team)) == (302, Balance())
    assert facts_recorded() == [
        "credits.CreditsGranted",
        "credits.TransferReversed",
        "credits.CreditsExhausted",
    ]


def test_a_wrong_grant_is_refused_beside_its_fields(team, operator):
    entry = {
        "amount": "many",
        "starts_on": "2026-05-02",
        "ends_on": "2026-05-01",
        "source": "",
        "reference": "r",
    }

    answer = client_for(operator).post("/credits/team/grant/", entry)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "500이나 18.4처럼 적어 주십시오" in page
    assert "끝이 시작보다 앞섭니다" in page
    assert (
        client_for(operator).post("/credits/team/reverse/", {"reference": "x", "reason": "y"}).status_code
        == 404
    )


def test_a_page_needs_as_many_queries_for_one_row_as_for_three(team, mina, django_assert_max_num_queries):
    client = client_for(mina)
    use(team)
    with django_assert_max_num_queries(30) as first:
        client.get("/credits/team/")
    for number in range(3):
        make_tranche(team, 1_000)
        hold_credits(by=SYSTEM, organisation=team, amount=1, reference=f"job:x{number}", purpose="")
    with django_assert_max_num_queries(30) as second:
        client.get("/credits/team/")

    assert len(first) == len(second)
