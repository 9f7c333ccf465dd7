"""From scores to winners: cut, floors, kept places, money, ties, the lot, and who is next."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import groupby

from ._errors import BadRule, LotMissing


@dataclass(frozen=True)
class Candidate:
    """One application before the decision.

    Attributes:
        score:       as published, rounded.
        ties:        what decides between equal scores, the most important first; higher is better.
        below_floor: criteria on which it fails.
        groups:      groups with kept places to which it belongs.
        amounts:     what it asks for, by name, in whole units ("won", "gpu_hours").
    """

    application: str
    score: Decimal
    ties: tuple[Decimal, ...] = ()
    below_floor: tuple[str, ...] = ()
    groups: frozenset[str] = frozenset()
    amounts: Mapping[str, int] | None = None


@dataclass(frozen=True)
class Quota:
    """Places kept for a group."""

    group: str
    places: int


class Overrun(StrEnum):
    """What happens when the next in order asks for more money than is left."""

    SKIP = "skip"  # it waits, and who asks for less may still be served
    STOP = "stop"  # it waits, and so does everybody after it


@dataclass(frozen=True)
class Rule:
    """How a call decides.

    Attributes:
        cut:       no score below it wins; None for no cut.
        places:    how many win, kept places included; None for no limit.
        quotas:    kept places, in the order in which they are served, before the open ones.
        spill:     whether kept places that nobody takes become open.
        budget:    the most that winners may ask for together; None for no limit.
        budget_of: of which amount.
        overrun:   what a request that does not fit does to those after it.
    Raises: BadRule.
    """

    cut: Decimal | None = None
    places: int | None = None
    quotas: tuple[Quota, ...] = ()
    spill: bool = True
    budget: int | None = None
    budget_of: str = "won"
    overrun: Overrun = Overrun.SKIP

    def __post_init__(self) -> None:
        if len({quota.group for quota in self.quotas}) != len(self.quotas):
            raise BadRule("a group has two quotas")
        kept = sum(quota.places for quota in self.quotas)
        if self.places is not None and kept > self.places:
            raise BadRule(f"{kept} places are kept, but there are {self.places}")
        if min([self.places or 0, self.budget or 0, *(quota.places for quota in self.quotas)]) < 0:
            raise BadRule("places and money are not below zero")


@dataclass(frozen=True)
class Award:
    """A winner, and the group whose kept place it has; "" for an open place."""

    application: str
    group: str


class Ground(StrEnum):
    """Why an application is out for good."""

    FLOOR = "floor"
    CUT = "cut"


@dataclass(frozen=True)
class Decision:
    """What was decided.

    Attributes:
        awards:  the winners in the order of giving.
        waiting: those who could have won, in the order in which they are next.
        refused: application -> why it is out.
        to_draw: sets of applications between which only a lot can decide, best set first. While it is not
                 empty the decision is provisional, with names standing in for the lot.
        line:    the score of the last winner on an open place, None if nobody waits.
        left:    what is left of the budget; None without one.
    """

    awards: tuple[Award, ...]
    waiting: tuple[str, ...]
    refused: dict[str, Ground]
    to_draw: tuple[tuple[str, ...], ...]
    line: Decimal | None
    left: int | None

    @property
    def winners(self) -> frozenset[str]:
        """Return the ids of those who won."""
        return frozenset(award.application for award in self.awards)


def decide(
    candidates: Sequence[Candidate],
    rule: Rule,
    *,
    band: Collection[str] = (),
    line: Decimal | None = None,
    lot: Sequence[str] | None = None,
) -> Decision:
    """Decide a call.

    Those who fail a floor or the cut are out. The others are served by score, then by what decides between
    equal scores, then by lot. With a band, its members count as equal: whoever is above the line and not
    in the band comes before them, whoever is below comes after.

    Args:
        candidates: in any order.
        band:       applications that cannot be told apart from the line: see :func:`indistinguishable`.
        line:       the line around which the band lies; needed with a band.
        lot:        applications in the order drawn; it may rank more than needed. Without it the decision
                    names in ``to_draw`` between whom to draw.
    Raises: LotMissing if a lot is given and does not rank everybody between whom it decides; BadRule.
    """
    if band and line is None:
        raise BadRule("a band lies around a line")
    refused = {
        c.application: Ground.FLOOR if c.below_floor else Ground.CUT
        for c in candidates
        if c.below_floor or (rule.cut is not None and c.score < rule.cut)
    }
    running = [c for c in candidates if c.application not in refused]
    level = _levels(running, frozenset(band), line)
    drawn = {name: number for number, name in enumerate(lot or ())}
    by_name = sorted(running, key=lambda c: (level[c.application], c.application))
    to_draw = _undecided(by_name, level, rule)
    if lot is not None:
        if missing := [name for equal in to_draw for name in equal if name not in drawn]:
            raise LotMissing(tuple(missing))
        to_draw = ()
    order = sorted(
        running, key=lambda c: (level[c.application], drawn.get(c.application, len(drawn)), c.application)
    )
    awards, left = _served(order, rule)
    won = {award.application for award in awards}
    waiting = tuple(c.application for c in order if c.application not in won)
    return Decision(
        awards=tuple(awards),
        waiting=waiting,
        refused=refused,
        to_draw=to_draw,
        line=_line(awards, {c.application: c.score for c in running}) if waiting else None,
        left=left,
    )


def next_in_order(
    decision: Decision,
    candidates: Sequence[Candidate],
    rule: Rule,
    *,
    group: str = "",
    free: int | None = None,
    gone: Collection[str] = (),
) -> str | None:
    """Return who is offered a place that became free, or None.

    Args:
        group: the group of the place; its members come first, then everybody if kept places spill.
        free:  what may be spent on it, of ``rule.budget_of``; None for no limit. It covers what the one
               who left had and what was left before. Who asks for more is passed over under SKIP and
               ends the search under STOP.
        gone:  those who were offered a place before, whatever they answered.
    """
    of = {candidate.application: candidate for candidate in candidates}
    waiting = [of[name] for name in decision.waiting if name not in gone]
    inside = [candidate for candidate in waiting if not group or group in candidate.groups]
    for line in (inside, waiting if group and rule.spill else []):
        for candidate in line:
            if free is None or _asked(candidate, rule) <= free:
                return candidate.application
            if rule.overrun is Overrun.STOP:
                break
    return None


Level = tuple[int, Decimal, tuple[Decimal, ...]]


def _levels(candidates: Sequence[Candidate], band: frozenset[str], line: Decimal | None) -> dict[str, Level]:
    """Return application -> a key: lower is served earlier, between equal ones only a lot decides."""
    levels: dict[str, Level] = {}
    for c in candidates:
        if c.application in band:
            levels[c.application] = (1, Decimal(0), ())
        else:
            side = 0 if line is None or c.score >= line else 2
            levels[c.application] = (side, -c.score, tuple(-tie for tie in c.ties))
    return levels


def _undecided(
    by_name: Sequence[Candidate], level: Mapping[str, Level], rule: Rule
) -> tuple[tuple[str, ...], ...]:
    """Return the sets that need a lot: from the first set on of which not everybody wins anyhow."""
    won = {award.application for award in _served(by_name, rule)[0]}
    sets = [
        tuple(c.application for c in equal)
        for _, equal in groupby(by_name, key=lambda c: level[c.application])
    ]
    several = [names for names in sets if len(names) > 1]
    for number, names in enumerate(several):
        if not won.issuperset(names):
            return tuple(several[number:])
    return ()


def _served(order: Sequence[Candidate], rule: Rule) -> tuple[list[Award], int | None]:
    """Give kept places, then open ones, along the order and within the budget."""
    given: dict[str, str] = {}
    left = rule.budget

    def serve(members: Sequence[Candidate], places: int | None, group: str) -> int:
        nonlocal left
        count = 0
        for candidate in members:
            if places is not None and count >= places:
                break
            asked = _asked(candidate, rule)
            if left is not None and asked > left:
                if rule.overrun is Overrun.STOP:
                    break
                continue
            left = None if left is None else left - asked
            given[candidate.application] = group
            count += 1
        return count

    unused = 0
    for quota in rule.quotas:
        members = [c for c in order if quota.group in c.groups and c.application not in given]
        unused += quota.places - serve(members, quota.places, quota.group)
    kept = sum(quota.places for quota in rule.quotas)
    free = None if rule.places is None else rule.places - kept + (unused if rule.spill else 0)
    serve([c for c in order if c.application not in given], free, "")
    return [Award(name, group) for name, group in given.items()], left


def _asked(candidate: Candidate, rule: Rule) -> int:
    if rule.budget is None:
        return 0
    return (candidate.amounts or {}).get(rule.budget_of, 0)


def _line(awards: Sequence[Award], scores: Mapping[str, Decimal]) -> Decimal | None:
    lowest = [scores[award.application] for award in awards if not award.group]
    lowest = lowest or [scores[award.application] for award in awards]
    return min(lowest, default=None)
