"""Who reads what: a minimum-cost flow whose optimum is proven by its bound."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ._errors import BadPanel, Shortage

if TYPE_CHECKING:
    from ._flow import Flow

BEST_AFFINITY = 1000


@dataclass(frozen=True)
class Assignment:
    """Who reads what, and how good that is.

    Attributes:
        pairs:    (application, reviewer), sorted; those that were kept included.
        load:     reviewer -> number of applications.
        affinity: the sum over the new pairs.
        cost:     what was minimised: 1000 - affinity for each new pair, plus ``balance`` times n for the
                  n-th application of each reviewer.
        bound:    no assignment costs less than this, computed from ``prices`` alone. Equal to ``cost``:
                  the assignment is optimal.
        prices:   reviewer -> what one more place of his load would save; they give the bound.
    """

    pairs: tuple[tuple[str, str], ...]
    load: dict[str, int]
    affinity: int
    cost: int
    bound: int
    prices: dict[str, int]

    @property
    def gap(self) -> int:
        """How far from the optimum this can be at most."""
        return self.cost - self.bound


def assign(
    *,
    affinity: Mapping[str, Mapping[str, int]],
    reviews: Mapping[str, int],
    limits: Mapping[str, int],
    conflicts: Collection[tuple[str, str]] = (),
    kept: Iterable[tuple[str, str]] = (),
    balance: int = 1,
) -> Assignment:
    """Assign reviewers to applications so that affinity is highest and loads are even.

    Exact and deterministic: the same input in any order gives the same pairs.

    Args:
        affinity:  application -> reviewer -> 0 to 1000, how well the reviewer knows the matter; absent is 0.
        reviews:   application -> how many reviews it gets in all, kept ones included.
        limits:    reviewer -> the most applications that he reads in all.
        conflicts: (reviewer, application) pairs that must not be; the keys of :func:`find_conflicts`.
        kept:      (application, reviewer) pairs that are settled already.
        balance:   how many points of affinity one step of load is worth; 0 does not balance.
    Returns: an optimal assignment with its bound.
    Raises:  Shortage if not every application can get its reviews, saying who is short of what;
             BadPanel for numbers out of range or pairs that do not fit.
    """
    import numpy as np

    from ._flow import Flow, bound

    applications, reviewers = sorted(reviews), sorted(limits)
    row = {name: number for number, name in enumerate(applications)}
    column = {name: number for number, name in enumerate(reviewers)}
    settled = sorted(set(kept))
    _check(affinity, reviews, limits, settled, balance)
    cost = np.full((len(row), len(column)), BEST_AFFINITY, dtype=np.int64)
    for application, line in affinity.items():
        for reviewer, value in line.items():
            cost[row[application], column[reviewer]] -= value
    allowed = np.ones(cost.shape, dtype=bool)
    for reviewer, application in conflicts:
        if reviewer in column and application in row:
            allowed[row[application], column[reviewer]] = False
    load = np.zeros(len(column), dtype=np.int64)
    wanted = np.array([reviews[name] for name in applications], dtype=np.int64)
    for application, reviewer in settled:
        allowed[row[application], column[reviewer]] = False
        load[column[reviewer]] += 1
        wanted[row[application]] -= 1
    limit = np.maximum(np.array([limits[name] for name in reviewers], dtype=np.int64), load)
    flow = Flow(cost, allowed, limit, load, balance)
    missing = Counter(
        number for number, count in enumerate(wanted.tolist()) for _ in range(count) if not flow.send(number)
    )
    if missing:
        raise _shortage(flow, missing, applications, reviewers, wanted=wanted, allowed=allowed, load=load)
    new = [(number, reviewer) for number, those in enumerate(flow.holders) for reviewer in those]
    prices = -flow.potential
    loads = dict(zip(reviewers, flow.load.tolist(), strict=True))
    spent = sum(int(cost[pair]) for pair in new)
    steps = sum(
        balance * sum(range(int(had) + 1, int(has) + 1)) for had, has in zip(load, flow.load, strict=True)
    )
    return Assignment(
        pairs=tuple(sorted([*settled, *((applications[a], reviewers[r]) for a, r in new)])),
        load=loads,
        affinity=BEST_AFFINITY * len(new) - spent,
        cost=spent + steps,
        bound=bound(cost, allowed, wanted, limit, load, balance, prices),
        prices=dict(zip(reviewers, prices.tolist(), strict=True)),
    )


def _check(
    affinity: Mapping[str, Mapping[str, int]],
    reviews: Mapping[str, int],
    limits: Mapping[str, int],
    settled: Sequence[tuple[str, str]],
    balance: int,
) -> None:
    if balance < 0 or any(count < 0 for count in [*reviews.values(), *limits.values()]):
        raise BadPanel("reviews, limits and balance are not below zero")
    for application, line in affinity.items():
        for reviewer, value in line.items():
            if application not in reviews or reviewer not in limits:
                raise BadPanel(f"affinity of {application} and {reviewer}, of whom one is not here")
            if type(value) is not int or not 0 <= value <= BEST_AFFINITY:
                raise BadPanel(f"an affinity is a whole number from 0 to {BEST_AFFINITY}, not {value!r}")
    for application, reviewer in settled:
        if application not in reviews or reviewer not in limits:
            raise BadPanel(f"{reviewer} keeps {application}, of whom one is not here")
    for application, count in Counter(application for application, _ in settled).items():
        if count > reviews[application]:
            raise BadPanel(f"{application} keeps {count} reviews and gets only {reviews[application]}")


def _shortage(
    flow: Flow, missing: Counter[int], applications: list[str], reviewers: list[str],
    *, wanted: Any, allowed: Any, load: Any,
) -> Shortage:  # fmt: skip
    """Read off the minimum cut: the applications and reviewers among which nothing can be moved any more."""
    import numpy as np

    full = np.zeros(len(reviewers), dtype=bool)
    for number in missing:
        full |= flow.reachable(number)
    tight = sorted(set(missing) | {number for r in np.flatnonzero(full) for number in flow.held[int(r)]})
    # The full reviewers give all that they have; the others have read these applications already.
    available = int((flow.limit - load)[full].sum()) + int(allowed[tight][:, ~full].sum())
    return Shortage(
        missing={applications[number]: missing[number] for number in sorted(missing)},
        tight=tuple(applications[number] for number in tight),
        full=tuple(reviewers[int(r)] for r in np.flatnonzero(full)),
        needed=int(wanted[tight].sum()),
        available=available,
    )
