"""Who flies where: against the exact method, and that the proved gap is one."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from bitgoeul.engines.shows import _assignment, assigned
from bitgoeul.engines.shows._assignment import FINEST, _by_matrix, least_allowed, within
from bitgoeul.engines.shows._compiled import NUMBA
from bitgoeul.kit.testing import examples


def least(starts, goals):
    costs = cdist(starts, goals, "sqeuclidean")
    rows, chosen = linear_sum_assignment(costs)
    return costs[rows, chosen].sum()


by_auction = _assignment._by_auction if NUMBA else _assignment._by_matrix


def spacing(points):
    apart = cdist(points, points)
    return apart[apart > 0].min(initial=np.inf) if len(points) > 1 else 1.0


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), drones=st.integers(1, 60), downwash=st.sampled_from([1.0, 2.0, 3.0]))
def test_a_pairing_is_as_good_as_its_gap_says(seed, drones, downwash):
    rng = np.random.default_rng(seed)
    starts, goals = rng.normal(0, 20, (drones, 3)), rng.normal([5, 9, 40], [30, 2, 10], (drones, 3))
    scale = np.array([1, 1, 1 / downwash])

    pairing = by_auction(starts * scale, goals * scale)

    assert sorted(pairing.goals) == list(range(drones))
    true = least(starts * scale, goals * scale)
    assert pairing.least <= true * (1 + 1e-9)
    assert pairing.cost >= true * (1 - 1e-9)
    # Each drone pays at most the last step of the auction more than it must.
    step = FINEST * min(spacing(starts * scale), spacing(goals * scale)) ** 2
    assert pairing.cost - pairing.least <= drones * step + 1e-6 * true


def test_the_same_points_give_the_same_pairing():
    rng = np.random.default_rng(5)
    starts, goals = rng.random((300, 3)) * 60, rng.random((300, 3)) * 60

    assert assigned(starts, goals).goals.tolist() == assigned(starts, goals).goals.tolist()


@pytest.mark.skipif(not NUMBA, reason="Numba is not installed")
def test_without_numba_the_pairing_is_exact():
    rng = np.random.default_rng(6)
    starts, goals = rng.random((200, 3)) * 60, rng.random((200, 3)) * 60

    exact = _by_matrix(starts, goals)

    assert exact.gap == 0
    assert by_auction(starts, goals).least <= exact.cost <= by_auction(starts, goals).cost * (1 + 1e-12)


@settings(max_examples=examples(30), deadline=None)
@given(seed=st.integers(0, 2**32 - 1), drones=st.integers(1, 6))
def test_the_slowest_is_as_quick_as_can_be_and_the_ways_are_the_shortest_of_those(seed, drones):
    rng = np.random.default_rng(seed)
    seconds, squares = rng.random((drones, drones)), rng.random((drones, drones))
    rows = np.arange(drones)
    pairings = [list(p) for p in permutations(range(drones))]

    quickest = least_allowed(seconds)
    chosen = within(squares, seconds <= quickest)

    assert quickest == min(seconds[rows, p].max() for p in pairings)
    least = min(squares[rows, p].sum() for p in pairings if seconds[rows, p].max() <= quickest)
    assert squares[rows, chosen].sum() == pytest.approx(least)
    assert seconds[rows, chosen].max() <= quickest


def test_large_fleets_are_paired_by_auction_and_small_ones_exactly(monkeypatch):
    rng = np.random.default_rng(8)
    starts, goals = rng.random((90, 3)) * 60, rng.random((90, 3)) * 60
    exact = assigned(starts, goals)

    monkeypatch.setattr(_assignment, "EXACT", 80)
    by_auction = assigned(starts, goals)

    assert exact.gap == 0
    assert by_auction.least <= exact.cost <= by_auction.cost * (1 + 1e-12)


def test_drones_that_are_there_stay_there():
    points = np.random.default_rng(7).random((50, 3)) * 100

    assert assigned(points, points).goals.tolist() == list(range(50))


def test_there_are_as_many_goals_as_starts():
    with pytest.raises(ValueError, match="shape"):
        assigned(np.zeros((3, 3)), np.zeros((2, 3)))
