"""Other rules tried on a decided call; nothing is written."""

from __future__ import annotations

import json

import pytest

from bitgoeul.apps.people.tests.factories import make_person
from bitgoeul.apps.programmes.cli import app
from bitgoeul.apps.programmes.commands.panels import decide_panel
from bitgoeul.apps.programmes.commands.reviews import assign_reviews
from bitgoeul.apps.programmes.models import Application
from bitgoeul.apps.programmes.tests.panels import (
    applicant,
    closed,
    make_reviewer,
    panel_call,
    rubric,
    write,
)
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.models import Fact
from bitgoeul.kit.testing import api_for, client_for

pytestmark = pytest.mark.django_db
CRITERIA = [
    {"name": "impact", "title": {"ko": "파급 효과", "en": "Impact"}, "weight": 60, "most": 100},
    {"name": "team", "title": {"ko": "수행 역량", "en": "Team"}, "weight": 20, "most": 100},
    {"name": "plan", "title": {"ko": "계획", "en": "Plan"}, "weight": 20, "most": 100},
]
# Under 60/20/20 the first wins one place, under 20/40/40 the second.
MARKS = [{"impact": 95, "team": 70, "plan": 70}, {"impact": 75, "team": 95, "plan": 95}]


@pytest.fixture
def decided():
    """A decided call with one winner and one on the reserve list."""
    call = panel_call(procedure={"rubric": rubric(reviews=1, criteria=CRITERIA)}, budget=100_000)
    rows = [applicant(call), applicant(call, region="전라남도")]
    make_reviewer()
    assign_reviews(by=SYSTEM, call=closed(call).slug)
    for row, marks in zip(rows, MARKS, strict=True):
        write(row.reviews.get(), **marks)
    decide_panel(by=SYSTEM, call=call.slug)
    return call, rows


def told(call, **body):
    officer = api_for(make_person(roles=["operator"]))
    return officer.post(
        f"/api/programmes/calls/{call.slug}/replay", body, content_type="application/json"
    ).json()


def test_without_changes_the_replay_is_the_decision(decided):
    call, rows = decided

    again = told(call)

    assert again["before"] == again["after"]
    assert again["after"]["winners"] == [rows[0].public_id]
    assert (again["after"]["left"], again["kept"], again["gained"]) == (0, 1, [])


def test_another_weight_changes_who_wins_and_writes_nothing(decided):
    call, rows = decided
    facts, before = Fact.objects.count(), list(Application.objects.values_list("state", "order", "amount"))

    changed = told(call, set={"weights.impact": "20"})

    assert (changed["gained"], changed["lost"]) == ([rows[1].public_id], [rows[0].public_id])
    assert changed["weights"] == {"impact": "20", "team": "40", "plan": "40"}
    assert changed["after"]["regions"]["전라남도"]["won"] == 1
    assert Fact.objects.count() == facts
    assert list(Application.objects.values_list("state", "order", "amount")) == before


@pytest.mark.parametrize(
    ("name", "value", "winners"),
    [
        ("budget", "200", 2),
        ("places", "0", 0),
        ("cut", "90", 0),
        ("cut", "none", 1),
        ("prices.amount", "0", 2),
        ("calibrated", "no", 1),
        ("floors", "no", 1),
        ("aggregate", "mean", 1),
    ],
)
def test_every_rule_can_be_turned(decided, name, value, winners):
    assert len(told(decided[0], set={name: value})["after"]["winners"]) == winners


@pytest.mark.parametrize(
    "changes",
    [
        {"weights.impact": "101"},
        {"weights.nothing": "10"},
        {"weights.impact": "50", "weights.team": "60"},
        {"weights.impact": "100"},
        {"cut": "-1"},
        {"cut": "NaN"},
        {"band": "1.5"},
        {"band": "0.8"},  # one review each: nobody can say how far the scores can be trusted
        {"calibrated": "yes"},
        {"colour": "red"},
        {"prices.nothing": "3"},
        {"places": "²"},
    ],
)
def test_rules_that_make_no_sense_are_refused(decided, changes):
    answer = told(decided[0], set=changes)

    assert answer["status"] in (409, 422)


def test_the_replay_is_for_the_desk_and_auditors(decided):
    call, rows = decided
    address = f"/api/programmes/calls/{call.slug}/replay"

    assert api_for(rows[0].person).post(address, {}, content_type="application/json").status_code == 403
    auditor = api_for(make_person(roles=["auditor"]))
    assert auditor.post(address, {}, content_type="application/json").status_code == 200


def test_the_command_line_tells_who_would_win(decided, runner):
    call, rows = decided

    done = runner.invoke(app, ["replay", call.slug, "--set", "weights.impact=20", "--json"])

    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["gained"] == [rows[1].public_id]


@pytest.fixture
def runner():
    from typer.testing import CliRunner

    return CliRunner()


@pytest.mark.parametrize("language", ["ko", "en"])
def test_sliders_work_with_and_without_script(decided, language):
    call, rows = decided
    client = client_for(make_person(roles=["operator"]), language)
    page = f"/programmes/panels/{call.slug}/replay/"
    turned = {"weight_impact": "10", "weight_team": "45", "weight_plan": "45", "cut": "70"}

    first = client.get(page).content.decode()
    whole = client.get(page, turned).content.decode()
    part = client.get(page, turned, headers={"HX-Request": "true"}).content.decode()
    wrong = client.get(page, turned | {"budget": "-5"})

    assert {"ko": "선정되는 신청이 같습니다", "en": "The same applications win"}[language] in first
    assert 'type="range"' in first
    assert rows[1].organisation.name in whole
    assert rows[1].organisation.name in part
    assert "<html" in whole
    assert "<html" not in part
    assert wrong.status_code == 422
