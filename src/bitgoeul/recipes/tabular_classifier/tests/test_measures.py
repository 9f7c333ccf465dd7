"""The measures agree with scikit-learn, and with what can be counted by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference


def some(seed: int, rows: int = 400):
    random = np.random.default_rng(seed)
    probability = random.integers(1, 40, rows) / 40  # many ties
    late = random.random(rows) < probability
    late[:2] = [True, False]
    return late, probability


@given(st.integers(0, 10_000))
def test_for_every_sample_the_measures_agree_with_the_reference(seed):
    import measures

    late, probability = some(seed)

    assert measures.auc(late, probability) == pytest.approx(reference.roc_auc_score(late, probability))
    assert measures.log_loss(late, probability) == pytest.approx(reference.log_loss(late, probability))
    assert measures.brier(late, probability) == pytest.approx(reference.brier_score_loss(late, probability))
    low, high = measures.auc_interval(late, probability)
    assert low <= measures.auc(late, probability) <= high


@given(st.integers(0, 10_000))
def test_for_every_sample_the_confusion_and_the_calibration_count_every_row(seed):
    import measures

    late, probability = some(seed)

    cells = measures.confusion(late, probability, 0.5)
    points = measures.calibration(late, probability)

    assert sum(cells.values()) == len(late)
    assert sum(n for *_, n in points) == len(late)
    assert sum(o * n for _, o, n in points) == pytest.approx(late.sum(), abs=0.01)


def test_the_area_under_the_thinned_roc_curve_is_the_auc():
    import measures

    late, probability = some(7, 5000)
    curve = np.array(measures.roc(late, probability))

    area = np.trapezoid(curve[:, 1], curve[:, 0])

    assert curve[0].tolist() == [0, 0]
    assert curve[-1].tolist() == [1, 1]
    assert (np.diff(curve, axis=0) >= 0).all()
    assert area == pytest.approx(measures.auc(late, probability), abs=0.005)


def test_perfectly_calibrated_groups_have_no_calibration_error():
    import measures

    assert measures.calibration_error([[0.2, 0.2, 10], [0.7, 0.7, 30]]) == 0
    assert measures.calibration_error([[0.2, 0.3, 10], [0.7, 0.7, 30]]) == pytest.approx(0.025)
