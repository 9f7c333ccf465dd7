"""What people and programs see of credits: API, downloads and the command line."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from bitgoeul.apps.credits import tasks
from bitgoeul.apps.credits.cli import app
from bitgoeul.apps.credits.commands import hold_credits, settle_hold, spend_credits
from bitgoeul.apps.credits.models import Account
from bitgoeul.apps.credits.queries import balance
from bitgoeul.apps.credits.tests.factories import make_tranche
from bitgoeul.apps.people.models import Membership
from bitgoeul.apps.people.tests.factories import make_organisation, make_person
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.refusals import Refusal
from bitgoeul.kit.testing import api_for

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _noon():
    with clock.frozen(NOON):
        yield


@pytest.fixture
def mina():
    return make_person()


@pytest.fixture
def team(mina):
    team = make_organisation(owner=mina, slug="team", name="예시 팀")
    make_tranche(team, 500_000, reference="grant:try", source="TRY")
    hold_credits(by=SYSTEM, organisation=team, amount=18_400, reference="job:1", purpose="=1+1")
    settle_hold(by=SYSTEM, reference="job:1", amount=12_001)
    hold_credits(by=SYSTEM, organisation=team, amount=5_000, reference="job:2", purpose="작업 2")
    return team


def test_a_member_reads_balance_level_and_tranches(team, mina):
    figures = {"granted": 500_000, "spent": 12_001, "held": 5_000, "left": 482_999, "expired": 0}

    assert api_for(mina).get("/api/credits/").json() == [
        {"organisation": "team", "name": "예시 팀", "unit": "milli-credit"} | figures
    ]
    answer = api_for(mina).get("/api/credits/team").json()

    assert {name: answer[name] for name in figures} == figures
    assert (answer["level"], answer["used_percent"]) == ("enough", 3)
    assert answer["tranches"] == [
        {
            "reference": "grant:try",
            "source": "TRY",
            "amount": 500_000,
            "left": 482_999,
            "held": 5_000,
            "starts_at": "2026-04-30T12:00:00Z",
            "ends_at": "2027-05-01T12:00:00Z",
        }
    ]


def test_the_statement_opens_changes_and_closes(team, mina):
    with clock.frozen(NOON + dt.timedelta(days=2)):
        spend_credits(by=SYSTEM, organisation=team, amount=1_000, reference="use:1", purpose="호출 1,000건")

    everything = api_for(mina).get("/api/credits/team/statement").json()
    later = api_for(mina).get("/api/credits/team/statement?since=2026-05-02T00:00:00Z").json()

    assert [(line["reference"], line["left"]) for line in everything["lines"]] == [
        ("grant:try", 500_000),
        ("job:1:held", 481_600),
        ("job:1:settled", 487_999),
        ("job:2:held", 482_999),
        ("use:1", 481_999),
    ]
    assert everything["opening"] == {"granted": 0, "spent": 0, "held": 0, "left": 0, "expired": 0}
    assert everything["closing"] == vars(balance(team))
    assert [line["reference"] for line in later["lines"]] == ["use:1"]
    assert later["opening"]["left"] == 482_999
    assert later["lines"][0]["change"] == {
        "granted": 0,
        "spent": 1_000,
        "held": 0,
        "left": -1_000,
        "expired": 0,
    }


def test_the_statement_as_csv_and_xlsx_adds_up_and_holds_no_formula(team, mina):
    api = api_for(mina)

    text = api.get("/api/credits/team/statement?format=csv").content.decode("utf-8-sig")
    book = api.get("/api/credits/team/statement?format=xlsx")

    rows = list(csv.reader(io.StringIO(text)))
    assert rows[-1] == ["", "Closing", "", "", "500.000", "12.001", "5.000", "482.999", "0.000", "482.999"]
    assert rows[3][1:4] == ["hold", "'=1+1", "job:1:held"]
    sheet = load_workbook(io.BytesIO(book.content)).active
    cells = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert cells[-1][4:] == [500, 12.001, 5, 482.999, 0, 482.999]
    assert sheet["C4"].data_type == "s"
    for column in range(4, 9):
        assert sum(row[column] for row in cells[1:-1]) == pytest.approx(cells[-1][column])
    assert book["content-disposition"] == 'attachment; filename="credits-team.xlsx"'


def test_transfers_and_holds_are_listed(team, mina):
    api = api_for(mina)

    transfers = api.get("/api/credits/team/transfers?kind=hold").json()
    after = api.get(f"/api/credits/team/transfers?after={transfers['items'][0]['id']}").json()
    holds = api.get("/api/credits/team/holds?state=open").json()

    assert [item["reference"] for item in transfers["items"]] == ["job:1:held", "job:2:held"]
    assert [item["kind"] for item in after["items"]] == ["settlement", "hold"]
    assert transfers["next_after"] is None
    assert [(hold["reference"], hold["amount"]) for hold in holds] == [("job:2", 5_000)]


PATHS = ["", "/statement", "/statement?format=csv", "/transfers", "/holds"]


@pytest.mark.parametrize("path", PATHS)
def test_only_members_operators_and_auditors_see_an_organisation(team, path):
    finance, stranger, operator, auditor = (make_person() for _ in range(4))
    Membership.objects.create(person=finance, organisation=team, role="finance")
    operator.roles, auditor.roles = ["operator"], ["auditor"]
    operator.save()
    auditor.save()

    answers = [
        api_for(person).get(f"/api/credits/team{path}").status_code
        for person in (finance, operator, auditor, stranger, None)
    ]

    assert answers == [200, 200, 200, 404, 401]


@pytest.mark.parametrize("query", ["since=soon", "until=2026-13-01", "format=pdf"])
def test_a_wrong_question_is_answered_with_its_field(team, mina, query):
    answer = api_for(mina).get(f"/api/credits/team/statement?{query}")

    assert (answer.status_code, list(answer.json()["errors"])) == (422, [query.split("=")[0]])


def test_a_statement_needs_as_many_queries_for_one_transfer_as_for_many(
    team, mina, django_assert_max_num_queries
):
    api = api_for(mina)
    with django_assert_max_num_queries(12):
        api.get("/api/credits/team/statement")
    for number in range(3):
        spend_credits(by=SYSTEM, organisation=team, amount=1, reference=f"use:{number}", purpose="")
    with django_assert_max_num_queries(12):
        api.get("/api/credits/team/statement")


def test_an_operator_grants_and_reverses_over_the_api(team, mina):
    operator = make_person(roles=["operator"])
    grant = {
        "amount": 2_500,
        "starts_at": "2026-05-01T00:00:00Z",
        "ends_at": "2026-12-31T00:00:00Z",
        "reference": "g:api",
        "source": "공고",
    }

    def send(person, path, body):
        answer = api_for(person).post(f"/api/credits/team/{path}", body, content_type="application/json")
        return answer.status_code, answer.json()

    assert send(mina, "grants", grant)[0] == 403
    assert send(make_person(), "grants", grant)[0] == 404
    assert [send(operator, "grants", grant)[1]["granted"] for _twice in range(2)] == [502_500, 502_500]
    assert send(operator, "grants", grant | {"amount": 1})[1]["code"] == "credits.ReferenceReused"
    assert send(operator, "grants", grant | {"amount": 0})[0] == 422
    assert send(operator, "grants", grant | {"ends_at": "2026-12-31T00:00:00"})[0] == 422
    undo = {"reference": "g:api", "reason": "시험"}
    assert send(mina, "reversals", undo)[0] == 403
    assert send(operator, "reversals", undo) == (200, {"reference": "g:api:reversed", "reverses": "g:api"})
    assert send(operator, "reversals", undo | {"reference": "nothing"})[0] == 404
    assert balance(team).granted == 500_000


def run(*words):
    result = CliRunner().invoke(app, list(words))
    if isinstance(result.exception, Refusal):
        return 3, result.exception.code
    return result.exit_code, result.stdout


def test_the_command_line_grants_reverses_and_shows(team, tmp_path):
    code, text = run(
        "grant", "team", "2.5", "--until", "2026-12-31", "--reference", "g:2", "--source", "공고", "--json"
    )
    assert (code, json.loads(text)["granted"]) == (0, 502_500)
    again = run("grant", "team", "2.5", "--until", "2026-12-31", "--reference", "g:2", "--source", "공고")
    assert again == (0, "g:2: 2.5 credits until 2026-12-31\n")
    assert run("reverse", "g:2", "--reason", "시험", "--json")[0] == 0
    assert json.loads(run("balance", "team", "--json")[1])["granted"] == 500_000
    assert run("statement", "team", "--out", str(tmp_path / "s.xlsx"))[0] == 0
    assert load_workbook(tmp_path / "s.xlsx").active.max_row == 9
    assert len(json.loads(run("statement", "team", "--json")[1])["lines"]) == 6
    assert run("grant", "team", "2,5", "--until", "2026-12-31", "--reference", "g:3", "--source", "x")[0] == 2
    assert run("balance", "nobody") == (3, "kit.NotFound")


def test_the_check_says_whether_the_books_balance(team):
    assert run("check", "--json") == (0, '{"holds": true, "discrepancies": []}\n')
    assert tasks.reconcile() == []

    Account.objects.filter(kind="spent").update(balance=1)

    code, text = run("check", "--json")
    assert (code, json.loads(text)["discrepancies"][0]["found"]) == (3, 1)
    assert len(tasks.reconcile()) == 1


def test_the_sweep_writes_off_what_has_ended(team):
    with clock.frozen(NOON + dt.timedelta(days=400)):
        assert json.loads(run("expire", "--json")[1]) == {
            "expired": [f"tranche:{team_tranche(team)}:expired:1"]
        }
        assert tasks.expire_ended() == []


def team_tranche(team):
    from bitgoeul.apps.credits.models import Tranche

    return Tranche.objects.get(wallet__organisation=team).pk
