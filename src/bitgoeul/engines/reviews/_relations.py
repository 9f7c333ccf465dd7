"""Conflicts of interest, found on the graph of declared and known relations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from ._errors import BadRelation


class Tie(StrEnum):
    """What two parties are to each other; all but membership and mentoring count both ways alike."""

    MEMBER = "member"  # a person belongs to an organisation
    COAUTHOR = "coauthor"
    INVESTOR = "investor"
    MENTOR = "mentor"
    LANDLORD = "landlord"
    FAMILY = "family"


@dataclass(frozen=True)
class Relation:
    """One edge of the graph.

    Attributes:
        tie:   what they are to each other.
        a, b:  the two parties, any ids; of a membership, the person and then the organisation.
        since: the first day, None if unknown.
        until: the last day, None while it lasts. For co-authors, the day the work came out.
    """

    tie: Tie
    a: str
    b: str
    since: date | None = None
    until: date | None = None

    def __post_init__(self) -> None:
        if self.a == self.b:
            raise BadRelation(f"{self.a} is related to itself")
        if self.since and self.until and self.until < self.since:
            raise BadRelation(f"{self.a} and {self.b}: ends on {self.until}, before {self.since}")


@dataclass(frozen=True)
class Policy:
    """For how many years after its end a tie still counts; None: for ever; absent: not at all.

    A tie that is to begin later counts too: a promised post is an interest.
    """

    years: Mapping[Tie, int | None]


DEFAULT_POLICY = Policy(
    {
        Tie.MEMBER: 3,
        Tie.COAUTHOR: 3,
        Tie.INVESTOR: 3,
        Tie.MENTOR: 3,
        Tie.LANDLORD: 3,
        Tie.FAMILY: None,
    }
)


@dataclass(frozen=True)
class Conflict:
    """Why a reviewer must not read an application.

    Attributes:
        kind: "self", "same organisation", or the tie that joins both sides.
        path: the relations from the reviewer to the application's party, in walking order; empty for "self".
        party: the party of the application at which the path ends.
    """

    reviewer: str
    application: str
    kind: str
    path: tuple[Relation, ...]
    party: str

    def words(self) -> str:
        """Return the path as an English sentence.

        >>> left = Relation(Tie.MEMBER, "Ahn", "Optics Lab", until=date(2025, 2, 28))
        >>> Conflict("Ahn", "A1", "same organisation", (left,), "Optics Lab").words()
        'Ahn was member of Optics Lab (until 2025-02-28), which applies'
        """
        if not self.path:
            return f"{self.reviewer} applies"
        return f"{'; '.join(_words(step) for step in self.path)}, which applies"


def find_conflicts(
    relations: Iterable[Relation],
    *,
    reviewers: Collection[str],
    parties: Mapping[str, Collection[str]],
    on: date,
    policy: Policy = DEFAULT_POLICY,
) -> dict[tuple[str, str], tuple[Conflict, ...]]:
    """Find every conflict between reviewers and applications.

    A reviewer stands for himself and for each organisation he belongs to; an application for its parties,
    the people who belong to them, and the organisations those parties belong to. Both sides conflict if
    they share somebody or something, or if a tie joins the reviewer's side to a party or its members.
    Colleagues of the reviewer are not followed: a university does not conflict with everything that one of
    its members touches.

    Args:
        reviewers: ids of persons.
        parties:   application -> ids of the persons and organisations that apply.
        on:        the day from which years are counted back.
    Returns: (reviewer, application) -> conflicts, shortest path first; a pair without conflict is absent.
    """
    graph = _Graph(relations, on, policy)
    shared, tied = _near(graph, reviewers)
    found: dict[tuple[str, str], set[Conflict]] = defaultdict(set)
    for application in sorted(parties):
        for place, (party, rest) in graph.reached_from_parties(sorted(parties[application])).items():
            # Another house of a member is shared or not; what it is tied to is not the applicant's.
            ways = shared[place] + ([] if len(rest) > 1 or graph.is_house_of(party, place) else tied[place])
            for reviewer, path in ways:
                if path and any(reviewer in (step.a, step.b) for step in rest):
                    continue  # he met himself: the way from him to the party is among the others
                whole = (*path, *rest)
                found[reviewer, application].add(Conflict(reviewer, application, _kind(whole), whole, party))
    return {pair: tuple(sorted(found[pair], key=_by_length)) for pair in sorted(found)}


Path = tuple[Relation, ...]
Ways = dict[str, list[tuple[str, Path]]]


def _near(graph: _Graph, reviewers: Collection[str]) -> tuple[Ways, Ways]:
    """Return place -> (reviewer, path) for those who stand at a place, and for those tied to it."""
    shared: Ways = defaultdict(list)
    tied: Ways = defaultdict(list)
    for reviewer in sorted(reviewers):
        for place, path in graph.reached_from_reviewer(reviewer).items():
            shared[place].append((reviewer, path))
            for tie in graph.ties.get(place, ()):
                tied[_other(tie, place)].append((reviewer, (*path, tie)))
    return shared, tied


class _Graph:
    """The relations that still count, by their ends."""

    def __init__(self, relations: Iterable[Relation], on: date, policy: Policy) -> None:
        self.organisations: dict[str, list[Relation]] = defaultdict(list)
        self.members: dict[str, list[Relation]] = defaultdict(list)
        self.ties: dict[str, list[Relation]] = defaultdict(list)
        for relation in sorted(set(relations), key=_written):
            if relation.tie not in policy.years or not _counts(relation, on, policy.years[relation.tie]):
                continue
            if relation.tie is Tie.MEMBER:
                self.organisations[relation.a].append(relation)
                self.members[relation.b].append(relation)
            else:
                self.ties[relation.a].append(relation)
                self.ties[relation.b].append(relation)

    def reached_from_reviewer(self, reviewer: str) -> dict[str, Path]:
        return {reviewer: ()} | {relation.b: (relation,) for relation in self.organisations.get(reviewer, ())}

    def reached_from_parties(self, parties: list[str]) -> dict[str, tuple[str, Path]]:
        """Return place -> (party, the way from the place to it)."""
        reached: dict[str, tuple[str, Path]] = {}
        for party in parties:
            for relation in self._beside(party):
                reached.setdefault(_other(relation, party), (party, (relation,)))
        # A member of an applying organisation brings the other houses he belongs to.
        for party in parties:
            for member in self.members.get(party, ()):
                for relation in self.organisations.get(member.a, ()):
                    reached.setdefault(relation.b, (party, (relation, member)))
        return reached | {party: (party, ()) for party in parties}

    def is_house_of(self, party: str, place: str) -> bool:
        """Say whether the place is an organisation to which the party belongs."""
        return any(relation.b == place for relation in self.organisations.get(party, ()))

    def _beside(self, party: str) -> Iterator[Relation]:
        yield from self.members.get(party, ())
        yield from self.organisations.get(party, ())


def _counts(relation: Relation, on: date, years: int | None) -> bool:
    if relation.until is None or years is None:
        return True
    return relation.until >= _years_before(on, years)


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February
        return day.replace(year=day.year - years, day=28)


def _other(relation: Relation, end: str) -> str:
    return relation.b if relation.a == end else relation.a


def _kind(path: Path) -> str:
    if not path:
        return "self"
    ties = [step.tie for step in path if step.tie is not Tie.MEMBER]
    return ties[0].value if ties else "same organisation"


def _by_length(conflict: Conflict) -> tuple[int, str, str, tuple[tuple[str, ...], ...]]:
    return len(conflict.path), conflict.kind, conflict.party, tuple(map(_written, conflict.path))


def _written(relation: Relation) -> tuple[str, ...]:
    return relation.tie.value, relation.a, relation.b, str(relation.since), str(relation.until)


_IS = {
    Tie.MEMBER: ("is member of", "was member of"),
    Tie.COAUTHOR: ("writes with", "wrote with"),
    Tie.INVESTOR: ("invests in", "invested in"),
    Tie.MENTOR: ("is mentor of", "was mentor of"),
    Tie.LANDLORD: ("lets rooms to", "let rooms to"),
    Tie.FAMILY: ("is family of", "is family of"),
}


def _words(step: Relation) -> str:
    now, then = _IS[step.tie]
    if step.until is None:
        return f"{step.a} {now} {step.b}"
    return f"{step.a} {then} {step.b} (until {step.until})"
