"""The count itself: whole numbers only, so that no rounding ever decides."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Literal

Choice = Literal["yes", "no", "abstain"]
Share = Literal["majority", "two_thirds"]
Result = Literal["carried", "rejected", "no_quorum"]

CHOICES: tuple[Choice, ...] = ("yes", "no", "abstain")


class VotesInvalid(ValueError):
    """What was handed in cannot be a vote of this committee."""


@dataclass(frozen=True)
class Rules:
    """What a committee's statute asks for.

    quorum: the share of those in office who must be there.
    passes: the share of those who are there who must say yes.
    """

    quorum: Share = "majority"
    passes: Share = "majority"


@dataclass(frozen=True)
class Tally:
    """How a vote ended, with every figure that decided it."""

    office: int
    recused: int
    present: int
    yes: int
    no: int
    abstain: int
    silent: int
    quorum_needed: int
    yes_needed: int
    result: Result


def least(share: Share, of: int) -> int:
    """The smallest whole number that is more than half, or at least two thirds, of ``of``.

    >>> [least("majority", of) for of in (0, 1, 4, 5)]
    [1, 1, 3, 3]
    >>> [least("two_thirds", of) for of in (0, 1, 3, 4, 6)]
    [1, 1, 2, 3, 4]
    """
    return of // 2 + 1 if share == "majority" else max(1, -(-2 * of // 3))


def quorum_needed(office: int, rules: Rules = Rules()) -> int:
    """How many must be there for ``office`` members to decide."""
    return least(rules.quorum, office)


def has_quorum(office: int, present: int, rules: Rules = Rules()) -> bool:
    """Whether enough members are there.  A committee without members never has a quorum."""
    return present >= quorum_needed(office, rules)


def tally(
    *,
    office: Set[str],
    present: Set[str],
    recused: Set[str],
    votes: Mapping[str, Choice],
    rules: Rules = Rules(),
) -> Tally:
    """Count one vote.

    Whoever declared an interest counts neither as in office nor as present for this vote.  Those who are
    there and say nothing count as present, so silence and abstention weigh against the motion, and a tie
    rejects it.

    Args:
        office: the members who may vote in this committee on this day.
        present: those of them who are there.
        recused: those of them who declared an interest.
        votes: member -> choice; a mapping, so nobody can be in it twice.
        rules: the committee's quorum and majority.
    Raises: VotesInvalid if somebody is present or votes who may not.
    """
    if not (present <= office and recused <= office):
        raise VotesInvalid("only members in office can be present or recused")
    there = present - recused
    if not votes.keys() <= there:
        raise VotesInvalid("only members who are there and declared no interest can vote")
    if not set(votes.values()) <= set(CHOICES):
        raise VotesInvalid(f"a vote is one of {', '.join(CHOICES)}")
    counted = {choice: sum(1 for made in votes.values() if made == choice) for choice in CHOICES}
    base = len(office - recused)
    needed, yes_needed = quorum_needed(base, rules), least(rules.passes, len(there))
    result: Result = (
        "no_quorum" if len(there) < needed else "carried" if counted["yes"] >= yes_needed else "rejected"
    )
    return Tally(
        office=len(office),
        recused=len(recused),
        present=len(there),
        yes=counted["yes"],
        no=counted["no"],
        abstain=counted["abstain"],
        silent=len(there) - len(votes),
        quorum_needed=needed,
        yes_needed=yes_needed,
        result=result,
    )
