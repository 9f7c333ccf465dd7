"""The proof: what it says is never better than what is seen, and whatever breaks a limit is named."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitgoeul.engines.shows import Curves, Limits, Site, _separation, prove, separation

from .fleets import apart, changed, gliding, random_show

GENEROUS = Limits(
    distance_m=2.0, velocity_xy=500, velocity_up=500, velocity_down=500, acceleration=5000, jerk=50000
)
FIELD = Site(
    fence=(
        (-40.0, -40.0),
        (40.0, -40.0),
        (40.0, 40.0),
        (10.0, 40.0),
        (9.0, 21.0),
        (8.0, 40.0),
        (-40.0, 40.0),
    ),
    holes=(((-39.0, -39.0), (-30.0, -39.0), (-30.0, -30.0)),),
    audience=(((-40.0, -100.0), (40.0, -100.0), (40.0, -90.0)),),
)
CALM = Limits(velocity_xy=20, velocity_up=20, velocity_down=20, acceleration=40, jerk=400)


@pytest.fixture(params=[True, False], ids=["compiled", "numpy"])
def either_way(request, monkeypatch):
    """With Numba, if it is there, and without."""
    if request.param and not _separation.NUMBA:
        pytest.skip("Numba is not installed")
    monkeypatch.setattr(_separation, "NUMBA", request.param)


def seen(curves, limits, moments):
    """The closest flying pair over some moments: (distance, drones, moment)."""
    closest = (np.inf, (), 0.0)
    parked, begins = curves.parked(), curves.begins_ms
    for moment in moments:
        spots = curves.at(moment) / [1, 1, limits.downwash]
        on = np.array([
            (parked[a:b] & (begins[a:b] <= moment) & (moment <= curves.ends_ms[a:b])).any()
            for a, b in zip(curves.first[:-1], curves.first[1:], strict=True)
        ])  # fmt: skip
        for i in range(len(spots)):
            for j in range(i + 1, len(spots)):
                if not (on[i] or on[j]):
                    distance = float(np.linalg.norm(spots[i] - spots[j]))
                    closest = min(closest, (distance, (i, j), moment))
    return closest


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("seed", range(12))
def test_the_closest_approach_is_what_a_fine_look_sees(seed, together, either_way):
    curves = random_show(seed, together=together)
    limits = Limits(distance_m=6.0, downwash=1.5)

    air = separation(curves, limits).air

    distance, *_ = seen(curves, limits, np.arange(0, curves.duration_ms, 20.0))
    if distance > 6.0 * _separation.LOOKED + 0.5:
        assert air.drones == ()
        return
    assert air.value <= distance + 1e-9
    assert air.holds == (air.value >= 6.0 - 1e-6)
    there = curves.at(air.at_ms) / [1, 1, limits.downwash]
    assert np.linalg.norm(np.diff(there[list(air.drones)], axis=0)) == pytest.approx(air.value, abs=1e-5)


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("seed", range(6))
def test_numba_and_numpy_say_the_same(seed, together, monkeypatch):
    curves = random_show(seed, drones=12, together=together)
    limits = Limits(distance_m=5.0)
    here = separation(curves, limits)
    monkeypatch.setattr(_separation, "NUMBA", False)

    there = separation(curves, limits)

    assert here.air.value == pytest.approx(there.air.value, abs=1e-6)
    assert [v.drones for v in here.air.violations] == [v.drones for v in there.air.violations]
    assert [v.value for v in here.air.violations] == pytest.approx(
        [v.value for v in there.air.violations], abs=1e-6
    )


def test_drones_that_hover_at_exactly_the_limit_keep_it(either_way):
    stops = np.array([[[0, 0, 10], [3, 0, 10]]] * 2, float)

    air = separation(gliding(stops, [1000]), Limits(distance_m=3.0)).air

    assert (air.value, air.drones, air.holds) == (3.0, (0, 1), True)


def test_drones_that_pass_faster_than_any_sampling_are_seen(either_way):
    stops = np.array([[[-200, 0, 10], [200, 0, 12]], [[200, 0, 10], [-200, 0, 12]]], float)
    curves = gliding(stops, [1000])

    air = separation(curves, Limits(distance_m=3.0)).air

    assert [(v.drones, v.at_ms, v.value) for v in air.violations] == [((0, 1), 500.0, 2.0)]


def test_below_another_drone_the_air_is_rough(either_way):
    stops = np.array([[[0, 0, 10], [0, 0, 15]]] * 2, float)

    assert separation(gliding(stops, [1000]), Limits(distance_m=3.0)).holds
    rough = separation(gliding(stops, [1000]), Limits(distance_m=3.0, downwash=2.0)).air
    assert (rough.value, rough.holds) == (2.5, False)


def test_over_a_parked_drone_others_may_fly_but_pads_keep_their_distance(either_way):
    stand, fly = [[0, 0, 0], [0, 0, 0]], [[0.4, 0, 0], [0.4, 0, 9]]
    stops = np.array([stand, fly], float).transpose(1, 0, 2)
    curves = apart([gliding(stops[:, :1], [9000]), gliding(stops[[0, 0, 1], 1:], [4000, 9000])])

    found = separation(curves, Limits())

    assert found.air.value == outward_of(3.0)
    assert [(v.drones, v.at_ms, v.value) for v in found.pads.violations] == [((0, 1), 0.0, 0.4)]


def outward_of(limit):
    """How far was looked when nothing came near."""
    return limit * _separation.LOOKED


def test_every_pair_that_is_too_close_is_named(either_way):
    drones = 12
    stops = np.zeros((2, drones, 3))
    stops[:, :, 0], stops[:, :, 2] = np.arange(drones), 10

    air = separation(gliding(stops, [1000]), Limits(distance_m=2.5)).air

    near = [(i, j) for i in range(drones) for j in range(i + 1, min(i + 3, drones))]
    assert [v.drones for v in air.violations] == near


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.booleans())
def test_no_sample_is_beyond_what_was_proved(seed, together):
    curves = random_show(seed, together=together)
    certificate = prove(curves, GENEROUS, FIELD)

    moments = np.linspace(0, curves.duration_ms, 801)
    spots = np.array([curves.at(moment) for moment in moments])
    step = moments[1] / 1000
    speed = np.diff(spots, axis=0) / step

    value = {bound.name: bound.value for bound in certificate.bounds}
    assert np.hypot(speed[..., 0], speed[..., 1]).max() <= value["velocity_xy"] + 1e-9
    assert speed[..., 2].max() <= value["velocity_up"] + 1e-9
    assert -speed[..., 2].min() <= value["velocity_down"] + 1e-9
    assert np.linalg.norm(np.diff(speed, axis=0), axis=2).max() / step <= value["acceleration"] + 1e-6
    assert spots[..., 2].max() <= value["altitude"] + 1e-9
    assert spots[..., 2].min() >= value["ground"] - 1e-9
    assert value["velocity_jump"] == 0
    from shapely import Polygon, points

    fence = Polygon(FIELD.fence)
    flat = points(spots[..., :2].reshape(-1, 2))
    distance = fence.exterior.distance(flat) * np.where(fence.contains(flat), 1, -1)
    assert distance.min() >= value["fence"] - 1e-6
    assert distance.min() == pytest.approx(value["fence"], abs=0.5)


def calm():
    """A line of drones that goes up, sideways and down again, within every limit."""
    pads = np.stack([np.arange(4) * 5.0, np.zeros(4), np.zeros(4)], axis=1)
    stops = np.array(
        [pads + np.array(way) for way in ([0, 0, 0], [0, 0, 10], [9, 5, 12], [0, 0, 10], [0, 0, 0])]
    )
    return gliding(stops, [5000, 10_000, 15_000, 20_000])


def broken(curves, **changes):
    certificate = prove(curves, Limits(**CALM.as_data() | changes), FIELD)
    return {
        bound.name: [v.drones for v in bound.violations] for bound in certificate.bounds if not bound.holds
    }


def test_a_calm_show_holds():
    assert broken(calm()) == {}
    assert prove(calm(), CALM, FIELD).holds


@pytest.mark.parametrize(
    ("limit", "value"),
    [
        ("velocity_xy", 3.0), ("velocity_up", 2.9), ("velocity_down", 2.9), ("acceleration", 2.3),
        ("jerk", 0.9), ("altitude_m", 11.9), ("distance_m", 5.1), ("pad_distance_m", 0.5),
    ],
)  # fmt: skip
def test_a_limit_that_is_too_low_for_the_show_is_named(limit, value):
    name = {"altitude_m": "altitude", "distance_m": "distance"}.get(limit, limit)
    drones = [(k, k + 1) for k in range(3)] if name == "distance" else [(k,) for k in range(4)]

    assert broken(calm(), **{limit: value}).get(name) == (None if limit == "pad_distance_m" else drones)


@pytest.mark.parametrize(
    ("segment", "control", "by", "name"),
    [
        (5, 3, (0, 0, -20_000), "ground"),
        (4, 1, (500, 0, 0), "navigation"),
        (5, 2, (0, 200_000, 0), "fence"),
        (5, 2, (-110_000, -100_000, 0), "holes"),
        (5, 2, (0, -180_000, 0), "audience"),
        (5, 1, (1_000, 0, 0), "velocity_jump"),
    ],
)
def test_one_drone_that_strays_is_named(segment, control, by, name):
    found = broken(
        changed(calm(), segment, control, by),
        velocity_xy=900,
        acceleration=4 if name == "velocity_jump" else 900,
    )

    assert found.get(name) == [(1,)]


def test_without_a_fence_nothing_is_said_about_one():
    assert prove(calm(), CALM, Site()).bound("fence").value is None


def test_a_path_that_runs_along_the_fence_is_measured_to_it():
    stops = np.array([[[0, -39.5, 10]], [[20, -39.5, 10]]], float)

    fence = prove(gliding(stops, [9000]), CALM, FIELD).bound("fence")

    assert (fence.value, fence.holds) == (0.5, True)


def test_a_hole_deep_in_a_concave_fence_is_noticed():
    stops = np.array([[[6, 30, 10]], [[12, 30, 10]]], float)

    fence = prove(gliding(stops, [9000]), CALM, FIELD).bound("fence")

    assert not fence.holds
    assert 0 < fence.violations[0].at_ms < 9000


def test_proving_twice_says_the_same():
    curves = random_show(7, drones=20)

    assert prove(curves, GENEROUS, FIELD) == prove(curves, GENEROUS, FIELD)


def test_a_torn_path_is_no_show():
    with pytest.raises(ValueError, match="begins where"):
        Curves(1000, np.array([0, 2]), np.array([1, 2]), np.arange(24, dtype=np.int64).reshape(2, 4, 3))
