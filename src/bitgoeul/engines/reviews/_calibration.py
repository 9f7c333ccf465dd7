"""Severe and lenient reviewers: how much of a score comes from who gave it.

The model: score = quality of the application + leniency of the reviewer + error. Qualities are free;
leniencies are drawn around zero with variance B, errors with variance E. Both variances are estimated
from the scores themselves (Henderson's method III: each estimate is unbiased and needs no iteration), and
leniencies are shrunk towards zero by E / B, so a reviewer of few files is hardly corrected.

Sources: C. R. Henderson, "Estimation of variance and covariance components", Biometrics 9 (1953);
S. R. Searle, G. Casella, C. E. McCulloch, "Variance Components" (1992), 5.5 (estimates), 7.6 (mixed model
equations and the errors of predictions).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from ._errors import BadPanel, ReviewError, TooFewReviews
from ._exact import Exact, exact, rounded

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

LENIENCY_PLACES = 3


@dataclass(frozen=True)
class Leniency:
    """What is known about one reviewer.

    Attributes:
        value:          points that he gives above the others on the same applications; below zero: severe.
                        Rounded to three decimals: this number, as published, is what calibration subtracts.
        standard_error: of the value, points.
        reviews:        how many he wrote.
        noise:          root mean square of what the model leaves unexplained in them, points.
    """

    value: Decimal
    standard_error: float
    reviews: int
    noise: float


@dataclass(frozen=True)
class Calibration:
    """The model as fitted.

    Attributes:
        leniency:           reviewer -> what is known about him.
        quality:            application -> mean of its scores, each less its reviewer's leniency; points.
        error:              application -> standard error of its quality, points.
        raw_error:          application -> standard error of its plain mean, with chance also in who read it.
        error_variance:     E, points squared.
        leniency_variance:  B, points squared; 0 if reviewers do not differ more than chance explains.
        degrees_of_freedom: of E.
    """

    leniency: dict[str, Leniency]
    quality: dict[str, float]
    error: dict[str, float]
    raw_error: dict[str, float]
    error_variance: float
    leniency_variance: float
    degrees_of_freedom: int


def calibrate(scores: Sequence[tuple[str, str, Exact]]) -> Calibration:
    """Fit the model.

    Args:
        scores: (application, reviewer, points), each pair once, in any order.
    Raises: TooFewReviews unless applications share reviewers enough to leave a degree of freedom;
            BadPanel if a pair comes twice; NotExact for floats.
    """
    import numpy as np

    if len({(application, reviewer) for application, reviewer, _ in scores}) != len(scores):
        raise BadPanel("a reviewer scored an application twice")
    ordered = sorted(scores, key=lambda score: score[:2])
    applications = sorted({application for application, _, _ in ordered})
    reviewers = sorted({reviewer for _, reviewer, _ in ordered})
    row = {name: number for number, name in enumerate(applications)}
    column = {name: number for number, name in enumerate(reviewers)}
    fit = fitted(
        np.array([row[application] for application, _, _ in ordered], dtype=np.int64),
        np.array([column[reviewer] for _, reviewer, _ in ordered], dtype=np.int64),
        np.array([float(exact(points)) for _, _, points in ordered]),
    )
    return fit.named(applications, reviewers)


@dataclass(frozen=True)
class Fit:
    """The model over numbers instead of names.

    Arrays are (applications,) or (reviewers,), points.
    """

    leniency: Floats
    leniency_error: Floats
    noise: Floats
    reviews: Integers
    quality: Floats
    error: Floats
    raw_error: Floats
    error_variance: float
    leniency_variance: float
    degrees_of_freedom: int

    def published(self) -> list[Decimal]:
        """Return the leniencies as they are published and subtracted."""
        return [rounded(Fraction(value), LENIENCY_PLACES) for value in self.leniency.tolist()]

    def named(self, applications: Sequence[str], reviewers: Sequence[str]) -> Calibration:
        """Return the model with the names of its rows."""
        about = zip(
            self.published(), self.leniency_error.tolist(), self.reviews.tolist(), self.noise.tolist(),
            strict=True,
        )  # fmt: skip
        return Calibration(
            leniency=dict(zip(reviewers, (Leniency(*values) for values in about), strict=True)),
            quality=dict(zip(applications, self.quality.tolist(), strict=True)),
            error=dict(zip(applications, self.error.tolist(), strict=True)),
            raw_error=dict(zip(applications, self.raw_error.tolist(), strict=True)),
            error_variance=self.error_variance,
            leniency_variance=self.leniency_variance,
            degrees_of_freedom=self.degrees_of_freedom,
        )


def fitted(application: Integers, reviewer: Integers, score: Floats) -> Fit:
    """Fit the model over arrays.

    Args:
        application, reviewer: (n,) indices from 0, each used at least once, no pair twice.
        score: (n,) points.
    Raises: TooFewReviews.
    """
    import numpy as np

    reads = np.zeros((int(application.max(initial=-1)) + 1, int(reviewer.max(initial=-1)) + 1))
    reads[application, reviewer] = 1.0
    per_application, per_reviewer = reads.sum(axis=1), reads.sum(axis=0)
    mean = np.bincount(application, score, len(reads)) / per_application
    within = score - mean[application]
    # What is left of reviewers and their scores when the means of applications are taken out.
    scaled = reads / np.sqrt(per_application)[:, None]
    information = np.diag(per_reviewer) - scaled.T @ scaled
    excess = np.bincount(reviewer, within, len(per_reviewer))
    strength, directions = np.linalg.eigh(information)
    known = strength > 1e-9 * max(1.0, float(strength.max(initial=0.0)))
    turned = directions.T @ excess
    explained = float((turned[known] ** 2 / strength[known]).sum())
    freedom = len(score) - len(reads) - int(known.sum())
    if freedom < 1:
        raise TooFewReviews("applications share too few reviewers to tell leniency from quality")
    residual = max(0.0, float(within @ within) - explained)
    noise_variance = residual / freedom
    between = max(0.0, (explained - noise_variance * int(known.sum())) / float(strength[known].sum()))
    strength = np.where(known, strength, 0.0)
    denominator = strength * between + noise_variance
    # Without any error nothing is shrunk; without any difference everything is.
    shrink = np.divide(between, denominator, out=np.zeros_like(strength), where=denominator > 0)
    leniency = directions @ (shrink * turned)
    uncertain = np.where(known, shrink * noise_variance, between)
    covariance = (directions * uncertain) @ directions.T
    unexplained = within - leniency[reviewer] + (reads @ leniency / per_application)[application]
    spread = ((reads @ covariance) * reads).sum(axis=1) / per_application**2
    return Fit(
        leniency=leniency,
        leniency_error=np.sqrt(np.maximum(covariance.diagonal(), 0.0)),
        noise=np.sqrt(np.bincount(reviewer, unexplained**2, len(per_reviewer)) / per_reviewer),
        reviews=per_reviewer.astype(np.int64),
        quality=mean - reads @ leniency / per_application,
        error=np.sqrt(noise_variance / per_application + np.maximum(spread, 0.0)),
        raw_error=np.sqrt((noise_variance + between) / per_application),
        error_variance=noise_variance,
        leniency_variance=between,
        degrees_of_freedom=freedom,
    )


@dataclass(frozen=True)
class RankChange:
    """One application's place before and after; 1 is best, equal scores share the best place."""

    application: str
    before: int
    after: int


def rank_changes(before: Mapping[str, Exact | float], after: Mapping[str, Exact | float]) -> list[RankChange]:
    """Return the place of every application by two scores, in the order of the second.

    Raises: BadPanel if the two do not score the same applications.
    """
    if set(before) != set(after):
        raise BadPanel("both rankings need the same applications")
    old, new = _places(before), _places(after)
    return [RankChange(name, old[name], new[name]) for name in sorted(after, key=lambda n: (new[n], n))]


def _places(scores: Mapping[str, Exact | float]) -> dict[str, int]:
    # Published scores are decimals: they compare exactly, and much faster than fractions.
    plain = all(isinstance(score, int | Decimal) for score in scores.values())
    value: Mapping[str, Any] = scores if plain else {name: Fraction(score) for name, score in scores.items()}
    best_first = sorted(value, key=lambda name: value[name], reverse=True)
    places: dict[str, int] = {}
    for number, name in enumerate(best_first, start=1):
        above = best_first[number - 2] if number > 1 else name
        places[name] = places[above] if number > 1 and value[above] == value[name] else number
    return places


def indistinguishable(
    scores: Mapping[str, Exact],
    errors: Mapping[str, float],
    *,
    line: Exact,
    confidence: float,
    degrees_of_freedom: int,
    line_error: float = 0.0,
) -> tuple[str, ...]:
    """Return the applications that cannot be told apart from the cut line, sorted by name.

    They are those nearer to the line than t * sqrt(error**2 + line_error**2), where t is Student's two-sided
    quantile at the confidence.

    Args:
        scores:     application -> points.
        errors:     application -> standard error of its score, points: ``Calibration.error``, or
                    ``raw_error`` for scores that are not calibrated.
        line:       the score at the line.
        confidence: above 0, below 1; for example 0.9.
        line_error: standard error of the line itself: that of the last application above it where the line
                    is drawn by places or money, 0 where it is a fixed score.
    """
    reach = student_quantile(confidence, degrees_of_freedom)
    at = float(line)
    return tuple(
        sorted(
            name
            for name, score in scores.items()
            if abs(float(score) - at) <= reach * sqrt(errors[name] ** 2 + line_error**2)
        )
    )


def student_quantile(confidence: float, degrees_of_freedom: int) -> float:
    """Return t such that Student's variable lies within -t..t with this confidence.

    Cornish-Fisher expansion around the normal quantile (Abramowitz and Stegun, 26.7.5); from three degrees
    of freedom on within 2 % at 0.95, from ten on within 0.01 %.
    Raises: ReviewError unless 0 < confidence < 1 and there is a degree of freedom.

    >>> round(student_quantile(0.95, 30), 3)
    2.042
    """
    if not 0 < confidence < 1 or degrees_of_freedom < 1:
        raise ReviewError("a confidence lies between 0 and 1, and needs a degree of freedom")
    z, n = NormalDist().inv_cdf((1 + confidence) / 2), degrees_of_freedom
    return (
        z
        + (z**3 + z) / (4 * n)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * n**3)
        + (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / (92160 * n**4)
    )
