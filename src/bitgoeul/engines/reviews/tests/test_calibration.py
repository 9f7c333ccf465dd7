"""The model of leniency: against its equations written out, and over many panels whose truth is known."""

from fractions import Fraction
from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t as student

from bitgoeul.engines.reviews import (
    BadPanel,
    NotExact,
    RankChange,
    ReviewError,
    TooFewReviews,
    calibrate,
    indistinguishable,
    rank_changes,
    student_quantile,
)
from bitgoeul.kit.testing import examples


def simulated(seed, *, applications=60, reviewers=12, each=4, leniency=5.0, error=4.0, quality=10.0):
    chance = np.random.default_rng(seed)
    true_quality = chance.normal(60, quality, applications)
    true_leniency = chance.normal(0, leniency, reviewers)
    scores = []
    for a in range(applications):
        for r in chance.choice(reviewers, each, replace=False):
            points = true_quality[a] + true_leniency[r] + chance.normal(0, error)
            scores.append((f"A{a:03}", f"R{r:02}", Fraction(round(points * 1000), 1000)))
    return scores, true_quality, true_leniency


def by_mixed_model_equations(scores, ratio):
    """Solve the equations as the book prints them: qualities fixed, leniencies with E / B on the diagonal."""
    applications = sorted({a for a, _, _ in scores})
    reviewers = sorted({r for _, r, _ in scores})
    n, m = len(applications), len(reviewers)
    design = np.zeros((len(scores), n + m))
    for line, (a, r, _) in enumerate(scores):
        design[line, applications.index(a)] = design[line, n + reviewers.index(r)] = 1
    left = design.T @ design
    left[n:, n:] += ratio * np.eye(m)
    inverse = np.linalg.inv(left)
    solved = inverse @ design.T @ np.array([float(points) for *_, points in scores])
    return solved[:n], solved[n:], np.sqrt(inverse.diagonal()[:n]), np.sqrt(inverse.diagonal()[n:])


def test_estimates_and_errors_solve_the_mixed_model_equations():
    scores, _, _ = simulated(3)
    fit = calibrate(scores)

    ratio = fit.error_variance / fit.leniency_variance
    quality, leniency, quality_error, leniency_error = by_mixed_model_equations(scores, ratio)
    scale = sqrt(fit.error_variance)

    assert list(fit.quality.values()) == pytest.approx(quality.tolist(), abs=1e-9)
    assert list(fit.error.values()) == pytest.approx((scale * quality_error).tolist(), rel=1e-9)
    assert [float(x.value) for x in fit.leniency.values()] == pytest.approx(leniency.tolist(), abs=0.0005001)
    assert [x.standard_error for x in fit.leniency.values()] == pytest.approx(
        (scale * leniency_error).tolist(), rel=1e-9
    )


def test_variances_are_estimated_without_bias():
    fits = [calibrate(simulated(seed)[0]) for seed in range(120)]

    # The truth is 16 and 25; the mean of 120 panels has standard errors of about 0.16 and 1.
    assert np.mean([fit.error_variance for fit in fits]) == pytest.approx(16, abs=0.6)
    assert np.mean([fit.leniency_variance for fit in fits]) == pytest.approx(25, abs=4)


def test_standard_errors_cover_the_truth_as_often_as_they_say():
    inside = {"quality": [], "leniency": [], "raw": []}
    for seed in range(60):
        scores, quality, leniency = simulated(seed)
        fit = calibrate(scores)
        reach = student_quantile(0.9, fit.degrees_of_freedom)
        raw = {}
        for a, _, points in scores:
            raw.setdefault(a, []).append(float(points))
        for number, name in enumerate(fit.quality):
            inside["quality"].append(abs(fit.quality[name] - quality[number]) <= reach * fit.error[name])
            off = abs(np.mean(raw[name]) - quality[number])
            inside["raw"].append(off <= reach * fit.raw_error[name])
        for number, about in enumerate(fit.leniency.values()):
            inside["leniency"].append(
                abs(float(about.value) - leniency[number]) <= reach * about.standard_error
            )

    assert {name: round(float(np.mean(hits)), 2) for name, hits in inside.items()} == {
        "quality": pytest.approx(0.9, abs=0.03),
        "raw": pytest.approx(0.9, abs=0.03),
        "leniency": pytest.approx(0.9, abs=0.04),
    }


def test_calibrated_scores_are_nearer_to_the_truth_than_raw_ones():
    off = {"calibrated": [], "raw": []}
    for seed in range(10):
        scores, quality, _ = simulated(seed, leniency=8)
        fit = calibrate(scores)
        raw = [np.mean([float(p) for a, _, p in scores if a == name]) for name in fit.quality]
        off["calibrated"].append(np.mean((np.array(list(fit.quality.values())) - quality) ** 2))
        off["raw"].append(np.mean((np.array(raw) - quality) ** 2))

    assert np.mean(off["calibrated"]) < 0.5 * np.mean(off["raw"])


def test_a_reviewer_who_is_severe_to_everybody_is_found_and_shifts_no_ranks():
    scores, _, _ = simulated(5, leniency=3)
    harsher = [(a, r, points - 20 if r == "R03" else points) for a, r, points in scores]

    before, after = calibrate(scores), calibrate(harsher)

    drop = float(before.leniency["R03"].value - after.leniency["R03"].value)
    assert drop == pytest.approx(20 * 11 / 12, abs=1.5)
    moved = [c for c in rank_changes(before.quality, after.quality) if abs(c.before - c.after) > 4]
    assert moved == []


def test_where_reviewers_do_not_differ_nothing_is_corrected():
    marks = [3, -3, -3, 3]
    # Each reviewer is as often above as below.
    scores = [(f"A{n}", f"R{k}", 50 + n + marks[(n + k) % 4] * (-1) ** k) for n in range(8) for k in range(4)]

    fit = calibrate(scores)

    assert fit.leniency_variance == 0
    assert {str(about.value) for about in fit.leniency.values()} == {"0.000"}
    assert all(fit.quality[f"A{n}"] == pytest.approx(50 + n, abs=3) for n in range(8))


def test_without_any_error_leniency_is_found_exactly():
    given_ = {"R0": -2, "R1": 0, "R2": 2}
    scores = [(f"A{n}", r, 50 + 3 * n + plus) for n in range(4) for r, plus in given_.items()]

    fit = calibrate(scores)

    assert fit.error_variance == pytest.approx(0, abs=1e-18)
    assert {r: float(about.value) for r, about in fit.leniency.items()} == given_
    assert list(fit.quality.values()) == pytest.approx([50, 53, 56, 59])


def test_a_reviewer_of_few_files_is_corrected_less_and_known_less():
    scores, _, _ = simulated(8)
    new = [*scores, ("A000", "R99", scores[0][2] + 15)]

    fit = calibrate(new)

    others = [about.standard_error for name, about in fit.leniency.items() if name != "R99"]
    assert fit.leniency["R99"].standard_error > max(others)
    assert 0 < fit.leniency["R99"].value < 12
    assert fit.leniency["R99"].reviews == 1


@given(st.integers(0, 10**6), st.randoms())
@settings(max_examples=examples(15), deadline=None)
def test_the_order_of_scores_does_not_matter_and_a_shift_of_all_moves_only_qualities(seed, chance):
    scores, _, _ = simulated(seed, applications=12, reviewers=5, each=3)
    fit = calibrate(scores)
    shifted = [(a, r, points + 7) for a, r, points in scores]
    chance.shuffle(scores)

    assert calibrate(scores) == fit
    moved = calibrate(shifted)
    assert list(moved.quality.values()) == pytest.approx([q + 7 for q in fit.quality.values()])
    assert moved.error_variance == pytest.approx(fit.error_variance)


def test_reviewers_without_a_common_file_cannot_be_told_apart_from_quality():
    with pytest.raises(TooFewReviews):
        calibrate([("A1", "R1", 5), ("A2", "R2", 9)])
    with pytest.raises(TooFewReviews):
        calibrate([])
    with pytest.raises(BadPanel):
        calibrate([("A1", "R1", 5), ("A1", "R1", 9)])
    with pytest.raises(NotExact):
        calibrate([("A1", "R1", 5.5), ("A1", "R2", 9)])


def test_equal_scores_share_the_best_place():
    changes = rank_changes({"a": 9, "b": 9, "c": 8}, {"a": "1.5", "b": 3, "c": 2})

    assert changes == [RankChange("b", 1, 1), RankChange("c", 3, 2), RankChange("a", 1, 3)]
    with pytest.raises(BadPanel):
        rank_changes({"a": 1}, {"b": 1})


def test_whoever_is_nearer_to_the_line_than_chance_reaches_is_in_the_band():
    scores = {"a": 73, "b": "71.9", "c": "68.1", "d": 67}
    band = {"line": 70, "confidence": 0.95, "degrees_of_freedom": 10**9}

    # 1.96 times the error.
    assert indistinguishable(scores, dict.fromkeys("abcd", 1.0), **band) == ("b", "c")
    assert indistinguishable(scores, dict.fromkeys("abcd", 0.0), **band) == ()
    assert indistinguishable(scores, dict.fromkeys("abcd", 1.0), line_error=1.3, **band) == (
        "a",
        "b",
        "c",
        "d",
    )


@pytest.mark.parametrize("freedom", [3, 5, 10, 30, 1000])
@pytest.mark.parametrize("confidence", [0.5, 0.8, 0.9, 0.95])
def test_quantiles_are_those_of_student(confidence, freedom):
    expected = student.ppf((1 + confidence) / 2, freedom)

    assert student_quantile(confidence, freedom) == pytest.approx(
        expected, rel=0.02 if freedom < 10 else 1e-4
    )


@pytest.mark.parametrize(("confidence", "freedom"), [(0, 5), (1, 5), (0.9, 0)])
def test_a_confidence_lies_between_nothing_and_certainty(confidence, freedom):
    with pytest.raises(ReviewError):
        student_quantile(confidence, freedom)
