"""Transitions: whatever the starts and goals, what is exported keeps every limit between them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist

from bitgoeul.engines.shows import Limits, ShowInvalid, Site, _assignment, _bottleneck, _pairs, transition
from bitgoeul.engines.shows._abort import motion
from bitgoeul.engines.shows._repair import asked
from bitgoeul.engines.shows._snapped import peaks
from bitgoeul.engines.shows._timelaw import time_law
from bitgoeul.kit.testing import examples

FIELD = ((-100.0, -100.0), (100.0, -100.0), (100.0, 100.0), (-100.0, 100.0))


def spaced(rng, drones, distance, downwash=1.0):
    """Random points in the air, none closer than a little more than the distance."""
    points = np.empty((0, 3))
    while len(points) < drones:
        dot = rng.random(3) * [25, 25, 25 * downwash] + [-12, -12, 6]
        if (np.sqrt((((points - dot) / [1, 1, downwash]) ** 2).sum(axis=1)) >= 1.05 * distance).all():
            points = np.vstack([points, dot])
    return points


def closest(curves, downwash=1.0, step_ms=10):
    return min(
        pdist(motion(curves, at)[0] / [1, 1, downwash]).min()
        for at in range(0, curves.duration_ms + 1, step_ms)
    )


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    drones=st.integers(2, 24),
    downwash=st.sampled_from([1.0, 2.0]),
    velocity=st.floats(1.5, 9),
    jerk=st.floats(4, 20),
)
def test_drones_keep_every_limit_between_random_formations(seed, drones, downwash, velocity, jerk):
    rng = np.random.default_rng(seed)
    limits = Limits(downwash=downwash, velocity_xy=velocity, jerk=jerk)
    starts, goals = spaced(rng, drones, 3.0, downwash), spaced(rng, drones, 3.0, downwash)

    flight = transition(starts, goals, limits)

    assert sorted(flight.mapping) == list(range(drones))
    np.testing.assert_allclose(flight.curves.at(0), starts, atol=0.003)
    np.testing.assert_allclose(flight.curves.at(flight.curves.duration_ms), goals[flight.mapping], atol=0.003)
    assert closest(flight.curves, downwash) >= 3.0 - 1e-6
    assert peaks(flight.curves).over(limits) == {}
    assert flight.ratio >= 1 - 1e-9


@settings(max_examples=examples(40), deadline=None)
@given(seed=st.integers(0, 2**32 - 1), drones=st.integers(1, 5), size=st.floats(0, 6))
def test_what_a_clock_asks_of_drones_that_bend_is_what_they_fly(seed, drones, size):
    """Against differences of places, of a bump that is 4 s (1 - s) exactly."""
    rng = np.random.default_rng(seed)
    ways, bumps = rng.normal(0, 20, (drones, 3)), rng.normal(0, 1, (drones, 3)) * size
    law = time_law(*rng.uniform([0.03, 0.02, 0.03], [0.3, 0.2, 0.6]).tolist())
    limit = Limits().as_data()

    fast, _turning, bent, _jolted = asked(law, ways, bumps, limit)

    step = 0.004
    s = law.at(np.arange(0, law.duration_ms + 4, 4))[:, None, None]
    places = s * ways + 4 * s * (1 - s) * bumps
    speed = np.diff(places, axis=0) / step
    turned = np.linalg.norm(np.diff(speed, axis=0) / step, axis=2).max()
    most = max(
        np.hypot(speed[..., 0], speed[..., 1]).max() / limit["velocity_xy"],
        speed[..., 2].max() / limit["velocity_up"], -speed[..., 2].min() / limit["velocity_down"],
    )  # fmt: skip
    assert fast == pytest.approx(most, rel=0.03)
    assert bent == pytest.approx(turned / limit["acceleration"], rel=0.1)


def test_nobody_waits_for_a_drone_that_could_fly_elsewhere():
    """The lowest drone would fly to the highest goal, the way straight above it, and all would wait."""
    starts = np.array([[0.0, 0, 6], [12, 0, 14], [24, 0, 22]])
    goals = np.array([[0.0, 4, 46], [20, 4, 6], [40, 4, 14]])

    flight = transition(starts, goals, Limits())

    assert flight.mapping[0] != 0
    assert flight.ratio <= 1.05


def test_pairs_that_cross_bend_aside():
    starts = np.array([[0.0, 0, 10], [20, 0, 10]])

    flight = transition(starts, starts[::-1], Limits(), pairing=np.array([0, 1]))

    assert flight.repairs.bent == 2
    assert flight.repairs.waves == 1
    assert closest(flight.curves, step_ms=2) >= 3.0 - 1e-6


def test_the_same_formations_give_the_same_curves():
    rng = np.random.default_rng(1)
    starts, goals = spaced(rng, 25, 3.0), spaced(rng, 25, 3.0)

    assert (
        transition(starts, goals, Limits()).curves.digest()
        == transition(starts, goals, Limits()).curves.digest()
    )


def test_without_numba_drones_keep_apart_as_well(monkeypatch):
    for module in (_assignment, _bottleneck, _pairs):
        monkeypatch.setattr(module, "NUMBA", False)
    rng = np.random.default_rng(2)
    starts, goals = spaced(rng, 25, 3.0), spaced(rng, 25, 3.0)

    flight = transition(starts, goals, Limits())

    assert closest(flight.curves) >= 3.0 - 1e-6


def test_both_looks_at_pairs_see_the_same():
    rng = np.random.default_rng(3)
    controls = rng.normal(0, 4, (20 * 3, 4, 3))
    first = np.arange(21) * 3
    ends = np.sort(rng.choice(np.arange(1, 100), (20, 3)), axis=1) + np.array([0, 100, 200])
    ends[:, 2] = 400
    pairs = np.array([(i, j) for i in range(20) for j in range(i)])
    asked = (first, ends.ravel(), controls, np.zeros(60, bool), pairs, np.full(len(pairs), 2.0))

    seen = _pairs.too_close(*asked)

    assert seen.tolist() == _pairs._too_close_by_arrays(*asked).tolist()
    assert 0 < seen.sum() < len(seen)


def test_standing_still_is_a_transition_too():
    points = spaced(np.random.default_rng(4), 12, 3.0)

    flight = transition(points, points, Limits())

    assert flight.mapping.tolist() == list(range(12))
    np.testing.assert_array_equal(flight.curves.at(0), flight.curves.at(flight.curves.duration_ms))


def test_the_callers_verdict_is_kept():
    points = np.array([[0.0, 0, 10], [20, 0, 10]])

    assert transition(points, points, Limits(), separation=lambda curves, _limits: curves.drones).verdict == 2


@pytest.mark.parametrize(
    ("change", "code", "site"),
    [
        ({0: (3, 0, 10.0)}, "goal-too-close", None),
        ({0: (20, 0, 2.0)}, "goal-below-navigation", None),
        ({0: (20, 0, 151.0)}, "goal-above-altitude", None),
        ({0: (120, 0, 10.0)}, "goal-outside-area", Site(fence=FIELD)),
        (
            {0: (0, -60, 10.0)},
            "goal-outside-area",
            Site(audience=(((-5.0, -90.0), (5.0, -90.0), (0.0, -80.0)),)),
        ),
    ],
    ids=["close", "low", "high", "outside", "audience"],
)
def test_a_formation_that_cannot_be_held_is_refused_by_name(change, code, site):
    starts = np.array([[0.0, 0, 10], [5, 0, 10]])
    goals = starts.copy()
    for n, place in change.items():
        goals[n] = place

    with pytest.raises(ShowInvalid) as refused:
        transition(starts, goals, Limits(), site, names=["A1", "A2"])

    problem = refused.value.problems[0]
    assert (problem.code, problem.where) == (code, "A1")


def test_a_way_through_a_hole_is_refused_with_its_place():
    site = Site(fence=FIELD, holes=(((9.0, -5.0), (11.0, -5.0), (10.0, 5.0)),))

    with pytest.raises(ShowInvalid) as refused:
        transition(np.array([[0.0, 0, 10]]), np.array([[20.0, 0, 10]]), Limits(), site)

    (problem,) = refused.value.problems
    assert (problem.code, problem.facts["to"]) == ("way-leaves-area", [20.0, 0.0, 10.0])


def test_drones_that_cannot_be_kept_apart_are_named():
    # A corridor as narrow as one drone, and two that have to change places in it.
    lane = replace(Limits(), navigation_m=9.9, altitude_m=10.1)
    site = Site(fence=((-5.0, -0.5), (25.0, -0.5), (25.0, 0.5), (-5.0, 0.5)))
    starts = np.array([[0.0, 0, 10], [20, 0, 10]])

    with pytest.raises(ShowInvalid) as refused:
        transition(starts, starts[::-1], lane, site, pairing=np.array([0, 1]), names=["L", "R"])

    (problem,) = refused.value.problems
    assert (problem.code, problem.where, problem.facts["other"]) == ("cannot-keep-apart", "L", "R")
