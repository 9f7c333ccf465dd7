"""What happens to reviewers and their reviews.  Who reads what is nobody's business: it stays personal."""

from __future__ import annotations

from dataclasses import dataclass

from bitgoeul.kit.facts import Event, personal


@dataclass(frozen=True)
class ReviewerSaved(Event):
    reviewer: str
    sectors: list[str]
    kinds: list[str]
    load_most: int
    active: bool
    person: str = personal()


@dataclass(frozen=True)
class TieDeclared(Event):
    """A reviewer said what they are to somebody who may apply."""

    reviewer: str
    kind: str
    party: str = personal()
    since: str = personal()
    until: str = personal()


@dataclass(frozen=True)
class ReviewsAssigned(Event):
    """Who reads what was settled: no assignment costs less than ``bound``.

    ``new`` reviews of ``reviews`` in all; ``barred`` lost theirs because a conflict was found.
    """

    call: str
    reviews: int
    new: int
    barred: int
    affinity: int
    cost: int
    bound: int
    pairs: list[list[str]] = personal()


@dataclass(frozen=True)
class ReviewAccepted(Event):
    call: str
    review: str


@dataclass(frozen=True)
class ReviewerRecused(Event):
    call: str
    review: str
    reason: str = personal()


@dataclass(frozen=True)
class ReviewKept(Event):
    """A draft was kept; what it says stays with the reviewer."""

    call: str
    review: str


@dataclass(frozen=True)
class ReviewSubmitted(Event):
    call: str
    review: str
    application: str
    marks: dict[str, int] = personal()
    to_applicant: str = personal()


@dataclass(frozen=True)
class ReviewSetAside(Event):
    """A conflict was found: the review does not count."""

    call: str
    review: str
    application: str
    conflict: str
    reason: str = personal()
