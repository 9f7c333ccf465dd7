"""Rubrics: what is judged, on which scale, with what weight, and what is added."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from ._errors import BadMark, BadRubric
from ._exact import Exact, exact

WHOLE = 100


@dataclass(frozen=True)
class Criterion:
    """One thing that is judged.

    A mark counts as its share of ``top``: 4 on a scale to 5 with weight 30 gives 24 points.

    Attributes:
        key:     its name in marks.
        weight:  points out of 100.
        top:     the best mark. ``bottom`` the worst, ``step`` between two marks (0: any mark).
        floor:   the least mark, as percent of ``top``, that the whole panel must give; None for no floor.
    """

    key: str
    weight: Exact
    top: Exact = 100
    bottom: Exact = 0
    step: Exact = 1
    floor: Exact | None = None

    def __post_init__(self) -> None:
        if not self.key:
            raise BadRubric("a criterion has a name")
        if exact(self.weight) <= 0:
            raise BadRubric(f"{self.key}: the weight {self.weight} is not above zero")
        if not 0 <= exact(self.bottom) < exact(self.top):
            raise BadRubric(f"{self.key}: a scale runs from zero or above to something higher")
        if exact(self.step) < 0:
            raise BadRubric(f"{self.key}: a step is not below zero")
        if self.floor is not None and not 0 <= exact(self.floor) <= WHOLE:
            raise BadRubric(f"{self.key}: a floor is a percentage")

    def check(self, mark: Exact) -> Fraction:
        """Return the mark as a fraction.

        Raises: BadMark if it is off the scale or between two steps; NotExact for a float.
        """
        value, bottom, step = exact(mark), exact(self.bottom), exact(self.step)
        if not bottom <= value <= exact(self.top):
            raise BadMark(self.key, f"{mark} is not on the scale from {self.bottom} to {self.top}")
        if step and (value - bottom) % step:
            raise BadMark(self.key, f"{mark} lies between two steps of {self.step}")
        return value

    @property
    def points_for_one(self) -> Fraction:
        """How many points a mark of 1 gives."""
        return exact(self.weight) / exact(self.top)

    @property
    def least(self) -> Fraction | None:
        """The mark at the floor."""
        return None if self.floor is None else exact(self.floor) * exact(self.top) / WHOLE


@dataclass(frozen=True)
class Rubric:
    """Criteria whose weights add up to 100, and bonus points on top.

    Attributes:
        criteria:  in the order of the form.
        bonuses:   name -> points, added after the reviews are averaged.
        bonus_cap: the most that bonuses add together; None for no limit.
        ties:      criteria that decide between equal scores, the most important first.
        places:    decimals of a score. It is rounded once, at the end, halves up; the rounded score is
                   what is published, ranked and compared with a cut.
    Raises: BadRubric.

    >>> academy = Rubric((Criterion("motivation", 10), Criterion("online", 20), Criterion("exam", 70)))
    >>> academy.points({"motivation": 80, "online": 90, "exam": 70})
    Fraction(75, 1)
    """

    criteria: tuple[Criterion, ...]
    bonuses: Mapping[str, Exact] | None = None
    bonus_cap: Exact | None = None
    ties: tuple[str, ...] = ()
    places: int = 2

    def __post_init__(self) -> None:
        keys = [criterion.key for criterion in self.criteria]
        if len(set(keys)) != len(keys):
            raise BadRubric("a criterion is named twice")
        total = sum((exact(criterion.weight) for criterion in self.criteria), Fraction(0))
        if total != WHOLE:
            raise BadRubric(f"weights add up to {total}, not to {WHOLE}", weights=total)
        if unknown := set(self.ties) - set(keys):
            raise BadRubric(f"no criterion {min(unknown)!r} to decide between equal scores")
        if not 0 <= self.places <= 6:
            raise BadRubric("a score has none to six decimals")
        added = [exact(points) for points in (self.bonuses or {}).values()]
        if any(points < 0 for points in added) or (self.bonus_cap is not None and exact(self.bonus_cap) < 0):
            raise BadRubric("bonus points are not below zero")

    def weighted(self, weights: Mapping[str, Exact]) -> Rubric:
        """Return the rubric with other weights for some criteria.

        Raises: BadRubric if a criterion is unknown or the weights do not add up to 100 any more.
        """
        if unknown := set(weights) - {criterion.key for criterion in self.criteria}:
            raise BadRubric(f"no criterion {min(unknown)!r}")
        changed = (replace(c, weight=weights.get(c.key, c.weight)) for c in self.criteria)
        return replace(self, criteria=tuple(changed))

    def check(self, marks: Mapping[str, Exact]) -> tuple[Fraction, ...]:
        """Return one reviewer's marks in the order of the criteria.

        Raises: BadMark if a criterion has no mark, is unknown, or its mark is not on the scale.
        """
        if unknown := set(marks) - {criterion.key for criterion in self.criteria}:
            raise BadMark(min(unknown), "the rubric has no such criterion")
        for criterion in self.criteria:
            if criterion.key not in marks:
                raise BadMark(criterion.key, "no mark")
        return tuple(criterion.check(marks[criterion.key]) for criterion in self.criteria)

    def points(self, marks: Mapping[str, Exact]) -> Fraction:
        """Return the points of one reviewer's marks, 0 to 100, exactly, without bonus."""
        checked = zip(self.criteria, self.check(marks), strict=True)
        return sum((criterion.points_for_one * mark for criterion, mark in checked), Fraction(0))

    def bonus(self, claims: Iterable[str]) -> Fraction:
        """Return the bonus points of the claims that were accepted, each counted once, capped.

        Raises: BadMark if the rubric has no such bonus.
        """
        known = self.bonuses or {}
        claimed = sorted(set(claims))
        for claim in claimed:
            if claim not in known:
                raise BadMark(claim, "the rubric has no such bonus")
        total = sum((exact(known[claim]) for claim in claimed), Fraction(0))
        return total if self.bonus_cap is None else min(total, exact(self.bonus_cap))
