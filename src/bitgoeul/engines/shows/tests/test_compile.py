"""Whole shows: from the pads through the scenes and back, aborting, energy, and slowing down."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist, squareform

from bitgoeul.engines.shows import (
    Battery,
    Limits,
    Scene,
    Show,
    ShowInvalid,
    Site,
    Storyboard,
    _assignment,
    _bottleneck,
    _pairs,
    _separation,
    abort,
    check_pads,
    compile_show,
    energy,
    grid_pads,
    in_wind,
    landing,
    prove,
    slowed,
    take_off,
    to_skyc,
    written,
)
from bitgoeul.engines.shows._abort import _rest_after, motion
from bitgoeul.engines.shows._snapped import peaks
from bitgoeul.engines.shows.check_show import check
from bitgoeul.kit.testing import examples

PADS = grid_pads(2, 2, 5.0, box=(2, 2), inner_m=0.8)


def ring(radius, height, tilt=0.0):
    turns = np.arange(16) * np.pi / 8
    return np.stack([radius * np.cos(turns), radius * np.sin(turns), height + tilt * np.sin(turns)], axis=1)


def turning():
    """A ring that turns by one place and lifts a little, from rest to rest."""
    here, there = ring(10, 20), np.roll(ring(10, 21), -1, axis=0)
    return np.stack([here, here, there, there], axis=1)[None]


SCENES = (
    Scene("ring", ring(10, 20), 1000),
    Scene("wheel", ring(10, 20), 500, np.array([5000]), turning()),
    Scene("tilted", ring(12, 30, 8), 1000),
)


@pytest.fixture(scope="module")
def show():
    return compile_show(Storyboard(pads=PADS, scenes=SCENES))


def closest_in_the_air(curves, step_ms=20):
    """The least distance of two drones neither of which is parked."""
    least = np.inf
    for at in range(0, curves.duration_ms + 1, step_ms):
        places, velocities = motion(curves, at)
        flying = (places[:, 2] > 0) | (velocities != 0).any(axis=1)
        apart = squareform(pdist(places))[np.ix_(flying, flying)]
        least = min(least, (apart + 1e9 * np.eye(len(apart))).min(initial=np.inf))
    return least


def sideways_when_low(curves, limits):
    metres = curves.metres()
    moves = (np.diff(metres[:, :, :2], axis=1) != 0).any(axis=(1, 2))
    return metres[moves][:, :, 2].min(initial=np.inf) < limits.navigation_m


def test_a_show_flies_from_the_pads_through_its_scenes_and_back(show):
    assert [(p.name, p.ends_ms - p.begins_ms) for p in show.scenes] == [
        ("ring", 1000),
        ("wheel", 5500),
        ("tilted", 1000),
    ]
    np.testing.assert_allclose(show.curves.at(0), PADS, atol=0.003)
    for played, scene in zip(show.scenes, SCENES, strict=True):
        np.testing.assert_allclose(show.curves.at(played.begins_ms), scene.points[played.slots], atol=0.003)
        np.testing.assert_allclose(show.curves.at(played.ends_ms), scene.last[played.slots], atol=0.003)
    np.testing.assert_allclose(show.curves.at(show.curves.duration_ms), PADS[show.landing_pads], atol=0.003)
    assert show.segments["takeoff"][1] == show.segments["show"][0]
    assert show.segments["landing"][1] == show.curves.duration_ms


def test_a_show_keeps_every_limit(show):
    assert closest_in_the_air(show.curves) >= 3.0 - 1e-6
    assert peaks(show.curves).over(Limits()) == {}
    assert not sideways_when_low(show.curves, Limits())


def test_the_proof_agrees(show):
    moment = (show.scenes[1].ends_ms + show.scenes[2].begins_ms) // 2
    flown = (
        show.curves,
        slowed(show.curves, 1.3),
        abort(show.curves, moment, Limits()).curves,
        abort(show.curves, moment, Limits(), pads=PADS).curves,
    )

    for curves in flown:
        assert [bound.name for bound in prove(curves, Limits(), Site()).bounds if not bound.holds] == []


def test_planning_tells_how_far_it_is_and_is_repeatable(show):
    told = []

    again = compile_show(
        Storyboard(pads=PADS, scenes=SCENES), progress=lambda share, name: told.append((share, name)),
        prove=lambda curves, _limits, _site: curves.digest(),
    )  # fmt: skip

    assert told == [
        (0.0, "takeoff"),
        (0.2, "ring"),
        (0.4, "wheel"),
        (0.6, "tilted"),
        (0.8, "landing"),
        (1.0, ""),
    ]
    assert again.certificate == show.curves.digest()


@pytest.mark.skipif(not _assignment.NUMBA, reason="Numba is not installed")
def test_without_numba_it_is_the_same_show(show, monkeypatch):
    for module in (_assignment, _bottleneck, _pairs, _separation):
        monkeypatch.setattr(module, "NUMBA", False)

    again = compile_show(Storyboard(pads=PADS, scenes=SCENES))

    assert again.curves.digest() == show.curves.digest()
    assert prove(again.curves, Limits(), Site()).holds


def test_drones_land_at_home_where_that_is_asked():
    home = compile_show(Storyboard(pads=PADS, scenes=SCENES[:1], land_home=True))

    np.testing.assert_allclose(home.curves.at(home.curves.duration_ms), home.curves.at(0))
    assert closest_in_the_air(home.curves) >= 3.0 - 1e-6


@pytest.mark.parametrize("share", [0.02, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.93])
def test_a_show_is_aborted_at_any_moment(show, share):
    moment = int(share * show.curves.duration_ms)

    left = abort(show.curves, moment, Limits())

    assert left.begins_ms >= moment
    np.testing.assert_allclose(left.curves.at(0), show.curves.at(left.begins_ms), atol=0.003)
    assert (left.curves.at(left.curves.duration_ms)[:, 2] == 0).all()
    assert closest_in_the_air(left.curves) >= 3.0 - 1e-6
    assert peaks(left.curves).over(Limits()) == {}
    assert not sideways_when_low(left.curves, Limits())


@settings(max_examples=examples(8), deadline=None)
@given(share=st.floats(0, 0.999))
def test_an_abort_at_any_moment_is_certified_and_the_checker_confirms_it(show, share):
    moment = int(share * show.curves.duration_ms)

    left = abort(show.curves, moment, Limits())

    certificate = prove(left.curves, Limits(), Site())
    files = to_skyc(Show(title="abort", curves=left.curves, limits=Limits(), site=Site()), None)
    verdict = check(written(certificate).encode(), files)
    assert (certificate.holds, verdict.holds) == (True, True)
    # Nobody waits longer than the show itself would take to the next moment at which all stand.
    stands_ms = left.begins_ms + left.standstill_ms
    assert moment <= left.begins_ms <= stands_ms <= max(moment, _rest_after(show.curves, moment, Limits()))


@pytest.mark.parametrize("share", [0.15, 0.4, 0.6, 0.85])
def test_drones_brake_in_the_middle_of_a_flight(show, share):
    """Half-way between two figures no drone turns or brakes, so the clock can be slowed at once."""
    ends = [show.segments["takeoff"][1], *(p.ends_ms for p in show.scenes)]
    begins = [*(p.begins_ms for p in show.scenes), show.segments["landing"][0]]
    flight = int(share * len(ends))
    moment = (ends[flight] + begins[flight]) // 2

    left = abort(show.curves, moment, Limits())

    # Braking takes two seconds at least: where all stand sooner they fly on.
    assert left.braked == (begins[flight] - moment > 2000)
    assert left.begins_ms + left.standstill_ms <= begins[flight]


def test_drones_return_to_the_pads_together(show):
    moment = (show.scenes[1].ends_ms + show.scenes[2].begins_ms) // 2

    left = abort(show.curves, moment, Limits(), pads=PADS)

    ends = left.curves.at(left.curves.duration_ms)
    np.testing.assert_allclose(ends[np.lexsort(ends.T)], PADS[np.lexsort(PADS.T)], atol=0.003)
    assert closest_in_the_air(left.curves) >= 3.0 - 1e-6


def test_who_is_too_low_does_not_return(show):
    with pytest.raises(ShowInvalid, match="return-too-low"):
        abort(show.curves, 500, Limits(), pads=PADS)


def test_there_is_no_abort_after_the_show(show):
    with pytest.raises(ShowInvalid, match="moment-outside-show"):
        abort(show.curves, show.curves.duration_ms, Limits())


@pytest.mark.parametrize("flight", [take_off, landing])
@pytest.mark.parametrize("downwash", [1.0, 2.0])
def test_boxes_of_drones_rise_in_layers(flight, downwash):
    limits = Limits(downwash=downwash)

    made = flight(PADS, limits, None, per_metre=250)

    assert made.layer.max() == 3
    assert np.unique(made.points[:, 2]).size == 4
    assert peaks(made.curves).over(limits) == {}
    squeezed = made.curves.controls.copy()
    assert (squeezed[:, :, :2] == squeezed[:, :1, :2]).all()
    if downwash == 1:
        assert closest_in_the_air(made.curves) >= 3.0 - 1e-6


def test_two_drones_on_one_pad_are_named():
    pads = PADS.copy()
    pads[3] = pads[2] + [0.1, 0, 0]

    with pytest.raises(ShowInvalid) as refused:
        check_pads(pads, Limits(), None, [f"D{n}" for n in range(16)])

    (problem,) = refused.value.problems
    assert (problem.code, problem.where, problem.facts["other"]) == ("two-drones-on-one-pad", "D2", "D3")


def refusal(board):
    with pytest.raises(ShowInvalid) as refused:
        compile_show(board)
    return {problem.code for problem in refused.value.problems}


def test_what_is_no_show_is_refused():
    assert refusal(Storyboard(pads=PADS, scenes=())) == {"show-without-scene"}
    assert refusal(Storyboard(pads=PADS, scenes=[Scene("few", ring(10, 20)[:9])])) == {
        "points-not-one-per-drone"
    }
    assert refusal(Storyboard(pads=PADS, scenes=SCENES, names=["A"])) == {"names-not-one-per-drone"}
    assert refusal(Storyboard(pads=PADS, scenes=[Scene("back", ring(10, 20), -1)])) == {"hold-negative"}
    assert refusal(Storyboard(pads=PADS + np.array([0, 0, 1]), scenes=SCENES)) == {"pad-off-ground"}
    assert refusal(Storyboard(pads=PADS, scenes=SCENES, limits=Limits(altitude_m=12))) == {
        "take-off-too-high"
    }
    assert refusal(Storyboard(pads=PADS, scenes=[Scene("tight", ring(5, 20))])) == {"goal-too-close"}
    small = Site(fence=((-9.0, -9.0), (9.0, -9.0), (9.0, 9.0), (-9.0, 9.0)))
    assert refusal(Storyboard(pads=PADS, scenes=SCENES, site=small)) == {"goal-outside-area"}
    assert refusal(Storyboard(pads=PADS, scenes=[Scene("far", ring(5000, 20))])) == {"show-too-wide"}


@pytest.mark.parametrize(
    ("motion_ms", "change", "codes"),
    [
        (900, lambda m: m, {"motion-too-fast"}),
        (5000, lambda m: m * [1, 1, -0.1] + [0, 0, 22], {"motion-below-navigation"}),
    ],
)
def test_a_moving_formation_keeps_the_limits_too(motion_ms, change, codes):
    moved = turning()
    moved[:, :, 2:] = change(moved[:, :, 2:])
    if codes == {"motion-below-navigation"}:
        moved[:, :, 2:, 2] = 2.0

    found = refusal(Storyboard(pads=PADS, scenes=[Scene("m", ring(10, 20), 0, np.array([motion_ms]), moved)]))

    assert codes <= found


def test_a_moving_formation_keeps_apart():
    moved = turning()
    moved[:, :, 2:, :2] *= 0.5

    found = refusal(Storyboard(pads=PADS, scenes=[Scene("m", ring(10, 20), 0, np.array([9000]), moved)]))

    assert found == {"motion-too-close"}


def test_a_slower_show_flies_the_same_paths(show):
    slower = slowed(show.curves, 1.1)

    factor = slower.duration_ms / show.curves.duration_ms
    assert factor >= 1.1
    for at in (0, 7000, 23456):
        np.testing.assert_allclose(slower.at(at * factor), show.curves.at(at), atol=1e-9)
    with pytest.raises(ShowInvalid, match="factor-below-one"):
        slowed(show.curves, 0.9)


def test_energy_counts_hovering_wind_and_climbing(show):
    calm, windy = energy(show.curves, Battery()), energy(show.curves, Battery(), (4.0, 0.0))

    airborne = show.curves.duration_ms / 3_600_000
    assert (calm.used_wh < airborne * 400).all()
    assert (windy.used_wh > calm.used_wh).all()
    assert calm.holds
    assert not energy(show.curves, Battery(capacity_wh=1)).holds
    only_hover = Battery(drag_w=0, climb_w=0, idle_w=Battery().hover_w)
    np.testing.assert_allclose(energy(show.curves, only_hover).used_wh, airborne * Battery().hover_w)


def test_wind_takes_from_the_speed_until_nothing_is_left():
    assert in_wind(Limits(), (3.0, 4.0)).velocity_xy == 3.0
    with pytest.raises(ShowInvalid, match="wind-too-strong"):
        in_wind(Limits(), (8.0, 0.0))


@pytest.mark.parametrize(
    "wrong", [{"hover_w": -1}, {"reserve": 1.0}, {"capacity_wh": float("nan")}, {"volts": 3}]
)
def test_an_impossible_battery_is_refused(wrong):
    with pytest.raises(ShowInvalid, match="battery"):
        Battery.of(wrong)
