"""The benefit statement: pages, downloads, API and command line."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from bitgoeul.apps.credits.cli import app
from bitgoeul.apps.credits.models import Benefit
from bitgoeul.apps.credits.queries import benefits
from bitgoeul.apps.credits.queries.benefits import Sums
from bitgoeul.apps.credits.tests.factories import make_benefit
from bitgoeul.apps.people.tests.factories import make_organisation, make_person
from bitgoeul.kit import clock
from bitgoeul.kit.refusals import Refusal
from bitgoeul.kit.testing import api_for, client_for, facts_recorded

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


def shown(client, path="/credits/team/benefits/"):
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_member_sees_every_support_with_its_basis_beside_the_credits(team, mina):
    make_benefit(team, reference="grant:1")

    page = shown(client_for(mina))

    assert "예시 팀 기관의 지원 내역" in page
    assert ["72,000,000" in page, "70,800,000" in page, "98.33 %" in page] == [True] * 3
    assert "예시 규정 제3조 (2026-01-01)" in page
    assert 'href="/credits/team/" ' in page or 'href="/credits/team/">' in page
    assert "Benefits of 예시 팀" in shown(client_for(mina, language="en"))
    assert "/credits/team/benefits/" in shown(client_for(mina), "/credits/team/")


def test_the_statement_of_a_year_and_a_programme_carries_both_into_the_downloads(team, mina):
    make_benefit(team)
    make_benefit(team, programme="voucher", item="data", list_won=3_000_000, paid_won=0)

    page = shown(client_for(mina), "/credits/team/benefits/?year=2026&programme=voucher")

    assert "72,000,000" not in page
    assert "/api/credits/team/benefits?year=2026&amp;programme=voucher&amp;format=xlsx" in page
    assert "이 연도와 사업의 지원이 없습니다" in shown(client_for(mina), "/credits/team/benefits/?year=2020")
    assert "72,000,000" in shown(client_for(mina), "/credits/team/benefits/?year=soon")


def test_an_organisation_without_support_is_told_what_to_do(team, mina):
    assert "아직 지원이 없습니다" in shown(client_for(mina))


def test_supports_funded_twice_are_said_on_the_statement(team, mina):
    make_benefit(team, reference="grant:1")
    assert "담당자가 살펴볼 지원" not in shown(client_for(mina))

    make_benefit(team, reference="voucher:1", programme="voucher")

    assert "담당자가 살펴볼 지원" in shown(client_for(mina))


@pytest.mark.parametrize("path", ["", "post/", "reverse/"])
def test_strangers_find_nothing_and_members_may_not_write(team, mina, path):
    address = f"/credits/team/benefits/{path}"

    answers = [client_for(person).get(address).status_code for person in (None, make_person(), mina)]

    assert answers == [401, 404, 403 if path else 200]


ENTRY = {
    "programme": "voucher",
    "item": "compute",
    "list_won": "72,000,000",
    "paid_won": "1,200,000",
    "starts_on": "2026-07-01",
    "ends_on": "2026-09-30",
    "basis_ko": "예시 규정",
    "basis_en": "",
    "reference": "hand:x",
}


def test_an_operator_reads_the_warning_before_entering_and_is_never_stopped(team, operator):
    make_benefit(team, reference="grant:1")
    client = client_for(operator)

    first = client.post("/credits/team/benefits/post/", ENTRY)
    assert (first.status_code, Benefit.objects.count()) == (422, 1)
    page = first.content.decode()
    assert ["grant:1" in page, 'type="checkbox" name="seen"' in page] == [True, True]

    for _twice in range(2):
        answer = client.post("/credits/team/benefits/post/", ENTRY | {"seen": "on"})
        assert answer.headers["location"] == "/credits/team/benefits/"
    assert Benefit.objects.get(reference="hand:x").beside == ["grant:1"]


def test_an_operator_enters_without_warning_and_reverses(team, operator):
    client = client_for(operator)

    assert client.post("/credits/team/benefits/post/", ENTRY).status_code == 302
    undo = {"reference": "hand:x", "reason": "잘못된 기관"}
    assert client.post("/credits/team/benefits/reverse/", undo).status_code == 302

    assert benefits.total(team) == Sums()
    assert facts_recorded() == ["credits.BenefitPosted", "credits.BenefitReversed"]
    other = make_organisation()
    assert client.post(f"/credits/{other.slug}/benefits/reverse/", undo).status_code == 404


def test_a_wrong_support_is_refused_beside_its_fields(team, operator):
    wrong = {"list_won": "many", "paid_won": "-1", "ends_on": "2026-06-30", "basis_ko": ""}

    page = client_for(operator).post("/credits/team/benefits/post/", ENTRY | wrong).content.decode()
    more = client_for(operator).post("/credits/team/benefits/post/", ENTRY | {"paid_won": "72,000,001"})

    assert page.count("1,200,000처럼 원 단위 정수로 적어 주십시오") == 4  # above and beside
    assert "끝이 시작보다 앞서거나" in page
    assert (more.status_code, Benefit.objects.count()) == (422, 0)


def test_a_page_needs_as_many_queries_for_one_line_as_for_three(team, mina, django_assert_max_num_queries):
    client = client_for(mina)
    make_benefit(team)
    with django_assert_max_num_queries(30) as first:
        client.get("/credits/team/benefits/")
    for number in range(3):
        make_benefit(team, programme=f"p{number}", item=f"i{number}")
    with django_assert_max_num_queries(30) as second:
        client.get("/credits/team/benefits/")

    assert len(first) == len(second)


def test_the_statement_as_json_adds_up(team, mina):
    make_benefit(team, reference="grant:1")
    make_benefit(team, programme="voucher", item="data", list_won=3_000_000, paid_won=0)

    answer = api_for(mina).get("/api/credits/team/benefits").json()

    assert answer["total"] == {
        "list_won": 75_000_000,
        "paid_won": 1_200_000,
        "in_kind_won": 73_800_000,
        "aid_percent": "98.40",
    }
    assert (answer["currency"], answer["double_funding"]) == ("KRW", [])
    assert [(row["programme"], row["list_won"]) for row in answer["by_programme"]] == [
        ("compute-large", 72_000_000),
        ("voucher", 3_000_000),
    ]
    assert answer["lines"][0] == {
        "reference": "grant:1",
        "programme": "compute-large",
        "item": "compute",
        "list_won": 72_000_000,
        "paid_won": 1_200_000,
        "in_kind_won": 70_800_000,
        "legal_basis": {"ko": "예시 규정 제3조 (2026-01-01)", "en": "Example rule, article 3 (2026-01-01)"},
        "starts_on": "2026-05-01",
        "ends_on": "2026-07-31",
        "beside": [],
        "reverses": None,
        "reason": "",
        "at": "2026-05-01T03:00:00Z",
    }


def test_the_statement_as_csv_and_xlsx_adds_up_and_holds_no_formula(team, mina):
    make_benefit(team, item="=1+1")
    api = api_for(mina)

    text = api.get("/api/credits/team/benefits?format=csv").content.decode("utf-8-sig")
    book = api.get("/api/credits/team/benefits?format=xlsx")

    rows = list(csv.reader(io.StringIO(text)))
    assert [row[3:5] for row in rows[1:]] == [
        ["compute-large", "'=1+1"],
        ["2026", ""],
        ["compute-large", ""],
        ["Total", ""],
    ]
    assert rows[-1][7:] == ["72000000", "1200000", "70800000"]
    sheet = load_workbook(io.BytesIO(book.content)).active
    assert [cell.value for cell in sheet[5]][7:] == [72_000_000, 1_200_000, 70_800_000]
    assert sheet["E2"].data_type == "s"
    assert book["content-disposition"] == 'attachment; filename="benefits-team.xlsx"'


def test_the_api_warns_posts_once_and_reverses(team, mina, operator):
    support = {
        "programme": "voucher",
        "item": "compute",
        "starts_on": "2026-05-01",
        "ends_on": "2026-07-31",
        "list_won": 10_000,
        "paid_won": 4_000,
    }
    body = support | {"reference": "b:1", "legal_basis": {"ko": "예시 규정", "en": "Example rule"}}

    def send(person, path, payload):
        answer = api_for(person).post(
            f"/api/credits/team/benefits{path}", payload, content_type="application/json"
        )
        return answer.status_code, answer.json()

    assert send(mina, "", body)[0] == 403
    assert send(make_person(), "", body)[0] == 404
    assert [send(operator, "", body)[1]["in_kind_won"] for _twice in range(2)] == [6_000, 6_000]
    assert send(operator, "", body | {"list_won": 20_000})[1]["code"] == "credits.BenefitDiffers"
    assert send(operator, "", body | {"paid_won": 20_000, "reference": "b:2"})[0] == 422

    query = support | {"programme": "other"}
    found = api_for(mina).get("/api/credits/team/benefits/double-funding", query).json()
    assert [(row["worry"], row["references"], row["percent"]) for row in found] == [
        ("same_item", ["b:1"], "120.00"),
        ("above_ceiling", ["b:1"], "120.00"),
    ]
    wrong = api_for(mina).get("/api/credits/team/benefits/double-funding", query | {"ends_on": "2020-01-01"})
    assert (wrong.status_code, list(wrong.json()["errors"])) == (422, ["ends_on"])
    undo = {"reference": "b:1", "reason": "시험"}
    assert send(mina, "/reversals", undo)[0] == 403
    assert send(operator, "/reversals", undo) == (200, {"reference": "b:1:reversed", "reverses": "b:1"})
    assert send(operator, "/reversals", undo | {"reference": "nothing"})[0] == 404


def run(*words):
    result = CliRunner().invoke(app, list(words))
    if isinstance(result.exception, Refusal):
        return 3, result.exception.code
    return result.exit_code, result.stdout


def test_the_command_line_posts_warns_shows_saves_and_reverses(team, tmp_path):
    support = ["--item", "compute", "--from", "2026-05-01", "--until", "2026-07-31", "--list", "10000"]
    post = ["--reference", "b:1", "--programme", "voucher", "--paid", "4000", "--legal-basis", "예시 규정"]

    assert run("post-benefit", "team", *support, *post) == (0, "b:1: 10,000 4,000 6,000\n")
    code, text = run("double-funding", "team", "--programme", "other", *support, "--json")
    assert (code, [row["worry"] for row in json.loads(text)]) == (0, ["same_item", "above_ceiling"])
    assert "b:1" in run("double-funding", "team", "--programme", "other", *support)[1]
    assert json.loads(run("benefits", "team", "--json")[1])["total"]["in_kind_won"] == 6_000
    assert json.loads(run("benefits", "team", "--year", "2020", "--json")[1])["lines"] == []
    assert "6,000" in run("benefits", "team")[1]
    assert run("benefits", "team", "--out", str(tmp_path / "b.xlsx"))[0] == 0
    assert load_workbook(tmp_path / "b.xlsx").active.max_row == 5
    assert run("benefits", "team", "--out", str(tmp_path / "b.pdf"))[0] == 2
    assert run("reverse-benefit", "b:1", "--reason", "시험") == (0, "b:1:reversed\n")
    assert run("benefits", "nobody") == (3, "kit.NotFound")
