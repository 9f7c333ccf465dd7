from __future__ import annotations

from dataclasses import dataclass

from bitgoeul.kit.facts import Event, personal


# The plan
@dataclass(frozen=True)
class PlanBegun(Event):
    """A new version is being written, starting from version ``based_on`` (0: from nothing)."""

    based_on: int
    baselines: int


@dataclass(frozen=True)
class PlanNodeWritten(Event):
    """A phase, strategy, task or indicator of the draft was written or changed."""

    kind: str
    key: str
    parent: str


@dataclass(frozen=True)
class PlanNodeDropped(Event):
    """A node and whatever is under it left the draft."""

    key: str


@dataclass(frozen=True)
class PlanWritten(Event):
    """The whole tree of the draft was written at once."""

    fingerprint: str
    nodes: int


@dataclass(frozen=True)
class PlanDiscarded(Event):
    """The draft was thrown away; the version in force stays."""

    based_on: int


@dataclass(frozen=True)
class PlanPublished(Event):
    """A version of the plan stands from a day on.  ``previous`` is the fingerprint of the one before."""

    number: int
    effective_from: str
    fingerprint: str
    previous: str
    added: int
    removed: int
    changed: int
    decision: str
    reason: dict[str, str]


@dataclass(frozen=True)
class MeasurementRecorded(Event):
    """What an indicator was at a time.  Numbers are decimal texts; ``denominator`` is empty for counts.

    ``as_of`` is the last day of what ``precision`` names: a day, a month or a year.
    """

    indicator: str
    numerator: str
    denominator: str
    as_of: str
    source: dict[str, str]
    url: str
    automatic: bool
    example: bool
    precision: str = "day"


# Committees
@dataclass(frozen=True)
class CommitteeSaved(Event):
    committee: str
    level: str
    parent: str
    title: dict[str, str]
    quorum: str
    passes: str
    example: bool


@dataclass(frozen=True)
class CommitteeDissolved(Event):
    committee: str
    dissolved_on: str


@dataclass(frozen=True)
class SeatGiven(Event):
    """A term in a committee.  The name is personal; the office it is held for is public."""

    committee: str
    seat: str
    role: str
    starts_on: str
    ends_on: str
    example: bool
    member: str = personal()


@dataclass(frozen=True)
class SeatEnded(Event):
    """A term ended before its time."""

    committee: str
    seat: str
    ends_on: str
    because: dict[str, str] = personal()


@dataclass(frozen=True)
class MemberForgotten(Event):
    """The name of an erased person was removed from their terms."""

    person: str
    seats: int


# Meetings
@dataclass(frozen=True)
class MeetingPlanned(Event):
    """A meeting was planned, or its plan was changed."""

    committee: str
    meeting: str
    number: int
    starts_at: str
    ends_at: str


@dataclass(frozen=True)
class MeetingConvened(Event):
    """The members have the agenda."""

    committee: str
    meeting: str
    starts_at: str
    items: int


@dataclass(frozen=True)
class MeetingOpened(Event):
    committee: str
    meeting: str
    present: int
    office: int


@dataclass(frozen=True)
class MeetingEnded(Event):
    committee: str
    meeting: str
    decisions: int


@dataclass(frozen=True)
class MeetingCancelled(Event):
    committee: str
    meeting: str


@dataclass(frozen=True)
class ItemWritten(Event):
    """A point of an agenda was written or changed."""

    meeting: str
    item: str
    position: int
    kind: str


@dataclass(frozen=True)
class ItemDealtWith(Event):
    meeting: str
    item: str


@dataclass(frozen=True)
class ItemWithdrawn(Event):
    meeting: str
    item: str


@dataclass(frozen=True)
class AttendanceNoted(Event):
    """Who is there is personal; how many are there is public."""

    meeting: str
    seat: str
    present: int
    state: str = personal()


@dataclass(frozen=True)
class InterestDeclared(Event):
    meeting: str
    item: str
    seat: str = personal()
    reason: str = personal()


@dataclass(frozen=True)
class VoteOpened(Event):
    """A motion is put to the vote in the words that have this fingerprint."""

    meeting: str
    item: str
    round: int
    fingerprint: str
    present: int
    quorum_needed: int


@dataclass(frozen=True)
class VoteCast(Event):
    """Somebody voted; who and what is personal."""

    meeting: str
    item: str
    round: int
    in_the_room: bool
    seat: str = personal()
    choice: str = personal()


@dataclass(frozen=True)
class VoteClosed(Event):
    """The count with every figure that decided it."""

    meeting: str
    item: str
    round: int
    result: str
    office: int
    recused: int
    present: int
    yes: int
    no: int
    abstain: int
    silent: int
    quorum_needed: int
    yes_needed: int


# Decisions and what follows
@dataclass(frozen=True)
class DecisionAdopted(Event):
    """A decision stands under its reference; ``replaces`` is the reference of the one it supersedes."""

    decision: str
    committee: str
    meeting: str
    item: str
    title: dict[str, str]
    tasks: list[str]
    replaces: str


@dataclass(frozen=True)
class DecisionRevoked(Event):
    decision: str
    reason: dict[str, str]


@dataclass(frozen=True)
class ActionAssigned(Event):
    """Somebody has to do something by a day."""

    committee: str
    action: str
    decision: str
    title: dict[str, str]
    owner: dict[str, str]
    due_on: str


@dataclass(frozen=True)
class ActionMoved(Event):
    """The day by which it is due was moved."""

    action: str
    was: str
    due_on: str
    reason: dict[str, str]


@dataclass(frozen=True)
class ActionDone(Event):
    action: str
    in_time: bool
    outcome: dict[str, str]


@dataclass(frozen=True)
class ActionCancelled(Event):
    action: str
    outcome: dict[str, str]


@dataclass(frozen=True)
class MinutesDrafted(Event):
    meeting: str
    revision: int
    fingerprint: str


@dataclass(frozen=True)
class MinutesApproved(Event):
    meeting: str
    revision: int
    fingerprint: str


@dataclass(frozen=True)
class MinutesReturned(Event):
    """Approved minutes went back to be mended."""

    meeting: str
    revision: int


@dataclass(frozen=True)
class MinutesPublished(Event):
    meeting: str
    revision: int
    fingerprint: str
