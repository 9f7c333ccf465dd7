"""All reviews of a call at once: scores of thousands of applications in one go, still exact.

Marks, weights, bonuses and leniencies are written over one common denominator, so that everything between the
marks and the rounded score is arithmetic of whole numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING, Any

from ._calibration import LENIENCY_PLACES, Fit, fitted
from ._errors import BadPanel, TooFewReviews
from ._exact import TRIM_FROM, Exact, exact
from ._rubric import Rubric

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]

LARGEST = 1 << 62
FINEST = 10**9


@dataclass(frozen=True)
class Applicant:
    """One application as it came in.

    Attributes:
        application: its id.
        region:      where it counts in regional shares, any word.
        groups:      groups with kept places to which it belongs.
        amounts:     what it asks for, by name, in whole units.
        bonuses:     the bonuses of the rubric that were accepted for it.
    """

    application: str
    region: str = ""
    groups: frozenset[str] = frozenset()
    amounts: Mapping[str, int] = field(default_factory=dict)
    bonuses: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        for name, amount in self.amounts.items():
            if type(amount) is not int or amount < 0:
                raise BadPanel(f"{self.application}: {name} is a whole number, zero or above, not {amount!r}")


@dataclass(frozen=True)
class Review:
    """One reviewer's marks for one application: criterion -> mark."""

    application: str
    reviewer: str
    marks: Mapping[str, Exact]


@dataclass(frozen=True)
class Scored:
    """One application's score and what it is made of.

    Attributes:
        score:       points and bonus, rounded once; what is published and ranked.
        points:      the mean of the reviews that count, rounded for showing.
        bonus:       bonus points, rounded for showing.
        criteria:    criterion -> mean mark of the reviews that count, rounded for showing.
        below_floor: criteria whose exact mean mark is under the floor.
        reviews:     how many count (after trimming).
        dropped:     reviewers whose review was trimmed away.
        error:       standard error of the points; None where the model could not be fitted.
    """

    application: str
    score: Decimal
    points: Decimal
    bonus: Decimal
    criteria: dict[str, Decimal]
    below_floor: tuple[str, ...]
    reviews: int
    dropped: tuple[str, ...]
    error: float | None


class Panel:
    """The applications and reviews of one call, checked once and scored as often as wished.

    Args:
        rubric:     weights that add up to 100; scales; floors; bonuses.
        applicants: each application once.
        reviews:    every review of these applications, each pair once. Applications without a review are
                    refused: there is nothing to rank them by.
    Raises: BadPanel, BadMark, NotExact.
    """

    def __init__(self, rubric: Rubric, applicants: Iterable[Applicant], reviews: Iterable[Review]) -> None:
        import numpy as np

        self.rubric = rubric
        self.applicants = sorted(applicants, key=lambda applicant: applicant.application)
        row = {applicant.application: n for n, applicant in enumerate(self.applicants)}
        if len(row) != len(self.applicants):
            raise BadPanel("an application is here twice")
        ordered = sorted(reviews, key=lambda review: (review.application, review.reviewer))
        self._check(row, ordered)
        self.reviewers = sorted({review.reviewer for review in ordered})
        column = {name: n for n, name in enumerate(self.reviewers)}
        self._application: Integers = np.array([row[r.application] for r in ordered], dtype=np.int64)
        self._reviewer: Integers = np.array([column[r.reviewer] for r in ordered], dtype=np.int64)
        self._finest, self._marks = _whole_marks(rubric, ordered)
        self._fits: dict[tuple[Fraction, ...], Fit | TooFewReviews] = {}
        self._bonus = [rubric.bonus(applicant.bonuses) for applicant in self.applicants]

    def scored(
        self,
        *,
        weights: Mapping[str, Exact] | None = None,
        trim_from: int | None = TRIM_FROM,
        calibrated: bool = False,
    ) -> tuple[list[Scored], Fit | None]:
        """Score every application.

        Args:
            weights:    other weights for some criteria; together still 100.
            trim_from:  with so many reviews or more the highest and the lowest do not count; None: all count.
                        Of equal totals the one whose reviewer comes first by name is the lower.
            calibrated: subtract each reviewer's published leniency from his totals first.
        Returns: scores in the order of application ids; the model behind errors and leniencies, None if there
                 are too few reviews for it and it was not asked for.
        Raises:  BadRubric for weights that do not add up; TooFewReviews if calibration is impossible;
                 BadPanel if marks and weights are too fine for exact arithmetic in 64 bits.
        """
        import numpy as np

        rubric = self.rubric.weighted(weights or {})
        totals, unit = self._totals(rubric)
        fit = self._fit(rubric, totals / unit, needed=calibrated)
        if calibrated and fit is not None:
            steps = [int(value.scaleb(LENIENCY_PLACES)) for value in fit.published()]
            totals = (
                totals - (np.array(steps, dtype=np.int64) * (unit // 10**LENIENCY_PLACES))[self._reviewer]
            )
        counted = self._counted(totals, trim_from)
        return self._written(rubric, totals, unit, counted, self._errors(fit, counted, calibrated)), fit

    def _totals(self, rubric: Rubric) -> tuple[Integers, int]:
        """Return (reviews,) points in units, and how many units make a point."""
        import numpy as np

        for_one = [c.points_for_one / fine for c, fine in zip(rubric.criteria, self._finest, strict=True)]
        unit = lcm(
            10**LENIENCY_PLACES,
            *(part.denominator for part in for_one),
            *(b.denominator for b in self._bonus),
        )
        self._check_size(rubric, unit)
        return self._marks @ np.array([int(part * unit) for part in for_one], dtype=np.int64), unit

    def _check_size(self, rubric: Rubric, unit: int) -> None:
        """Refuse what 64 bits cannot hold: the largest sums met later, doubled and shifted for rounding."""
        import numpy as np

        most = int(np.bincount(self._application).max(initial=1))
        # A total is at most 100 points, a leniency no more.
        largest = [unit * (200 + max(self._bonus, default=Fraction(0)))]
        for criterion, fine in zip(rubric.criteria, self._finest, strict=True):
            floor = 1 if criterion.least is None else criterion.least.denominator
            largest.append(exact(criterion.top) * fine * floor)
        if 2 * max(largest) * most * 10**rubric.places >= LARGEST:
            raise BadPanel("marks and weights are too fine: give them fewer decimals")

    def _fit(self, rubric: Rubric, points: Any, *, needed: bool) -> Fit | None:
        """The model of these totals; it depends on the weights alone, so it is fitted once for each."""
        weights = tuple(exact(criterion.weight) for criterion in rubric.criteria)
        if weights not in self._fits:
            try:
                self._fits[weights] = fitted(self._application, self._reviewer, points)
            except TooFewReviews as few:
                self._fits[weights] = few
        fit = self._fits[weights]
        if not isinstance(fit, TooFewReviews):
            return fit
        if needed:
            raise fit
        return None

    def _counted(self, totals: Integers, trim_from: int | None) -> NDArray[np.bool_]:
        """Say which reviews count."""
        import numpy as np

        counted = np.ones(len(totals), dtype=bool)
        if trim_from is None:
            return counted
        if trim_from < 3:
            raise BadPanel("trimming needs at least three reviews")
        order = np.lexsort((self._reviewer, totals, self._application))
        first = np.flatnonzero(np.diff(self._application[order], prepend=-1))
        last = np.append(first[1:], len(order)) - 1
        many = last - first + 1 >= trim_from
        counted[order[first[many]]] = counted[order[last[many]]] = False
        return counted

    def _errors(self, fit: Fit | None, counted: NDArray[np.bool_], calibrated: bool) -> list[float | None]:
        """Return standard errors; trimmed reviews carry no information in them."""
        import numpy as np

        if fit is None:
            return [None] * len(self.applicants)
        whole, part = np.bincount(self._application), np.bincount(self._application[counted])
        base = fit.error if calibrated else fit.raw_error
        return [float(value) for value in base * np.sqrt(whole / part)]

    def _written(
        self,
        rubric: Rubric,
        totals: Integers,
        unit: int,
        counted: NDArray[np.bool_],
        errors: list[float | None],
    ) -> list[Scored]:
        import numpy as np

        start = np.flatnonzero(np.diff(self._application[counted], prepend=-1))
        count = np.bincount(self._application[counted])
        sums = np.add.reduceat(totals[counted], start)
        marks = np.add.reduceat(self._marks[counted], start, axis=0)
        bonus = np.array([int(b * unit) for b in self._bonus], dtype=np.int64)
        places = rubric.places
        scores = _rounded(sums + bonus * count, count * unit, places)
        points = _rounded(sums, count * unit, places)
        means = [_rounded(marks[:, n], count * fine, places) for n, fine in enumerate(self._finest)]
        added = _rounded(bonus, np.full_like(bonus, unit), places)
        below = self._below_floor(rubric, marks, count)
        dropped = self._dropped(counted)
        keys = [criterion.key for criterion in rubric.criteria]
        lines = zip(scores, points, added, zip(*means, strict=True), count.tolist(), errors, strict=True)
        return [
            Scored(
                application=self.applicants[n].application, score=score, points=mean, bonus=plus,
                criteria=dict(zip(keys, each, strict=True)), below_floor=below.get(n, ()),
                reviews=used, dropped=dropped.get(n, ()), error=error,
            )
            for n, (score, mean, plus, each, used, error) in enumerate(lines)
        ]  # fmt: skip

    def _below_floor(self, rubric: Rubric, marks: Integers, count: Integers) -> dict[int, tuple[str, ...]]:
        below: dict[int, tuple[str, ...]] = {}
        for number, (criterion, fine) in enumerate(zip(rubric.criteria, self._finest, strict=True)):
            least = criterion.least
            if least is None:
                continue
            under = marks[:, number] * least.denominator < least.numerator * fine * count
            for n in under.nonzero()[0].tolist():
                below[n] = (*below.get(n, ()), criterion.key)
        return below

    def _dropped(self, counted: NDArray[np.bool_]) -> dict[int, tuple[str, ...]]:
        dropped: dict[int, tuple[str, ...]] = {}
        for number in (~counted).nonzero()[0].tolist():
            application = int(self._application[number])
            name = self.reviewers[int(self._reviewer[number])]
            dropped[application] = (*dropped.get(application, ()), name)
        return dropped

    def _check(self, row: Mapping[str, int], ordered: list[Review]) -> None:
        seen: set[tuple[str, str]] = set()
        for review in ordered:
            if review.application not in row:
                raise BadPanel(f"{review.reviewer} reviewed {review.application}, which is not here")
            if (review.application, review.reviewer) in seen:
                raise BadPanel(f"{review.reviewer} reviewed {review.application} twice")
            seen.add((review.application, review.reviewer))
        if unread := set(row) - {review.application for review in ordered}:
            raise BadPanel(f"nobody reviewed {min(unread)}")


def _whole_marks(rubric: Rubric, reviews: list[Review]) -> tuple[list[int], Integers]:
    """Check all marks; return how finely each criterion is marked, and (reviews, criteria) in those steps."""
    import numpy as np

    expected = {criterion.key for criterion in rubric.criteria}
    for review in reviews:
        if review.marks.keys() != expected:
            rubric.check(review.marks)  # says which one is missing or unknown
    finest, columns = [], []
    for criterion in rubric.criteria:
        given = [review.marks[criterion.key] for review in reviews]
        # Few marks differ: each is checked and converted once. Of equal ones 1 and True are two things.
        distinct = {(type(mark), mark): mark for mark in given}
        value = {key: criterion.check(mark) for key, mark in distinct.items()}
        fine = lcm(*(mark.denominator for mark in value.values()))
        if fine > FINEST:
            raise BadPanel("marks are too fine: give them fewer decimals")
        whole = {key: int(mark * fine) for key, mark in value.items()}
        finest.append(fine)
        columns.append([whole[type(mark), mark] for mark in given])
    return finest, np.array(columns, dtype=np.int64).reshape(len(finest), len(reviews)).T.copy()


def _rounded(numerator: Integers, denominator: Integers, places: int) -> list[Decimal]:
    """Round a quotient of whole numbers, halves away from zero, in 64 bits."""
    import numpy as np

    size = np.abs(numerator)
    units = (2 * size * 10**places + denominator) // (2 * denominator)
    return [Decimal(n).scaleb(-places) for n in np.where(numerator < 0, -units, units).tolist()]
