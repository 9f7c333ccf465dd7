"""Which procedures and parts a call may have."""

from __future__ import annotations

import copy

import pytest

from bitgoeul.apps.programmes.commands import close_call, open_call
from bitgoeul.apps.programmes.errors import PartUnknown, RoundsOverlap, RubricNotHundred
from bitgoeul.apps.programmes.models import Call
from bitgoeul.apps.programmes.queries.procedures import completed, fingerprint
from bitgoeul.apps.programmes.tests.factories import AGREED, FORM, PANEL, make_call, make_draft
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.models import Fact
from bitgoeul.kit.refusals import Invalid

pytestmark = pytest.mark.django_db

CAPACITY = {"part": "capacity", "pool": "gpu-a100", "quantity": "ask", "unit_numbered": False}


def panel(**changes):
    return copy.deepcopy(PANEL) | changes


def rubric(**changes):
    return panel(rubric=PANEL["rubric"] | changes)


def test_a_procedure_says_all_its_defaults_and_is_frozen_with_its_fingerprint():
    call = make_call(procedure={"decision": "officer"})

    opened = Fact.objects.get(name="programmes.CallOpened").data
    assert call.procedure == completed({"decision": "officer"})
    assert opened["procedure"] == call.procedure
    assert opened["procedure_fingerprint"] == fingerprint(call.procedure, call.gives)
    assert fingerprint(completed({}), call.gives) != call.procedure_fingerprint


def test_weights_that_are_not_a_hundred_are_refused_by_name():
    criteria = [row | {"weight": 30} for row in PANEL["rubric"]["criteria"]]

    with pytest.raises(RubricNotHundred) as refused:
        make_draft(procedure=rubric(criteria=criteria))

    assert (refused.value.code, refused.value.facts) == ("programmes.RubricNotHundred", {"sum": 60})
    assert list(refused.value.problem()["errors"]) == ["procedure"]
    assert Call.objects.count() == 0


def test_a_part_that_nobody_can_give_is_refused_by_name():
    with pytest.raises(PartUnknown) as refused:
        make_draft(gives=[{"part": "credits"}, {"part": "gold"}])

    assert refused.value.facts["part"] == "gold"


def test_rounds_of_the_same_programme_and_size_do_not_meet():
    first = make_call(tier="TRY")

    with pytest.raises(RoundsOverlap):
        make_draft(tier="TRY")

    close_call(by=SYSTEM, slug=first.slug)
    second = make_draft(tier="TRY")
    make_draft(tier="TRY", opens_at=second.closes_at, closes_at=second.closes_at.replace(year=2100))
    assert Call.objects.count() == 3


def test_two_drafts_that_came_to_meet_do_not_both_open():
    one, other = make_draft(tier="ONE"), make_draft(tier="OTHER")
    Call.objects.filter(pk=other.pk).update(tier="ONE")
    open_call(by=SYSTEM, slug=one.slug)

    with pytest.raises(RoundsOverlap):
        open_call(by=SYSTEM, slug=other.slug)


@pytest.mark.parametrize(
    "procedure",
    [
        {"decision": "dice"},
        {"decision": "panel"},
        {"surprise": 1},
        {"offer_days": -1},
        {"completion_days": "ten"},
        {"cut": 70},
        {"cut": "170"},
        {"offer_days": 1.5},
        {"stages": [{"name": "screen"}]},
        {"reports": [{"kind": "poem", "after_days": 1, "title": AGREED}]},
        {"agreement": {"text": {"ko": "가"}}},
        {
            "reclaim": {
                "below_percent": 20,
                "window_days": 7,
                "shrink_after_days": 21,
                "return_after_days": 14,
            }
        },
        {"benefit": {"list_price_won": 1, "pays_won": 2, "legal_basis": AGREED}},
        {"quota": {"by": "organisation.colour", "least": {"red": 50}}},
        {"quota": {"by": "organisation.region", "least": {"a": 60, "b": 60}}},
        panel(offer_days=0),
        panel(decision="panel-lottery"),
        panel(lottery={"confidence": "0.8"}),
        panel(decision="panel-lottery", lottery={"confidence": "2"}),
        rubric(aggregate="median"),
        rubric(reviews=0),
        rubric(criteria=[]),
        rubric(bonus=[{"name": "local", "title": AGREED, "points": 3, "rule": "organisation.salary > 1"}]),
    ],
)
def test_a_procedure_that_cannot_work_is_refused(procedure):
    with pytest.raises(Invalid) as refused:
        make_draft(procedure=procedure)

    assert list(refused.value.errors) == ["procedure"]
    assert Call.objects.count() == 0


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"gives": []}, "gives"),
        ({"gives": [{"part": "credits"}, {"part": "credits"}]}, "gives"),
        ({"gives": [{"part": "credits", "quantity": 5}]}, "gives"),
        ({"gives": [{"part": "capacity", "pool": "No Slug", "quantity": 1}]}, "gives"),
        ({"gives": [CAPACITY]}, "gives"),
        ({"gives": [{"part": "money", "won": "ask"}]}, "gives"),
        ({"gives": [{"part": "dataset", "dataset": "answers.nothing"}]}, "gives"),
        ({"gives": [{"part": "document", "title": {"ko": "가"}}]}, "gives"),
        ({"ask": "purpose"}, "ask"),
        ({"ask": "students"}, "ask"),
        ({"kind": "poetry"}, "kind"),
        ({"budget_unit": "dollars", "gives": [{"part": "money", "won": 1}]}, "budget_unit"),
        ({"stages": ["giant"]}, "stages"),
        ({"sectors": ["mining"]}, "sectors"),
        ({"share_least": 0}, "budget"),
        ({"share_least": 200_000}, "budget"),
    ],
)
def test_a_call_that_cannot_give_is_refused_by_field(changes, wrong):
    with pytest.raises(Invalid) as refused:
        make_draft(**changes)

    assert list(refused.value.errors) == [wrong]


def test_a_call_that_asks_how_much_is_kept_with_its_parts():
    form = FORM | {"required": ["purpose", "students"]}
    seats = [CAPACITY, {"part": "document", "title": AGREED}]

    call = make_draft(form=form, ask="students", budget_unit="places", budget=100, share_most=20,
                      share_least=1, gives=seats, procedure=PANEL)  # fmt: skip

    assert call.share_asked({"students": 7}) == 7
    assert call.share_asked({}) is None
    assert (call.gives, call.decision) == (seats, "panel")
