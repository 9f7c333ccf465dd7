"""Votes: interests are declared first, everybody votes once, the count decides."""

from __future__ import annotations

from dataclasses import asdict

from django.utils.translation import gettext as _

from bitgoeul.apps.governance import policies
from bitgoeul.apps.governance.commands.decisions import adopt_decision
from bitgoeul.apps.governance.commands.meetings import item_of, keeps, print_of
from bitgoeul.apps.governance.errors import (
    ConcernedByIt,
    NoQuorum,
    NotThere,
    VotedAlready,
    VoteNotOpen,
    VoteRunning,
)
from bitgoeul.apps.governance.events import InterestDeclared, VoteCast, VoteClosed, VoteOpened
from bitgoeul.apps.governance.models import Interest, Item, Meeting, Seat, Vote
from bitgoeul.apps.governance.queries import committees as queries
from bitgoeul.apps.programmes.queries.answers import is_storable
from bitgoeul.engines import votes as engine
from bitgoeul.kit import clock
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.command import command, unchanged
from bitgoeul.kit.doors import find
from bitgoeul.kit.facts import record
from bitgoeul.kit.refusals import Invalid, StateChanged, require

State = Item.State


def _voter(by: Actor, meeting: Meeting, seat: str) -> tuple[Seat, bool]:
    """Whose vote or declaration it is: one's own, or a member's whom the secretary hears in the room."""
    if seat:
        keeps(by, meeting)
        return find(queries.voters(meeting.committee, meeting.held_on), public_id=seat), True
    own = queries.voting_seat_of(by, meeting.committee, meeting.held_on)
    require(policies.may_take_part(own))
    assert own is not None
    return own, False


@command
def declare_interest(*, by: Actor, item: str, reason: str = "", seat: str = "") -> Interest:
    """Say that a point concerns a member.  They then count neither for its quorum nor in its vote."""
    point, meeting = item_of(by, item)
    member, _heard = _voter(by, meeting, seat)
    if point.state not in (State.WAITING, State.VOTING) or meeting.state in (
        Meeting.State.ENDED,
        Meeting.State.CANCELLED,
    ):
        raise StateChanged(now=point.get_state_display())
    if len(reason) > 500 or not is_storable(reason):
        raise Invalid({"reason": [_("At most 500 characters.")]})
    if Vote.objects.filter(item=point, seat=member, round=point.round).exists():
        raise VotedAlready(name=member.name, item=str(point))
    row, new = Interest.objects.get_or_create(item=point, seat=member, defaults={"reason": reason})
    if not new:
        unchanged()
        return row
    record(
        InterestDeclared(
            meeting=meeting.public_id, item=point.public_id, seat=member.public_id, reason=reason
        ),
        by=by,
        subject=meeting.subject,
    )
    return row


@command
def open_vote(*, by: Actor, item: str) -> Item:
    """Put a motion to the vote, in the words it has now.  Without a quorum there is no vote."""
    point, meeting = item_of(by, item)
    keeps(by, meeting)
    if point.state == State.VOTING:
        unchanged()
        return point
    if meeting.state != Meeting.State.SITTING or point.kind != Item.Kind.MOTION:
        raise StateChanged(now=point.get_state_display())
    running = meeting.items.filter(state=State.VOTING).first()
    if running is not None:
        raise VoteRunning(item=str(running))
    now = queries.count(point)
    if now.result == "no_quorum":
        raise NoQuorum(present=now.present, needed=now.quorum_needed)
    Item.FLOW.move(point, State.VOTING, round=point.round + 1)
    record(
        VoteOpened(
            meeting=meeting.public_id,
            item=point.public_id,
            round=point.round,
            fingerprint=print_of(point.text),
            present=now.present,
            quorum_needed=now.quorum_needed,
        ),
        by=by,
        subject=meeting.subject,
    )
    return point


@command
def cast_vote(*, by: Actor, item: str, choice: str, seat: str = "") -> Vote:
    """Vote: a member for themselves, or the secretary for a member who says it in the room."""
    point, meeting = item_of(by, item)
    member, heard = _voter(by, meeting, seat)
    if choice not in engine.CHOICES:
        raise Invalid({"choice": [_("Choose yes, no or abstain.")]})
    if point.state != State.VOTING:
        raise VoteNotOpen(item=str(point))
    if point.interests.filter(seat=member).exists():
        raise ConcernedByIt(name=member.name, item=str(point))
    if not queries.room_of(meeting).is_there(member):
        raise NotThere(name=member.name)
    vote, new = Vote.objects.get_or_create(
        item=point, seat=member, round=point.round, defaults={"choice": choice, "in_the_room": heard}
    )
    if not new:
        if vote.choice != choice:
            raise VotedAlready(name=member.name, item=str(point))
        unchanged()
        return vote
    record(
        VoteCast(
            meeting=meeting.public_id,
            item=point.public_id,
            round=point.round,
            in_the_room=heard,
            seat=member.public_id,
            choice=choice,
        ),
        by=by,
        subject=meeting.subject,
    )
    return vote


@command
def close_vote(*, by: Actor, item: str) -> Item:
    """Count.  A motion that is carried becomes a decision in the same moment."""
    point, meeting = item_of(by, item)
    keeps(by, meeting)
    if point.state != State.VOTING:
        raise VoteNotOpen(item=str(point))
    found = queries.count(point)
    ends = {"carried": State.CARRIED, "rejected": State.REJECTED, "no_quorum": State.WAITING}
    Item.FLOW.move(point, ends[found.result], tally=asdict(found), voted_at=clock.now())
    record(
        VoteClosed(meeting=meeting.public_id, item=point.public_id, round=point.round, **asdict(found)),
        by=by,
        subject=meeting.subject,
    )
    if found.result == "carried":
        adopt_decision(by=by, item=point)
    return point
