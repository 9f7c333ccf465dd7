"""A transfer is balanced from the moment it exists."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self


class Unbalanced(ValueError):
    """Postings that do not make a transfer: they do not add up to zero, or say nothing."""


@dataclass(frozen=True, order=True)
class Posting:
    """One account and what it gains (positive) or gives (negative), in milli-credits."""

    account: str
    amount: int

    def __post_init__(self) -> None:
        if type(self.amount) is not int:
            raise Unbalanced(f"{self.amount!r} is not a whole number of milli-credits")
        if self.amount == 0:
            raise Unbalanced(f"nothing moves on {self.account}")
        if not self.account:
            raise Unbalanced("a posting names its account")


@dataclass(frozen=True)
class Transfer:
    """Postings under one reference: sorted by account, one for each account, adding up to zero.

    >>> Transfer.moving("job:1", 500, source="free", target="held").postings
    (Posting(account='free', amount=-500), Posting(account='held', amount=500))
    """

    reference: str
    postings: tuple[Posting, ...]

    def __post_init__(self) -> None:
        accounts = [posting.account for posting in self.postings]
        if not self.reference:
            raise Unbalanced("a transfer has a reference")
        if len(accounts) < 2:
            raise Unbalanced("a transfer touches at least two accounts")
        if sorted(set(accounts)) != accounts:
            raise Unbalanced("postings are sorted by account, one for each")
        if total := sum(posting.amount for posting in self.postings):
            raise Unbalanced(f"postings add up to {total}, not to zero")

    @classmethod
    def of(cls, reference: str, movements: Iterable[tuple[str, int]]) -> Self:
        """Build a transfer from (account, amount) pairs in any order; pairs of one account are added up.

        Accounts whose amounts cancel out are left out.
        """
        sums: Counter[str] = Counter()
        for account, amount in movements:
            Posting(account, amount)
            sums[account] += amount
        return cls(
            reference, tuple(Posting(account, sums[account]) for account in sorted(sums) if sums[account])
        )

    @classmethod
    def moving(cls, reference: str, amount: int, *, source: str, target: str) -> Self:
        """Build the plain transfer of an amount from one account to another."""
        return cls.of(reference, [(source, -amount), (target, amount)])

    def reversed(self, reference: str) -> Self:
        """Return the transfer that undoes this one."""
        return type(self)(reference, tuple(Posting(p.account, -p.amount) for p in self.postings))

    @property
    def amount(self) -> int:
        """Return how much moved: the sum of what accounts gained."""
        return sum(posting.amount for posting in self.postings if posting.amount > 0)
