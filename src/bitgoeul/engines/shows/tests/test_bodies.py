"""Meshes, files of points, spares and moving formations."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitgoeul.engines.shows import Formation, Limits, ShowInvalid, formations
from bitgoeul.engines.shows.formations import (
    Morph,
    Placing,
    Pulse,
    Rotate,
    Translate,
    Waving,
    closest,
    moving,
    with_spares,
)

LIMITS = Limits()
BOX = """v 0 0 0\nv 2 0 0\nv 2 1 0\nv 0 1 0\nv 0 0 -1\nv 2 0 -1\nv 2 1 -1\nv 0 1 -1
f 1 2 3 4\nf 5 8 7 6\nf 1 5 6 2\nf 2 6 7 3\nf 3 7 8 4\nf 5 1 4 8\n"""


def refusal(make):
    with pytest.raises(ShowInvalid) as refused:
        make()
    return [(p.code, dict(p.facts)) for p in refused.value.problems]


def box(kind):
    import trimesh

    made = trimesh.load(trimesh.util.wrap_as_stream(BOX), file_type="obj")
    exported = made.export(file_type=kind)
    return exported if isinstance(exported, bytes) else exported.encode()


@pytest.mark.parametrize("kind", ["obj", "stl", "glb"])
def test_drones_lie_on_the_faces_of_a_body_in_each_format(kind):
    placing = Placing(drones=150)

    made = formations.mesh(box(kind), kind, placing, up="y")

    points = made.formation.points
    assert len(points) == 150
    assert closest(points) >= placing.spacing
    # The box is 2 wide, 1 high (y of the file) and 1 deep: each point lies on one of its six faces.
    half = np.array([1.0, 0.5, 0.5]) * made.size_m / 2
    away = np.abs(np.abs(points - [0, 0, 20 + half[2]]) - half).min(axis=1)
    assert away.max() < 1e-6
    assert np.ptp(points, axis=0) == pytest.approx(2 * half, rel=0.02)


def test_along_its_edges_a_box_is_a_frame():
    made = formations.mesh(BOX.encode(), "obj", Placing(drones=160), edges=True)

    half = np.array([1.0, 0.5, 0.5]) * made.size_m / 2
    on_faces = np.abs(np.abs(made.formation.points - [0, 0, 20 + half[2]]) - half) < 1e-6
    assert (on_faces.sum(axis=1) >= 2).all()
    assert (on_faces.sum(axis=1) == 3).sum() == 8


def test_round_edges_of_a_body_are_found():
    import trimesh

    made = formations.mesh(
        trimesh.creation.cylinder(1, 2).export(file_type="stl"), "stl", Placing(drones=80), edges=True
    )

    levels, counts = np.unique(np.round(made.formation.points[:, 2], 6), return_counts=True)
    assert len(levels) == 2
    assert counts.tolist() == [40, 40]


@pytest.mark.parametrize(
    ("source", "kind", "code"),
    [
        (b"", "obj", "mesh-unreadable"),
        (b"v 0 0 0\nv 1 0 0\nv 0 1 0\n", "obj", "mesh-unreadable"),
        (b"v 0 0 0\nv 1 0 0\nv nan 1 0\nf 1 2 3\n", "obj", "mesh-not-finite"),
        (b"v 0 0 0\nv 1 0 0\nv 1e300 1 0\nf 1 2 3\n", "obj", "mesh-not-finite"),
        (b"v 0 0 0\nv 1 0 0\nv 2 0 0\nf 1 2 3\n", "obj", "mesh-empty"),
        (b"v 0 0 0\nv 0 0 0\nv 0 0 0\nf 1 2 3\n", "obj", "mesh-empty"),
        (b"solid nothing\nendsolid\n", "stl", "mesh-unreadable"),
        (b"glTF", "glb", "mesh-unreadable"),
        (b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 9\n", "obj", "mesh-unreadable"),
        (b"", "fbx", "kind-unknown"),
    ],
)
def test_meshes_without_a_surface_are_refused(source, kind, code):
    [(found, _)] = refusal(lambda: formations.mesh(source, kind, Placing(drones=9)))

    assert found in {code, "mesh-empty"} if code == "mesh-unreadable" else found == code


def test_points_of_a_file_stay_where_they_are_and_keep_their_colours():
    made = formations.point_file(b"x,y,z,r,g,b\n0,0,20,255,0,0\n0,5,20,0,0,255\n", LIMITS)

    assert made.formation.points.tolist() == [[0, 0, 20], [0, 5, 20]]
    assert made.formation.colours.tolist() == [[255, 0, 0], [0, 0, 255]]
    assert (made.closest_m, made.size_m) == (5.0, 5.0)


def test_points_that_are_too_near_say_how_many_do_fit_and_which_scale_would_hold_all():
    crowded = b"0,0,20\n2,0,20\n4,0,20\n"

    [(code, facts)] = refusal(lambda: formations.point_file(crowded, LIMITS))

    assert (code, facts["fits"], facts["wanted"]) == ("points-too-close", 2, 3)
    assert len(formations.point_file(crowded, LIMITS, scale=facts["scale"]).formation.points) == 3


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (b"", [("points-empty", "points")]),
        (b"x,y,z\n", [("points-empty", "points")]),
        (b"1,2\n", [("row-columns", "line 1")]),
        (
            b"1,2,3\n1,2,x\n1,2,nan\n1,2,3,4\n",
            [("row-number", "line 2"), ("row-number", "line 3"), ("row-columns", "line 4")],
        ),
        (b"1,2,3,0,0,256\n", [("row-number", "line 1")]),
        (b"1,2,1e9\n", [("row-number", "line 1")]),
        (b"\xff\xfe", [("points-unreadable", "points")]),
    ],
)
def test_lines_that_are_no_points_are_named(source, expected):
    with pytest.raises(ShowInvalid) as refused:
        formations.point_file(source, LIMITS)

    assert [(p.code, p.where) for p in refused.value.problems] == expected


def test_a_file_with_another_number_of_points_than_drones_is_refused():
    expected = [("points-not-drones", {"points": 1, "drones": 2})]
    assert refusal(lambda: formations.point_file(b"1,2,3\n", LIMITS, drones=2)) == expected


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 60), st.integers(0, 400), st.sampled_from(["behind", "above"]), st.sampled_from([1.0, 2.0])
)
def test_spares_wait_in_the_dark_and_keep_the_spacing(drones, spares, where, downwash):
    limits = Limits(downwash=downwash)
    figure = formations.plane(Placing(drones=drones, limits=limits)).formation

    whole = with_spares(figure, drones + spares, limits, where=where)

    assert len(whole.points) == drones + spares
    assert whole.points[:drones].tobytes() == figure.points.tobytes()
    assert whole.lit.tolist() == [True] * drones + [False] * spares
    assert not whole.colours[drones:].any()
    assert closest(whole.points, downwash) >= 3.15
    assert limits.navigation_m <= whole.points[:, 2].min()
    assert whole.points[:, 2].max() <= limits.altitude_m


def test_spares_that_would_hang_above_the_highest_altitude_are_refused():
    figure = formations.plane(Placing(drones=40, lowest_z=140.0)).formation

    assert refusal(lambda: with_spares(figure, 50, LIMITS, where="above"))[0][0] == "holding-too-high"
    assert refusal(lambda: with_spares(figure, 30, LIMITS))[0][0] == "formation-larger-than-fleet"


MOTIONS = [
    [Rotate(turns=1.0)],
    [Rotate(turns=0.5, axis=(1.0, 0.0, 1.0)), Translate(by=(10.0, 5.0, 20.0))],
    [Pulse(factor=1.4, beats=2)],
    [Waving(amplitude_m=5.0)],
]


@pytest.mark.parametrize("motions", MOTIONS, ids=["turn", "turn and drift", "pulse", "flag"])
def test_a_moving_formation_is_smooth_rests_at_both_ends_and_keeps_the_spacing(motions):
    flag = formations.plane(Placing(drones=80, spacing_m=3.5)).formation

    flight = moving(flag, motions, 20.0, LIMITS)

    steps = np.diff(flight.times_s)[:, None, None]
    leaving = (flight.controls[:, :, 1] - flight.controls[:, :, 0]) / steps
    arriving = (flight.controls[:, :, 3] - flight.controls[:, :, 2]) / steps
    assert flight.controls.shape == (40, 80, 4, 3)
    assert (flight.controls[1:, :, 0] == flight.controls[:-1, :, 3]).all()
    assert np.allclose(leaving[1:], arriving[:-1], atol=1e-9)
    assert not leaving[0].any()
    assert not arriving[-1].any()
    assert np.allclose(flight.begins.points, flag.points, atol=1e-9)
    assert flight.closest_m >= 3.15
    looked = [flight.at(moment) for moment in np.linspace(0, 20, 161)]
    assert flight.closest_m == pytest.approx(min(closest(points) for points in looked), abs=1e-9)


def test_a_whole_turn_ends_where_it_began_and_half_of_one_is_the_mirror():
    ring = formations.ring(Placing(drones=40)).formation

    assert np.allclose(moving(ring, [Rotate(turns=1)], 20.0, LIMITS).ends.points, ring.points, atol=1e-9)
    half = moving(ring, [Rotate(turns=0.5)], 20.0, LIMITS).ends.points
    assert np.allclose(half, ring.points * [-1, -1, 1], atol=1e-9)


def test_one_formation_changes_into_another_of_equal_number():
    a = formations.plane(Placing(drones=30)).formation
    b = replace(a, points=a.points * 1.5)

    flight = moving(a, [Morph(into=b)], 10.0, LIMITS)

    assert flight.ends.points == pytest.approx(b.points)
    fewer = Formation(b.points[:9], b.colours[:9], b.lit[:9])
    assert refusal(lambda: moving(a, [Morph(into=fewer)], 10.0, LIMITS)) == [
        ("morph-unequal", {"points": 9, "drones": 30})
    ]


def test_a_motion_that_brings_drones_too_near_says_when_and_by_how_much_to_grow():
    tight = formations.plane(Placing(drones=30)).formation

    [(code, facts)] = refusal(lambda: moving(tight, [Pulse(factor=0.5, beats=1)], 10.0, LIMITS))

    assert code == "moving-too-close"
    assert facts["closest"] == pytest.approx(3.15 / 2, rel=1e-3)
    assert facts["at_s"] == pytest.approx(5.0, abs=0.2)
    grown = replace(tight, points=tight.points * facts["scale"] * 1.000001)
    assert moving(grown, [Pulse(factor=0.5, beats=1)], 10.0, LIMITS).closest_m >= 3.12


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda f: moving(f, [], 10.0, LIMITS), "motion-missing"),
        (lambda f: moving(f, [Rotate()], float("nan"), LIMITS), "time-out-of-range"),
        (lambda f: moving(f, [Rotate()], 10.0, LIMITS, step_s=0.0), "time-out-of-range"),
        (lambda f: moving(f, [Translate(by=(float("inf"), 0.0, 0.0))], 10.0, LIMITS), "value-not-finite"),
        (lambda f: moving(f, [Rotate(axis=(0.0, 0.0, 0.0))], 10.0, LIMITS), "axis-unknown"),
    ],
    ids=["none", "nan", "no step", "infinite", "no axis"],
)
def test_impossible_motions_are_refused(make, code):
    figure = formations.plane(Placing(drones=9)).formation

    assert refusal(lambda: make(figure))[0][0] == code
