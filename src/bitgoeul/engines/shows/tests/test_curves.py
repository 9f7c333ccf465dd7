"""The paths of a fleet: what they are made of, and the digest that names them."""

import numpy as np
import pytest

from bitgoeul.engines.shows import Curves, Limits, ShowInvalid


def rising(per_metre=250, drones=3, height=10):
    """Each drone stands 3 m from the next and rises in a second, then hovers for another."""
    controls = np.zeros((2, drones, 4, 3), np.int64)
    controls[:, :, :, 0] = np.arange(drones)[None, :, None] * 3 * per_metre
    controls[0, :, :, 2] = np.array([0, 0, height, height]) * per_metre
    controls[1, :, :, 2] = height * per_metre
    return Curves.together(per_metre, np.array([1000, 2000]), controls)


def test_drones_are_where_their_curve_says():
    curves = rising()

    assert curves.drones == 3
    assert curves.duration_ms == 2000
    np.testing.assert_allclose(curves.at(500), [[0, 0, 5], [3, 0, 5], [6, 0, 5]])
    np.testing.assert_allclose(curves.at(5000)[:, 2], 10)
    np.testing.assert_allclose(curves.at(-1)[:, 2], 0)


def test_a_digest_does_not_depend_on_the_grid():
    assert rising(per_metre=250).digest() == rising(per_metre=1000).digest()
    assert rising().digest() != rising(height=11).digest()


def test_parts_fly_one_after_another_drone_by_drone():
    up = rising()
    stay = Curves.together(250, np.array([700]), up.controls[up.first[1:] - 1].reshape(1, 3, 4, 3))

    both = Curves.after_another([up, stay])

    assert both.duration_ms == 2700
    assert both.first.tolist() == [0, 3, 6, 9]
    assert both.ends_ms.tolist() == [1000, 2000, 2700] * 3
    np.testing.assert_allclose(both.at(500), up.at(500))


def test_a_path_that_jumps_is_no_path():
    curves = rising()
    torn = curves.controls.copy()
    torn[1, 0, 0] += 1

    with pytest.raises(ValueError, match="begins where"):
        Curves(curves.per_metre, curves.first, curves.ends_ms, torn)


def test_only_what_stands_on_the_ground_is_parked():
    standing = np.zeros((1, 1, 4, 3), np.int64)

    assert Curves.together(250, np.array([1000]), standing).parked().tolist() == [True]
    assert rising().parked().tolist() == [False] * 6


@pytest.mark.parametrize("name", ["distance_m", "velocity_xy", "jerk", "altitude_m"])
@pytest.mark.parametrize("value", [0, -1.0, float("nan"), float("inf")])
def test_limits_are_positive(name, value):
    with pytest.raises(ShowInvalid) as refused:
        Limits.of({name: value})

    assert [(p.code, p.where) for p in refused.value.problems] == [("limit-not-positive", name)]


def test_a_limit_nobody_knows_is_named():
    with pytest.raises(ShowInvalid, match="speed: limit-unknown"):
        Limits.of({"speed": 3})
