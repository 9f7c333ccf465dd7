"""Price lists and estimates: pages, API and command line."""

from __future__ import annotations

import datetime as dt
import json
import re

import pytest
from typer.testing import CliRunner

from bitgoeul.apps.credits.cli import app
from bitgoeul.apps.credits.commands import start_tariff
from bitgoeul.apps.credits.models import Tariff
from bitgoeul.apps.credits.queries import prices
from bitgoeul.apps.credits.tests.factories import make_tariff
from bitgoeul.apps.people.tests.factories import make_organisation, make_person
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.refusals import Refusal
from bitgoeul.kit.testing import api_for, client_for

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 5, 1, 3, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _noon():
    with clock.frozen(NOON):
        yield


@pytest.fixture
def operator():
    return make_person(roles=["operator"])


def shown(path, person=None, **fields):
    answer = client_for(person, **fields).get(path)
    assert answer.status_code == 200
    return answer.content.decode()


MACHINES = "ask=machine&machine-machine=h100&machine-count=8&machine-months=3"


def test_everybody_reads_the_prices_and_sees_that_they_are_examples():
    assert "적용 중인 요금표가 아직 없습니다" in shown("/credits/prices/")
    make_tariff()

    page = shown("/credits/prices/")

    assert ["예시 가격입니다" in page, "3,000,000" in page, "적용 중" in page] == [True] * 3
    assert ["−50 %" in page, "7일 전까지" in page, "사람이 확인" in page] == [True] * 3
    assert "These are example prices" in shown("/credits/prices/", language="en")


def test_everybody_asks_what_machines_and_equipment_cost():
    make_tariff()

    page = shown(f"/credits/prices/?{MACHINES}&machine-grounds=gwangju&machine-grounds=youth")
    assert ["1,200,000" in page, "72,000,000" in page, "70,800,000" in page] == [True] * 3
    assert ["광주 기업" in page, "예시 가격으로 계산했습니다" in page] == [True] * 2

    asked = "ask=equipment&equipment-equipment=dil-simulator&equipment-hours=3&equipment-operator=on"
    page = shown(f"/credits/prices/?{asked}&equipment-consumables_won=20,000&equipment-grounds=gwangju")
    assert ["1,460,000" in page, "2,360,000" in page] == [True] * 2


@pytest.mark.parametrize(
    "asked",
    [
        "ask=machine",
        "ask=machine&machine-machine=b300&machine-count=1&machine-months=1",
        "ask=machine&machine-machine=h100&machine-count=1&machine-months=0",
        "ask=nothing",
    ],
)
def test_a_wrong_question_has_no_answer(asked):
    make_tariff()

    assert 'id="answer"' not in shown(f"/credits/prices/?{asked}")


def test_a_draft_is_the_operators(operator):
    start_tariff(by=SYSTEM)

    answers = [
        client_for(person).get("/credits/prices/1/").status_code
        for person in (None, make_person(), make_person(roles=["auditor"]), operator)
    ]

    assert answers == [404, 404, 404, 200]
    assert [client_for(who).get("/credits/prices/1/edit/").status_code for who in (None, make_person())] == [
        401,
        403,
    ]


def fields_of(page):
    """What a browser would send of the form as it stands."""
    sent = {}
    form = page[page.index('<form method="post" class="form"') :]
    for tag in re.findall(r"<input[^>]*>", form[: form.index("</form>")]):
        name = re.search(r'name="([^"]*)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if name and ('type="checkbox"' not in tag or " checked" in tag):
            sent[name[1]] = value[1] if value else "on" if "checkbox" in tag else ""
    return sent


def test_an_operator_starts_edits_publishes_copies_and_drops_a_list(operator):
    client = client_for(operator)
    assert client.post("/credits/prices/start/").headers["location"] == "/credits/prices/1/edit/"
    entry = fields_of(client.get("/credits/prices/1/edit/").content.decode())
    before = Tariff.objects.get(number=1).content

    unchanged = client.post("/credits/prices/1/edit/", entry)
    assert (unchanged.status_code, Tariff.objects.get(number=1).content) == (302, before)

    changes = {
        "machines-1-user_won": "120,000",
        "machines-0-DELETE": "on",
        "machines-3-name": "b200",
        "machines-3-ko": "B200 (예시)",
        "machines-3-en": "B200 (example)",
        "machines-3-hour_milli_credits": "8000",
        "machines-3-list_won": "5000000",
        "machines-3-user_won": "200000",
        "valid_from": "2026-06-01",
    }
    assert client.post("/credits/prices/1/edit/", entry | changes).status_code == 302
    draft = Tariff.objects.get(number=1)
    machines = {row["name"]: row["user_won"] for row in draft.content["machines"]}
    assert machines == {"h100": 120_000, "h200": 100_000, "b200": 200_000}
    assert draft.valid_from == dt.date(2026, 6, 1)

    assert client.post("/credits/prices/1/publish/").status_code == 302
    assert client.get("/credits/prices/1/edit/").status_code == 404
    copied = client.post("/credits/prices/start/", {"copy_of": "1"})
    assert copied.headers["location"] == "/credits/prices/2/edit/"
    assert client.post("/credits/prices/2/drop/").headers["location"] == "/credits/prices/"
    assert [row.state for row in Tariff.objects.order_by("number")] == ["published", "dropped"]


def test_a_wrong_draft_is_refused_beside_its_fields(operator):
    client = client_for(operator)
    client.post("/credits/prices/start/")
    entry = fields_of(client.get("/credits/prices/1/edit/").content.decode())

    for changes, sentence in (
        ({"machines-0-user_won": "9,000,000"}, "이용 요금이 시장 가격보다 높습니다"),
        ({"machines-0-name": "h100"}, "같은 이름이 두 번 있습니다"),
        ({"steps-2-days": "5"}, "마지막은 0이어야 합니다"),
        ({"machines-0-name": "H 100"}, "영문 소문자"),
        ({"title_ko": ""}, 'class="field wrong"'),
    ):
        answer = client.post("/credits/prices/1/edit/", entry | changes)
        assert (answer.status_code, sentence in answer.content.decode()) == (422, True), changes


def test_only_operators_write_lists():
    client = client_for(make_person())
    make_tariff()

    paths = ("start", "1/publish", "1/drop")
    assert [client.post(f"/credits/prices/{path}/").status_code for path in paths] == [403] * 3
    assert client.get("/credits/prices/start/").status_code == 405


def test_an_incentive_is_shown_as_an_estimate_with_its_text():
    day = "venture-deduction-on=2025-06-01"
    amounts = "venture-deduction-invested_won=70,000,000&venture-deduction-income_won=80,000,000"

    page = shown(f"/credits/incentives/?rule=venture-deduction&{day}&{amounts}")
    late = shown(f"/credits/incentives/?rule=venture-deduction&{day.replace('2025', '2026')}&{amounts}")

    assert ["약 40,000,000원" in page, "어림값일 뿐입니다" in page] == [True, True]
    assert "조세특례제한법 제16조" in page
    assert "2026-06-01에 적용되는 규정 문구를 확인하지 못했습니다" in late
    assert "Estimate incentives" in shown("/credits/incentives/", language="en")


def test_the_api_reads_lists_and_quotes():
    make_tariff()
    api = api_for()

    assert [row["number"] for row in api.get("/api/credits/prices").json()] == [1]
    assert api.get("/api/credits/prices/now").json() == api.get("/api/credits/prices/1").json()
    machine = "/api/credits/prices/quote/machine?machine=h100&count=8&months=3&grounds=gwangju&grounds=youth"
    assert api.get(machine).json() == {
        "tariff": 1,
        "example": True,
        "currency": "KRW",
        "list_won": 72_000_000,
        "paid_won": 1_200_000,
        "in_kind_won": 70_800_000,
        "discount": "gwangju",
    }
    equipment = "/api/credits/prices/quote/equipment?equipment=dil-simulator&hours=3&operator=true"
    assert api.get(equipment).json()["paid_won"] == 1_800_000 + 540_000
    for query in ("machine=b300", "machine=h100&grounds=nobody", "machine=h100&months=-1"):
        assert api.get(f"/api/credits/prices/quote/machine?{query}").status_code == 422
    early = api.get("/api/credits/prices/quote/machine?machine=h100&on=2020-01-01")
    assert (early.status_code, early.json()["code"]) == (409, "credits.NoPriceYet")


def test_an_operator_writes_a_list_and_fixes_a_price_over_the_api(operator):
    team = make_organisation(slug="team")
    api = api_for(operator)

    def send(path, body=None, method="post"):
        answer = getattr(api, method)(f"/api/credits{path}", body or {}, content_type="application/json")
        return answer.status_code, answer.json()

    draft = send("/prices")[1]
    content = draft["content"] | {"ceiling_percent": 70}
    words = {"title": {"ko": "요금표", "en": "Prices"}, "valid_from": "2026-05-01", "content": content}
    assert send("/prices/1", words, "put")[1]["content"] == content
    assert send("/prices/1", words | {"content": {}}, "put")[0] == 422
    assert send("/prices/1/publish")[1]["state"] == "published"
    assert send("/prices/1/drop")[1]["code"] == "credits.TariffFixed"

    price = {"reference": "grant:1", "machine": "h100", "count": 8, "months": "2.5"}
    assert send(f"/{team.slug}/prices", price)[1]["paid_won"] == 1_000_000
    assert [row["months"] for row in api.get("/api/credits/team/prices").json()] == ["2.5"]
    member = make_person()
    assert api_for(member).get("/api/credits/team/prices").status_code == 404


def test_the_api_estimates():
    api = api_for()

    def estimate(rule, on, **amounts):
        return api.post(
            f"/api/credits/incentives/{rule}",
            {"on": on, "amounts": amounts},
            content_type="application/json",
        )

    assert len(api.get("/api/credits/incentives").json()) == 5
    zone = estimate("opportunity-zone", "2026-05-01", tax_won=100_000_000).json()
    assert (zone["won"], zone["estimate_only"], len(zone["steps"])) == (600_000_000, True, 7)
    assert estimate("opportunity-zone", "2027-05-01", tax_won=1).json()["code"] == "credits.RuleNotInForce"
    assert estimate("city-site", "2026-05-01").status_code == 422
    assert estimate("nothing", "2026-05-01").status_code == 422


def run(*words):
    result = CliRunner().invoke(app, list(words))
    if isinstance(result.exception, Refusal):
        return 3, result.exception.code
    return result.exit_code, result.stdout


def test_the_command_line_starts_publishes_quotes_and_estimates():
    assert run("prices") == (3, "credits.NoPriceYet")
    assert json.loads(run("start-prices", "--json")[1])["number"] == 1
    assert "example prices" in run("publish-prices", "1")[1]
    assert (
        json.loads(run("prices", "--json")[1])["fingerprint"] == prices.tariff_on(prices.today()).fingerprint
    )
    assert "100,000" in run("prices", "--number", "1")[1]
    asked = ("quote", "h100", "--count", "8", "--months", "3", "--ground", "gwangju")
    assert json.loads(run(*asked, "--json")[1])["in_kind_won"] == 70_800_000
    assert "1,200,000 won" in run(*asked)[1]
    assert run("quote", "h100", "--months", "many")[0] == 2
    guess = ("estimate", "city-equipment", "--amount", "equipment_won=800000000", "--on", "2026-05-01")
    assert json.loads(run(*guess, "--json")[1])["won"] == 48_000_000
    assert "48,000,000 won" in run(*guess)[1]
    assert run("estimate", "city-site", "--amount", "lot_won=x")[0] == 2


def test_no_organisation_takes_the_address_of_the_prices():
    from bitgoeul.apps.people.commands import TAKEN_BY_PAGES

    assert {"prices", "incentives"} <= TAKEN_BY_PAGES


def test_yes_and_no_are_a_box():
    asked = "rule=city-equipment&city-equipment-on=2026-05-01&city-equipment-threshold_won=500,000,000"
    page = f"/credits/incentives/?{asked}&city-equipment-equipment_won=800,000,000"

    assert "약 42,000,000원" in shown(page)
    assert "약 48,000,000원" in shown(f"{page}&city-equipment-favoured=on")
