"""Everything that this engine refuses, under one root."""

from collections.abc import Mapping


class ReviewError(ValueError):
    """The root of what this engine refuses."""


class NotExact(ReviewError):
    """A number whose written form is not its value: a float, or text that is no number."""


class BadRubric(ReviewError):
    """A rubric that cannot be used; ``weights`` is their sum where that is what is wrong."""

    def __init__(self, why: str, *, weights: object = None) -> None:
        super().__init__(why)
        self.weights = weights


class BadMark(ReviewError):
    """A mark that the rubric does not allow, or a criterion without one."""

    def __init__(self, criterion: str, why: str) -> None:
        super().__init__(f"{criterion}: {why}")
        self.criterion = criterion
        self.why = why


class BadRelation(ReviewError):
    """A relation that says nothing: of something with itself, or one that ends before it begins."""


class BadPanel(ReviewError):
    """Reviews and applications that do not fit together."""


class BadRule(ReviewError):
    """A decision rule that contradicts itself."""


class LotMissing(ReviewError):
    """A lot is needed between ``applications`` and the order handed in does not rank them."""

    def __init__(self, applications: tuple[str, ...]) -> None:
        super().__init__(f"not ranked by lot: {', '.join(applications)}")
        self.applications = applications


class TooFewReviews(ReviewError):
    """Reviews overlap so little that leniency and quality cannot be told apart."""


class Shortage(ReviewError):
    """Not every application can get its reviews.

    Attributes:
        missing:   application -> reviews that it lacks.
        tight:     the applications that compete for the same reviewers, those in ``missing`` included.
        full:      the reviewers who could read more of these applications but are at their limit.
        needed:    reviews that the tight applications need together.
        available: reviews that they can get at most; ``needed - available`` is what is missing.
    """

    def __init__(
        self,
        *,
        missing: Mapping[str, int],
        tight: tuple[str, ...],
        full: tuple[str, ...],
        needed: int,
        available: int,
    ) -> None:
        lacking = ", ".join(f"{name} lacks {count}" for name, count in missing.items())
        limit = f"; at their limit: {', '.join(full)}" if full else ""
        super().__init__(f"{needed} reviews needed, {available} available: {lacking}{limit}")
        self.missing = dict(missing)
        self.tight = tight
        self.full = full
        self.needed = needed
        self.available = available
