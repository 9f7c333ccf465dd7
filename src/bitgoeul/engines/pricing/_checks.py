"""Double funding: two programmes that pay for one thing at one time, or more than it costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from ._won import percent_of


@dataclass(frozen=True)
class Support:
    """One support for one cost item over whole days, the last one included."""

    reference: str
    programme: str
    item: str
    starts_on: date
    ends_on: date
    list_won: int
    in_kind_won: int

    def overlaps(self, other: Support) -> bool:
        return self.starts_on <= other.ends_on and other.starts_on <= self.ends_on

    def has_item_of(self, other: Support) -> bool:
        return _plain(self.item) == _plain(other.item)


class Worry(StrEnum):
    SAME_ITEM = "same_item"
    ABOVE_CEILING = "above_ceiling"


@dataclass(frozen=True)
class Finding:
    """What a person looks at before granting. It never decides anything by itself."""

    worry: Worry
    references: tuple[str, ...]
    programmes: tuple[str, ...]
    item: str
    starts_on: date
    ends_on: date
    percent: Decimal  # aid of all together, of what the item costs
    ceiling_percent: int


def double_funding(new: Support, others: Iterable[Support], *, ceiling_percent: int) -> list[Finding]:
    """Return what speaks against ``new`` beside supports that stand already.

    Same item: another programme supports the same cost item on some of the same days. One finding for
    each such support.
    Above the ceiling: aid of all supports of the item on these days is more than ``ceiling_percent`` of its
    cost. Within one programme supports are for different pieces, so their list values add up; two
    programmes may pay for the same piece, so the cost is the greatest of the programmes' sums.
    """
    beside = sorted(
        (other for other in others if new.has_item_of(other) and new.overlaps(other)),
        key=lambda other: (other.starts_on, other.reference),
    )
    together = [new, *beside]
    costs: Counter[str] = Counter()
    for support in together:
        costs[_plain(support.programme)] += support.list_won
    percent = percent_of(sum(support.in_kind_won for support in together), max(costs.values()))

    def finding(worry: Worry, found: list[Support]) -> Finding:
        return Finding(
            worry=worry,
            references=tuple(support.reference for support in found),
            programmes=tuple(dict.fromkeys(support.programme for support in found)),
            item=new.item,
            starts_on=max(
                new.starts_on, min((support.starts_on for support in found), default=new.starts_on)
            ),
            ends_on=min(new.ends_on, max((support.ends_on for support in found), default=new.ends_on)),
            percent=percent,
            ceiling_percent=ceiling_percent,
        )

    findings = [
        finding(Worry.SAME_ITEM, [other])
        for other in beside
        if _plain(other.programme) != _plain(new.programme)
    ]
    if percent > ceiling_percent:
        findings.append(finding(Worry.ABOVE_CEILING, beside))
    return findings


def _plain(text: str) -> str:
    """One spelling for texts that differ in letter case and spaces alone."""
    return " ".join(text.casefold().split())
