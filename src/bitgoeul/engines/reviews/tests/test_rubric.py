"""Rubrics and means, to the digit."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitgoeul.engines.reviews import (
    BadMark,
    BadRubric,
    Criterion,
    NotExact,
    ReviewError,
    Rubric,
    exact,
    mean,
    rounded,
    trimmed_mean,
)

COMPUTE = Rubric(
    (
        Criterion("impact", 30, floor=40),
        Criterion("ecosystem", 25, floor=40),
        Criterion("readiness", 25, floor=40),
        Criterion("feasibility", 20, floor=40),
    ),
    bonuses={"gwangju": 3, "youth": 2, "women": 2},
    bonus_cap=5,
    ties=("impact", "readiness"),
)
ACADEMY = Rubric((Criterion("motivation", 10), Criterion("online", 20), Criterion("exam", 70)))


def test_six_scores_without_the_best_and_the_worst_average_to_63():
    scores = ["51.2", 60, 62, 64, 66, "70.1"]

    assert trimmed_mean(scores) == 63
    assert str(rounded(trimmed_mean(scores), 1)) == "63.0"
    assert str(rounded(trimmed_mean(scores) + COMPUTE.bonus(["gwangju"]), 1)) == "66.0"
    assert mean(scores) == Fraction("373.3") / 6


def test_fewer_than_five_scores_are_not_trimmed():
    assert trimmed_mean([50, 60, 70, 100]) == 70
    assert trimmed_mean([50, 60, 70, 100, 0]) == 60
    assert trimmed_mean([1, 2, 9], trim_from=3) == 2


def test_the_academy_weighs_motivation_online_course_and_exam_10_20_70():
    assert ACADEMY.points({"motivation": 80, "online": 90, "exam": 70}) == 75
    assert str(rounded(ACADEMY.points({"motivation": 80, "online": 90, "exam": 70}), 1)) == "75.0"


def test_marks_on_small_scales_count_as_their_share_of_the_best():
    panel = Rubric(
        (
            Criterion("impact", 30, top=5),
            Criterion("plan", Decimal("33.5"), top=5, step="0.5"),
            Criterion("team", "36.5", top=4),
        )
    )

    assert panel.points({"impact": 4, "plan": "2.5", "team": 1}) == 24 + Fraction("16.75") + Fraction("9.125")
    assert panel.points({"impact": 5, "plan": 5, "team": 4}) == 100


@given(st.lists(st.integers(1, 60), min_size=1, max_size=5))
def test_only_weights_that_add_up_to_100_make_a_rubric(weights):
    criteria = tuple(Criterion(str(n), weight) for n, weight in enumerate(weights))
    if sum(weights) == 100:
        assert Rubric(criteria).points({str(n): 100 for n in range(len(weights))}) == 100
    else:
        with pytest.raises(BadRubric) as refused:
            Rubric(criteria)
        assert refused.value.weights == sum(weights)


def test_thirds_add_up_exactly():
    third = Fraction(100, 3)

    assert Rubric(tuple(Criterion(key, third) for key in "abc")).points({"a": 1, "b": 1, "c": 1}) == 1


@pytest.mark.parametrize(
    "make",
    [
        lambda: Criterion("", 10),
        lambda: Criterion("a", 0),
        lambda: Criterion("a", 10, top=1, bottom=1),
        lambda: Criterion("a", 10, bottom=-1),
        lambda: Criterion("a", 10, step=-1),
        lambda: Criterion("a", 10, floor=101),
        lambda: Rubric((Criterion("a", 50), Criterion("a", 50))),
        lambda: Rubric((Criterion("a", 100),), ties=("b",)),
        lambda: Rubric((Criterion("a", 100),), places=7),
        lambda: Rubric((Criterion("a", 100),), bonuses={"x": -1}),
        lambda: Rubric((Criterion("a", 100),), bonus_cap=-1),
        lambda: COMPUTE.weighted({"impact": 31}),
        lambda: COMPUTE.weighted({"beauty": 1}),
    ],
)
def test_a_rubric_that_cannot_be_used_is_refused(make):
    with pytest.raises(BadRubric):
        make()


@pytest.mark.parametrize(
    ("marks", "criterion"),
    [
        ({"impact": 101}, "impact"),
        ({"impact": -1}, "impact"),
        ({"impact": "50.5"}, "impact"),
        ({"beauty": 1}, "beauty"),
        ({"impact": None}, "impact"),
    ],
)
def test_a_mark_off_the_scale_or_for_nothing_names_its_criterion(marks, criterion):
    whole = {"impact": 50, "ecosystem": 50, "readiness": 50, "feasibility": 50} | marks
    if whole["impact"] is None:
        del whole["impact"]

    with pytest.raises(BadMark) as refused:
        COMPUTE.points(whole)

    assert refused.value.criterion == criterion


def test_bonuses_count_once_and_together_at_most_the_cap():
    assert COMPUTE.bonus(["gwangju", "gwangju"]) == 3
    assert COMPUTE.bonus(["gwangju", "youth", "women"]) == 5
    assert COMPUTE.bonus([]) == 0
    with pytest.raises(BadMark):
        COMPUTE.bonus(["seoul"])


@pytest.mark.parametrize("inexact", [0.1, True, "ten", "NaN", Decimal("Infinity"), None])
def test_a_number_without_an_exact_written_form_is_refused(inexact):
    with pytest.raises(NotExact):
        exact(inexact)


@given(st.lists(st.integers(0, 100), min_size=1, max_size=9), st.randoms())
def test_a_trimmed_mean_lies_between_what_it_keeps_and_does_not_mind_the_order(values, chance):
    before = trimmed_mean(values)
    chance.shuffle(values)

    assert trimmed_mean(values) == before
    assert min(values) <= before <= max(values)
    if len(values) >= 5:
        assert trimmed_mean([*sorted(values)[:-1], 10**6]) == before


@given(st.fractions(), st.integers(0, 6))
def test_rounding_goes_to_the_nearest_and_halves_away_from_zero(value, places):
    result = Fraction(rounded(value, places))
    step = Fraction(1, 10**places)

    assert abs(result - value) <= step / 2
    if abs(result - value) == step / 2:
        assert abs(result) > abs(value)
    assert Fraction(rounded(-value, places)) == -result


def test_nothing_has_no_mean_and_two_values_cannot_be_trimmed():
    with pytest.raises(ReviewError):
        mean([])
    with pytest.raises(ReviewError):
        trimmed_mean([1, 2], trim_from=2)
