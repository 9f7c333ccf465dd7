"""The independent checker: it agrees with the proof, and names whatever was altered."""

import json
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitgoeul.engines.shows import Limits, Show, Site, from_skyc, prove, to_skyc, written
from bitgoeul.engines.shows.check_show import Unusable, above, check

from .fleets import changed, gliding, random_show
from .test_proof import CALM, FIELD, GENEROUS, calm


def handed_over(curves, limits=CALM, site=FIELD):
    """A show as two files: its certificate, and its paths."""
    show = Show(title="밤하늘", curves=curves, limits=limits, site=site)
    return written(prove(curves, limits, site)).encode(), to_skyc(show, None)


def test_a_show_that_holds_is_confirmed():
    verdict = check(*handed_over(calm()))

    assert (verdict.holds, verdict.drones, verdict.pairs_checked) == (True, 4, 6)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.booleans(), st.sampled_from([1.0, 1.5, 2.0]), st.floats(0.3, 4))
def test_what_the_proof_says_the_checker_confirms(seed, together, downwash, distance):
    curves = random_show(seed, drones=3, legs=2, together=together, per_metre=250)
    limits = Limits(**GENEROUS.as_data() | {"downwash": downwash, "distance_m": distance})
    certificate, files = handed_over(curves, limits)
    broken = [bound["name"] for bound in json.loads(certificate)["bounds"] if not bound["holds"]]

    verdict = check(certificate, files)

    # A show that breaks a limit is confirmed to break the first of those that its certificate names.
    assert (verdict.holds, verdict.where) == (not broken, broken[0] if broken else "")


@pytest.mark.parametrize(
    ("segment", "control", "by", "name"),
    [
        (5, 3, (0, 0, -20_000), "ground"),
        (4, 1, (500, 0, 0), "navigation"),
        (5, 2, (0, 200_000, 0), "fence"),
        (5, 2, (-110_000, -100_000, 0), "holes"),
        (5, 2, (0, -180_000, 0), "audience"),
        (5, 1, (5_000, 0, 0), "velocity_jump"),
        (5, 3, (-4_000, 0, 0), "distance"),
        (5, 2, (40_000, 0, 0), "velocity_xy"),
        (4, 1, (0, 0, 60_000), "velocity_up"),
        (7, 2, (0, 0, 90_000), "velocity_down"),
        (5, 2, (0, 0, 500_000), "altitude"),
    ],
)
def test_a_show_that_was_altered_after_its_proof_is_found_by_both(segment, control, by, name):
    """The old certificate does not fit, nor one that only carries the new digest."""
    curves = changed(calm(), segment, control, by)
    old, _ = handed_over(calm())
    new, files = handed_over(curves)
    forged = json.loads(old) | {"digest": json.loads(new)["digest"]}
    found = {bound["name"]: bound for bound in json.loads(new)["bounds"]}[name]

    assert check(old, files).where == "digest"
    assert not check(json.dumps(forged).encode(), files).holds
    # Only this bound is forged: the checker names it, with the drone.
    honest = json.loads(new)
    honest["bounds"] = [
        bound if bound["name"] != name else before
        for bound, before in zip(honest["bounds"], forged["bounds"], strict=True)
    ]
    honest["holds"] = all(bound["holds"] for bound in honest["bounds"])
    verdict = check(json.dumps(honest).encode(), files)
    assert (verdict.holds, verdict.where.split(" ")[0]) == (False, f"{name}/value")
    assert 1 in found["violations"][0]["drones"]


def alterations():
    """Ways to touch a certificate, and what is then named."""
    names = ["distance", "velocity_xy", "velocity_up", "velocity_down", "acceleration", "jerk", "altitude",
             "ground", "navigation", "fence", "audience"]  # fmt: skip
    for index, name in enumerate(names):
        for by in (-0.01, 0.01):
            yield pytest.param((name, "value", by), f"{name}/value", id=f"{name}{by:+}")
        if name != "jerk":  # which is the same over a whole segment
            yield pytest.param((name, "at_ms", 700.0 + index), f"{name}/", id=f"{name} when")
        yield pytest.param((name, "limit", 1.0), f"{name}/limit", id=f"{name} limit")
    yield pytest.param(("ground", "drones", [9]), "ground/value/drones", id="a drone that is not there")


@pytest.mark.parametrize(("alteration", "where"), list(alterations()))
def test_an_altered_bound_is_named(alteration, where):
    stops = np.array([[[0, 0, 5], [4, 0, 5]], [[1, 3, 9], [5, 3, 7]], [[9, 0, 6], [13, 3, 5]]], float)
    limits = Limits(**CALM.as_data() | {"distance_m": 3.6})
    certificate, files = handed_over(gliding(stops, [5000, 12_000]), limits)
    data = json.loads(certificate)
    name, field, by = alteration
    (bound,) = [bound for bound in data["bounds"] if bound["name"] == name]
    bound[field] = by if isinstance(by, list) else bound[field] + by

    verdict = check(json.dumps(data).encode(), files)

    assert not verdict.holds
    assert verdict.where.startswith(where)


@pytest.mark.parametrize(
    ("key", "value", "where"),
    [
        ("format", "other", "format"),
        ("tolerance", 0.1, "tolerance"),
        ("drones", 5, "drones"),
        ("duration_ms", 1, "duration_ms"),
        ("units_per_metre", 7, "units_per_metre"),
        ("holds", False, "holds"),
        ("method", "sampled", "rules"),
        ("bounds", [], "bounds"),
        ("limits", {}, "certificate"),
        ("site", None, "certificate"),
    ],
)
def test_an_altered_head_is_named(key, value, where):
    certificate, files = handed_over(calm())

    verdict = check(json.dumps(json.loads(certificate) | {key: value}).encode(), files)

    assert (verdict.holds, verdict.where) == (False, where)


def test_a_violation_that_is_kept_quiet_is_found():
    stops = np.array([[[k * 1.0, 0, 10] for k in range(4)]] * 2, float)
    certificate, files = handed_over(gliding(stops, [1000]), Limits(distance_m=1.5))
    data = json.loads(certificate)
    assert [v["drones"] for v in data["bounds"][0]["violations"]] == [[0, 1], [1, 2], [2, 3]]
    del data["bounds"][0]["violations"][2]

    verdict = check(json.dumps(data).encode(), files)

    assert (verdict.where, verdict.found) == ("distance/value (drones [2, 3], 0.000 ms)", "1.0")


@pytest.mark.slow
def test_of_a_large_fleet_a_sample_and_all_near_pairs_are_checked():
    spots = np.array([[x * 4.0, y * 4.0, 10.0] for x in range(20) for y in range(16)])
    stops = np.array([spots, spots + np.array([1, 0, 3])])
    site = Site()
    curves = gliding(stops, [9000])
    certificate, files = handed_over(curves, Limits(distance_m=3.5), site)

    verdict = check(certificate, files)
    every = check(certificate, files, every_pair=True)

    near = 19 * 16 + 20 * 15
    assert (verdict.holds, verdict.pairs_checked, verdict.near_checked) == (True, 20_000, near)
    assert (every.holds, every.pairs_checked) == (True, every.pairs)
    stops[1, 0] = stops[1, 1] - np.array([1.0, 0, 0])
    other, altered = handed_over(gliding(stops, [9000]), Limits(distance_m=3.5), site)
    forged = json.loads(certificate) | {"digest": json.loads(other)["digest"]}
    forged["bounds"][2:] = json.loads(other)["bounds"][2:]
    assert "drones [0, 1]" in check(json.dumps(forged).encode(), altered).where


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(-1000, 1000), min_size=2, max_size=7), st.integers(-1000, 1000))
def test_a_polynomial_is_above_a_value_or_is_not(row, most):
    s = above(row, Fraction(most))

    shares = np.linspace(0, 1, 501)
    level = [np.full(501, float(c)) for c in row]
    while len(level) > 1:
        level = [(1 - shares) * a + shares * b for a, b in pairwise(level)]
    if s is None:
        assert level[0].max() <= most + 1e-9
    else:
        assert 0 <= s <= 1


@pytest.mark.parametrize("files", [[], [b""], [b"PK\x05\x06" + bytes(18)]])
def test_what_is_no_show_is_not_checked(files):
    with pytest.raises(Unusable):
        check(handed_over(calm())[0], files)


def test_the_checker_and_the_importer_read_the_same_paths():
    curves = random_show(5, together=False, per_metre=3_000_000)
    certificate, files = handed_over(curves, GENEROUS)

    assert json.loads(certificate)["digest"] == from_skyc(files).curves.digest()
    assert check(certificate, files).where != "digest"
