"""Who reads what: optimal by its bound, by another solver, and honest about what is short."""

from random import Random

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from bitgoeul.engines.reviews import BadPanel, Shortage, assign
from bitgoeul.kit.testing import examples


@st.composite
def problems(draw):
    applications = [f"A{n}" for n in range(draw(st.integers(0, 7)))]
    reviewers = [f"R{n}" for n in range(draw(st.integers(0, 5)))]
    values = st.integers(0, 1000) | st.sampled_from([0, 500, 1000])
    return {
        "affinity": {a: {r: draw(values) for r in reviewers} for a in applications},
        "reviews": {a: draw(st.integers(0, 3)) for a in applications},
        "limits": {r: draw(st.integers(0, 5)) for r in reviewers},
        "conflicts": frozenset(
            (r, a) for a in applications for r in reviewers if draw(st.integers(0, 5)) == 0
        ),
        "balance": draw(st.sampled_from([0, 1, 7, 400])),
    }


def by_linear_programme(problem):
    """The least cost by HiGHS, loads spelled out step by step; None if infeasible."""
    pairs = [
        (a, r) for a in problem["reviews"] for r in problem["limits"] if (r, a) not in problem["conflicts"]
    ]
    steps = [(r, n) for r, limit in problem["limits"].items() for n in range(1, limit + 1)]
    cost = [1000 - problem["affinity"][a][r] for a, r in pairs] + [problem["balance"] * n for _, n in steps]
    rows, right = [], []
    for a, count in problem["reviews"].items():
        rows.append([float(p[0] == a) for p in pairs] + [0.0] * len(steps))
        right.append(count)
    for r in problem["limits"]:
        rows.append([float(p[1] == r) for p in pairs] + [-float(s[0] == r) for s in steps])
        right.append(0)
    if not cost:
        return 0 if not any(right) else None
    solved = linprog(cost, A_eq=np.array(rows), b_eq=right, bounds=(0, 1), method="highs")
    return round(solved.fun) if solved.status == 0 else None


@given(problems())
@settings(max_examples=examples(80), deadline=None)
def test_for_every_problem_the_flow_is_as_good_as_the_linear_programme_and_proves_it(problem):
    expected = by_linear_programme(problem)
    if expected is None:
        with pytest.raises(Shortage):
            assign(**problem)
        return

    result = assign(**problem)

    assert (result.cost, result.bound, result.gap) == (expected, expected, 0)
    assert len(set(result.pairs)) == len(result.pairs)
    for application, count in problem["reviews"].items():
        assert sum(a == application for a, _ in result.pairs) == count
    for reviewer, limit in problem["limits"].items():
        assert sum(r == reviewer for _, r in result.pairs) == result.load[reviewer] <= limit
    assert not {(r, a) for a, r in result.pairs} & problem["conflicts"]
    assert result.affinity == sum(problem["affinity"][a][r] for a, r in result.pairs)


@given(problems())
@settings(max_examples=examples(60), deadline=None)
def test_a_shortage_is_a_proof_that_nobody_could_do_better(problem):
    assume(by_linear_programme(problem) is None)
    with pytest.raises(Shortage) as refused:
        assign(**problem)

    short = refused.value
    assert short.needed - short.available == sum(short.missing.values()) > 0
    assert short.needed == sum(problem["reviews"][a] for a in short.tight)
    # What these applications can get at most: all that the full give, and one from each other reviewer.
    others = set(problem["limits"]) - set(short.full)
    single = sum((r, a) not in problem["conflicts"] for a in short.tight for r in others)
    assert short.available == sum(problem["limits"][r] for r in short.full) + single


@given(problems(), st.randoms())
@settings(max_examples=examples(40), deadline=None)
def test_the_same_input_in_any_order_gives_the_same_pairs(problem, chance):
    def shuffled(mapping):
        items = list(mapping.items())
        chance.shuffle(items)
        return dict(items)

    def answer(question):
        try:
            return assign(**question)
        except Shortage as short:
            return str(short)

    turned = {
        **problem,
        "affinity": shuffled({a: shuffled(line) for a, line in problem["affinity"].items()}),
        "reviews": shuffled(problem["reviews"]),
        "limits": shuffled(problem["limits"]),
    }

    assert answer(turned) == answer(problem)


def even(count, **more):
    names = [f"A{n}" for n in range(count)]
    return {"affinity": {}, "reviews": dict.fromkeys(names, 1), "limits": {"R1": count, "R2": count}, **more}


def test_loads_are_even_where_affinity_does_not_mind():
    assert assign(**even(10)).load == {"R1": 5, "R2": 5}


def test_affinity_wins_where_it_is_worth_more_than_balance():
    expert = {f"A{n}": {"R1": 500} for n in range(6)}

    assert assign(**even(6, affinity=expert, balance=1)).load == {"R1": 6, "R2": 0}
    assert assign(**even(6, affinity=expert, balance=1000)).load == {"R1": 3, "R2": 3}


def test_settled_pairs_stay_and_count_towards_load_and_reviews():
    kept = [("A0", "R1"), ("A1", "R1"), ("A2", "R1")]

    result = assign(**even(6, kept=kept))

    assert set(kept) <= set(result.pairs)
    assert (result.load, result.gap) == ({"R1": 3, "R2": 3}, 0)


def test_who_keeps_more_than_his_limit_gets_nothing_new():
    kept = [("A0", "R1"), ("A1", "R1")]

    result = assign(**even(4, kept=kept, limits={"R1": 1, "R2": 4}))

    assert result.load == {"R1": 2, "R2": 2}


def test_a_shortage_names_who_is_short_and_who_is_full():
    with pytest.raises(Shortage) as refused:
        assign(
            affinity={},
            reviews={"A1": 2, "A2": 1, "A3": 1},
            limits={"R1": 1, "R2": 9},
            conflicts=[("R2", "A1"), ("R2", "A2")],
        )

    short = refused.value
    assert (short.missing, short.tight, short.full) == ({"A1": 1, "A2": 1}, ("A1", "A2"), ("R1",))
    assert (short.needed, short.available) == (3, 1)
    assert str(short) == "3 reviews needed, 1 available: A1 lacks 1, A2 lacks 1; at their limit: R1"


@pytest.mark.parametrize(
    "wrong",
    [
        {"balance": -1},
        {"limits": {"R1": -1}},
        {"reviews": {"A1": -1}},
        {"affinity": {"A1": {"R1": 1001}}},
        {"affinity": {"A1": {"R1": 0.5}}},
        {"affinity": {"A9": {"R1": 1}}},
        {"kept": [("A1", "R9")]},
        {"reviews": {"A1": 1}, "limits": {"R1": 1, "R2": 1}, "kept": [("A1", "R1"), ("A1", "R2")]},
    ],
)
def test_numbers_out_of_range_are_refused(wrong):
    with pytest.raises(BadPanel):
        assign(**{"affinity": {}, "reviews": {"A1": 1}, "limits": {"R1": 1}, **wrong})


def test_four_hundred_applications_with_five_reviews_are_optimal():
    chance = Random(7)
    reviewers = [f"R{n:02}" for n in range(40)]
    applications = [f"A{n:03}" for n in range(400)]
    result = assign(
        affinity={a: {r: chance.randrange(1001) for r in reviewers} for a in applications},
        reviews=dict.fromkeys(applications, 5),
        limits=dict.fromkeys(reviewers, 52),
        conflicts={(chance.choice(reviewers), a) for a in applications},
        balance=3,
    )

    assert result.gap == 0
    assert len(result.pairs) == 2000
    assert max(result.load.values()) <= 52
