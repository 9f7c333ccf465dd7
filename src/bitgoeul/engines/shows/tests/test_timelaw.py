"""One clock: within its limits, in whole ticks, and not slower than it must be."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitgoeul.engines.shows import Limits, least_makespan, pair_times, time_law
from bitgoeul.engines.shows import _bottleneck as bottleneck
from bitgoeul.engines.shows._timelaw import TICK_MS, least_time

SPEED = st.floats(0.01, 2.0)


@settings(max_examples=150, deadline=None)
@given(velocity=SPEED, acceleration=SPEED, jerk=st.floats(0.01, 4.0))
def test_a_law_keeps_its_limits_and_is_smooth(velocity, acceleration, jerk):
    law = time_law(velocity, acceleration, jerk)

    assert (np.diff(law.ends_ms, prepend=0) % TICK_MS == 0).all()
    seconds = np.diff(law.ends_ms, prepend=0)[:, None] / 1000
    v = 3 * np.diff(law.share, axis=1) / seconds
    a = 2 * np.diff(v, axis=1) / seconds
    j = np.diff(a, axis=1) / seconds
    assert law.share[0, 0] == 0
    assert law.share[-1, 3] == 1
    assert np.abs(v).max() <= velocity * (1 + 1e-9)
    assert np.abs(a).max() <= acceleration * (1 + 1e-9)
    assert np.abs(j).max() <= jerk * (1 + 1e-6)
    np.testing.assert_allclose(law.share[1:, 0], law.share[:-1, 3], atol=1e-12)
    np.testing.assert_allclose(v[1:, 0], v[:-1, -1], atol=1e-9)
    np.testing.assert_allclose(a[1:, 0], a[:-1, -1], atol=1e-9)
    assert (v[0, 0], v[-1, -1]) == pytest.approx((0, 0), abs=1e-9)


@settings(max_examples=150, deadline=None)
@given(velocity=SPEED, acceleration=SPEED, jerk=st.floats(0.01, 4.0))
def test_no_law_beats_the_least_time_and_few_ticks_are_lost(velocity, acceleration, jerk):
    least = float(least_time(1.0, velocity, acceleration, jerk))
    law = time_law(velocity, acceleration, jerk)

    assert law.duration_ms / 1000 >= least - 1e-6
    # Seven phases rounded up, and phases that are too short to be flown.
    assert law.duration_ms / 1000 <= least + 7 * TICK_MS / 1000 + 4 * 0.24


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_random_motions_never_beat_the_least_time(seed):
    rng = np.random.default_rng(seed)
    step, limits = 0.01, (3.0, 4.0, 8.0)
    # Any motion from rest to rest: a random jerk, and what undoes it, backwards.
    jerk = rng.choice([-1, 0, 1], 60).repeat(rng.integers(5, 40)) * limits[2]
    acceleration = np.concatenate([[0], np.cumsum(jerk) * step])
    acceleration -= np.linspace(0, acceleration[-1], len(acceleration))
    acceleration = np.concatenate([acceleration, -acceleration[::-1]])
    velocity = np.cumsum(acceleration) * step
    way = abs(velocity.sum() * step)
    peaks = (
        np.abs(velocity).max(),
        np.abs(acceleration).max(),
        np.abs(np.diff(acceleration, prepend=0)).max() / step,
    )

    assert (
        len(acceleration) * step
        >= float(least_time(way, *[max(peak, 1e-9) for peak in peaks])) * 0.995 - 3 * step
    )


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), drones=st.integers(2, 25))
def test_the_bound_is_the_makespan_of_the_best_pairing(seed, drones):
    rng = np.random.default_rng(seed)
    starts, goals = rng.normal(0, 15, (drones, 3)), rng.normal([0, 0, 20], 20, (drones, 3))
    limits = Limits(
        velocity_xy=rng.uniform(1, 9), velocity_up=rng.uniform(1, 5), acceleration=rng.uniform(1, 5)
    )

    bound = least_makespan(starts, goals, limits)

    times = pair_times(starts[:, None], goals[None], limits)
    best = next(t for t in np.unique(times) if bottleneck._matched_by_matrix(
        starts, goals, np.full(drones, -1), t, limits) is None)  # fmt: skip
    assert best * (1 - 1e-3) <= bound.seconds <= best * (1 + 1e-9)
    assert len(bound.within) < len(bound.crowd)
    assert bottleneck.holds(bound, starts, goals, limits)


def test_a_certificate_for_too_long_a_time_does_not_hold():
    rng = np.random.default_rng(1)
    starts, goals = rng.normal(0, 15, (20, 3)), rng.normal(0, 30, (20, 3))
    bound = least_makespan(starts, goals, Limits())
    longer = bottleneck.LeastTime(bound.seconds * 1.1, bound.crowd, bound.within)
    everybody = bottleneck.LeastTime(bound.seconds, bound.within, bound.within)

    assert not bottleneck.holds(longer, starts, goals, Limits())
    assert not bottleneck.holds(everybody, starts, goals, Limits())


def test_without_numba_the_bound_is_the_same(monkeypatch):
    rng = np.random.default_rng(2)
    starts, goals = rng.normal(0, 15, (80, 3)), rng.normal(0, 30, (80, 3))
    compiled = least_makespan(starts, goals, Limits())
    monkeypatch.setattr(bottleneck, "NUMBA", False)

    plain = least_makespan(starts, goals, Limits())

    assert plain.seconds == pytest.approx(compiled.seconds, rel=1e-3)
    assert bottleneck.holds(plain, starts, goals, Limits())
