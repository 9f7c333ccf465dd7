"""`.skyc`: what is written is read back bit by bit, also by a reader written from the format alone."""

import base64
import io
import json
import zipfile
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitgoeul.engines.shows import (
    CANONICAL,
    Limits,
    Music,
    Show,
    ShowInvalid,
    Site,
    _archive,
    from_skyc,
    prove,
    to_skyc,
    written,
)

from .fleets import gliding, random_show
from .test_proof import CALM, FIELD, calm


def a_show(curves=None):
    curves = random_show(2, together=False) if curves is None else curves
    return Show(
        title="빛고을의 밤",
        curves=curves,
        limits=Limits(velocity_xy=9.5, altitude_m=99),
        site=Site(
            fence=FIELD.fence, holes=FIELD.holes, origin=(35.1595454, 126.8526012, 30.5), orientation_deg=12.0
        ),
        names=tuple(f"D-{k}" for k in range(curves.drones)),
        lights=tuple(bytes([4, k, 2, 3, 50, 0]) for k in range(curves.drones)),
        phases={"takeoff": (0, 2000), "show": (2000, 15_000), "landing": (15_000, 20_000)},
        cues=((0, "start"), (7000, "별")),
        music=Music(filename="a.mp3", media_type="audio/mpeg", sound=b"ID3", starts_ms=500),
    )


def plainly(packed):
    """Read drones from a file by the description of the format alone: (name, takeoff, points, lights)."""
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        show = json.loads(archive.read("show.json"))
        assert show["version"] == 1
        for drone in show["swarm"]["drones"]:
            parts = {}
            for name in ("trajectory", "lights"):
                reference = drone["settings"][name]["$ref"]
                parts[name] = json.loads(archive.read(reference.removeprefix("./").removesuffix("#")))
                assert parts[name]["version"] == 1
            yield (
                drone["settings"]["name"],
                parts["trajectory"]["takeoffTime"],
                parts["trajectory"]["points"],
                base64.b64decode(parts["lights"]["data"]),
            )


@pytest.mark.parametrize("per_metre", [3, 250, 1000, CANONICAL])
@pytest.mark.parametrize("together", [True, False])
def test_a_show_is_read_back_bit_by_bit(per_metre, together):
    show = a_show(random_show(4, together=together, per_metre=per_metre))

    back = from_skyc(to_skyc(show, None))

    assert back.curves.digest() == show.curves.digest()
    for name in ("title", "limits", "site", "names", "lights", "phases", "cues", "music"):
        assert getattr(back, name) == getattr(show, name), name
    assert to_skyc(back, None) == to_skyc(show, None)


def test_a_reader_that_knows_only_the_format_sees_the_same_paths():
    show = a_show()
    (packed,) = to_skyc(show, None)

    for drone, (name, takeoff, points, lights) in enumerate(plainly(packed)):
        assert (name, lights) == (f"D-{drone}", show.lights[drone])
        times = [takeoff + point[0] for point in points]
        assert all(later - earlier >= 0.001 for earlier, later in pairwise(times))
        assert all(len(point[2]) in (0, 2) for point in points)
        for k in range(1, len(points)):
            controls = np.array([points[k - 1][1], *points[k][2], points[k][1]])
            middle = (times[k - 1] + times[k]) / 2
            where = controls.mean(axis=0) if len(controls) == 2 else np.array([1, 3, 3, 1]) / 8 @ controls
            np.testing.assert_allclose(show.curves.at(1000 * middle)[drone], where, atol=1e-6)


def test_a_certified_show_carries_its_certificate():
    show = Show(title="", curves=calm(), limits=CALM, site=FIELD)
    certificate = prove(calm(), CALM, FIELD)

    (packed,) = to_skyc(show, certificate)

    assert zipfile.ZipFile(io.BytesIO(packed)).read("certificate.json").decode() == written(certificate)


@pytest.mark.slow
def test_a_fleet_of_more_than_five_thousand_is_split():
    spots = np.zeros((2, 5001, 3))
    spots[:, :, 0], spots[:, :, 1] = np.arange(5001) % 100 * 3, np.arange(5001) // 100 * 3
    spots[1, :, 2] = 9
    show = Show(title="", curves=gliding(spots, [9000]))

    files = to_skyc(show, None)

    assert len(files) == 2
    assert from_skyc(files).curves.digest() == show.curves.digest()
    with pytest.raises(ShowInvalid):
        from_skyc([*files, *files])


def packed(show, **entries):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("show.json", json.dumps(show))
        for name, content in entries.items():
            archive.writestr(name, content)
    return out.getvalue()


def one_drone(**trajectory):
    path = {"version": 1, "points": [[0, [0, 0, 0], []], [1, [0, 0, 5], []]]} | trajectory
    return {"version": 1, "swarm": {"drones": [{"settings": {"trajectory": path}}]}}


def refused(files):
    with pytest.raises(ShowInvalid) as problem:
        from_skyc(files)
    return problem.value.problems[0].code


def test_lines_and_quadratics_become_cubics():
    show = from_skyc(
        [
            packed(
                one_drone(
                    takeoffTime=2, points=[[0, [0, 0, 0]], [3, [0, 0, 6], []], [5, [3, 0, 6], [[0, 0, 9]]]]
                )
            )
        ]
    )

    assert show.curves.ends_ms.tolist() == [2000, 5000, 7000]
    np.testing.assert_allclose(show.curves.at(3500), [[0, 0, 3]])
    np.testing.assert_allclose(show.curves.at(6000), [[0.75, 0, 7.5]])


@pytest.mark.parametrize(
    ("points", "code"),
    [
        ([], "path-empty"),
        ([[0, [0, 0, 0]], [0, [0, 0, 1]]], "times-not-increasing"),
        ([[0, [0, 0, 0]], [0.0001, [0, 0, 1]]], "times-not-increasing"),
        ([[-1, [0, 0, 0]], [1, [0, 0, 1]]], "time-impossible"),
        ([[0, [0, 0, 0]], [1e9, [0, 0, 1]]], "time-impossible"),
        ([[0, [0, 0, 0]], [1, [0, 0, 1e5]]], "coordinate-too-far"),
        ([[0, [0, 0, 0]], [1, [0, 0, True]]], "number-expected"),
        ([[0, [0, 0, 0]], [1, [0, 0]]], "point-impossible"),
        ([[0, [0, 0, 0]], [1, [0, 0, 1], [[0, 0, 0]] * 3]], "curve-not-cubic"),
        ([[0, [0, 0, 0]]], "no-time"),
    ],
)
def test_a_path_that_cannot_be_flown_is_refused(points, code):
    assert refused([packed(one_drone(points=points))]) == code


def test_two_drones_on_one_pad_are_refused():
    show = one_drone()
    show["swarm"]["drones"] *= 2

    assert refused([packed(show)]) == "pad-shared"


def test_numbers_that_are_none_are_refused():
    broken = packed(one_drone()).replace(b"", b"")
    text = json.dumps(one_drone()).replace("[0, 0, 5]", "[0, NaN, 5]")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("show.json", text)

    assert from_skyc([broken]).curves.drones == 1
    assert refused([out.getvalue()]) == "json-unreadable"


def test_a_bomb_is_not_unpacked(monkeypatch):
    monkeypatch.setattr(_archive, "UNPACKED", 1 << 20)
    show = one_drone()
    show["swarm"]["drones"][0]["settings"]["trajectory"] = {"$ref": "./bomb"}

    assert refused([packed(show, bomb=b"0" * (2 << 20))]) == "archive-too-large"


def test_a_reference_leads_nowhere_else():
    show = one_drone()
    for path in ("../../etc/passwd", "/etc/passwd"):
        show["swarm"]["drones"][0]["settings"]["trajectory"] = {"$ref": path}
        assert refused([packed(show)]) == "reference-impossible"


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_bytes_are_a_show_or_refused(data):
    good = bytearray(to_skyc(a_show(), None)[0])
    for _ in range(data.draw(st.integers(1, 4))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))

    try:
        from_skyc([bytes(good)])
    except ShowInvalid as refusal:
        codes = [problem.code for problem in refusal.problems]
    else:
        codes = ["read"]
    assert all(codes)


KEYS = ["points", "drones", "settings", "trajectory", "$ref", "lights", "data", "origin"]
json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(["environment", "meta", "media", "settings", "swarm"]), json_values, st.booleans())
def test_any_json_is_a_show_or_refused(part, value, deep):
    show = one_drone()
    if deep:
        show["swarm"]["drones"][0]["settings"]["trajectory"]["points"][1] = value
    else:
        show[part] = value

    try:
        from_skyc([packed(show)])
    except ShowInvalid as refusal:
        codes = [problem.code for problem in refusal.problems]
    else:
        codes = ["read"]
    assert all(codes)
