"""Committees, meetings and decisions: doors, and what a vote needs to know."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q, QuerySet

from bitgoeul.apps.governance import policies
from bitgoeul.apps.governance.models import (
    Action,
    Attendance,
    Committee,
    Decision,
    Item,
    Meeting,
    Minutes,
    Seat,
    Vote,
)
from bitgoeul.apps.governance.models.decisions import REFERENCE
from bitgoeul.apps.governance.queries.plan import today
from bitgoeul.engines import votes as engine
from bitgoeul.kit.actor import Actor

LEVELS = [str(level) for level in Committee.Level]


def committees() -> QuerySet[Committee]:
    """Every committee is public, also those that were dissolved."""
    return Committee.objects.select_related("parent")


def seat_of(actor: Actor, committee: Committee, on: dt.date | None = None) -> Seat | None:
    """The actor's own term in a committee on a day; a secretary who is also a member keeps the meeting."""
    if not actor.is_signed_in:
        return None
    day = on or today()
    held = Seat.objects.filter(
        committee=committee, person_id=actor.own_id, starts_on__lte=day, ends_on__gte=day
    )
    return max(held, key=lambda seat: seat.role == Seat.Role.SECRETARY, default=None)


def voting_seat_of(actor: Actor, committee: Committee, on: dt.date) -> Seat | None:
    """The actor's own term that has a vote."""
    if not actor.is_signed_in:
        return None
    return voters(committee, on).filter(person_id=actor.own_id).first()


def seats_on(committee: Committee, on: dt.date) -> QuerySet[Seat]:
    return Seat.objects.filter(committee=committee, starts_on__lte=on, ends_on__gte=on).order_by("id")


def voters(committee: Committee, on: dt.date) -> QuerySet[Seat]:
    """Those in office on a day who have a vote."""
    return seats_on(committee, on).exclude(role=Seat.Role.SECRETARY)


def my_committees(actor: Actor) -> QuerySet[Committee]:
    """Where the actor holds a term today."""
    if not actor.is_signed_in:
        return Committee.objects.none()
    day = today()
    held = Seat.objects.filter(person_id=actor.own_id, starts_on__lte=day, ends_on__gte=day)
    return committees().filter(pk__in=held.values("committee"))


def meetings_visible_to(actor: Actor) -> QuerySet[Meeting]:
    """Convened meetings are public; those still planned are seen by the desk and the committee."""
    rows = Meeting.objects.select_related("committee")
    if policies.may_see_everything(actor):
        return rows
    mine = my_committees(actor).values("pk")
    return rows.filter(~Q(state=Meeting.State.PLANNED) | Q(committee__in=mine))


def minutes_of(meeting: Meeting) -> Minutes | None:
    return Minutes.objects.filter(meeting=meeting).first()


def reads_papers(actor: Actor, meeting: Meeting) -> bool:
    """Whether the agenda and the minutes are open to the actor: members first, everybody once published.

    Who was a member on the day of the meeting keeps access to its papers.
    """
    seat = seat_of(actor, meeting.committee) or seat_of(actor, meeting.committee, meeting.held_on)
    return policies.may_read_papers(actor, seat) or are_public(meeting)


def are_public(meeting: Meeting) -> bool:
    return Minutes.objects.filter(meeting=meeting, state=Minutes.State.PUBLISHED).exists()


def items_visible_to(actor: Actor, meeting: Meeting) -> QuerySet[Item]:
    rows = meeting.items.order_by("position")
    return rows if reads_papers(actor, meeting) else rows.none()


def decisions() -> QuerySet[Decision]:
    """Every decision is public from the moment it is adopted, also when it no longer stands."""
    return Decision.objects.select_related("committee", "item__meeting", "replaced_by")


def decision_by_reference(reference: str) -> Decision | None:
    """The decision that ``decision:2026-03`` names, whether or not it still stands."""
    found = REFERENCE.fullmatch(reference)
    return decisions().filter(year=int(found[1]), number=int(found[2])).first() if found else None


def decisions_about(task: str) -> list[Decision]:
    """Those linked to a task, newest first.  Not every database can look into a list, and they are few."""
    return [row for row in decisions() if task in row.tasks]


def actions() -> QuerySet[Action]:
    return Action.objects.select_related("committee", "decision", "meeting")


def open_actions() -> QuerySet[Action]:
    return actions().filter(state=Action.State.OPEN).order_by("due_on", "id")


def overdue_actions(on: dt.date) -> QuerySet[Action]:
    return open_actions().filter(due_on__lt=on)


@dataclass(frozen=True)
class Room:
    """Who is in office and who is there, at this moment of a meeting."""

    voters: list[Seat]
    others: list[Seat]
    states: dict[int, str]
    rules: engine.Rules

    @property
    def office(self) -> int:
        return len(self.voters)

    @property
    def present(self) -> int:
        return sum(self.states.get(seat.pk) == Attendance.State.PRESENT for seat in self.voters)

    @property
    def needed(self) -> int:
        return engine.quorum_needed(self.office, self.rules)

    @property
    def has_quorum(self) -> bool:
        return engine.has_quorum(self.office, self.present, self.rules)

    @property
    def missing(self) -> int:
        return max(0, self.needed - self.present)

    def is_there(self, seat: Seat) -> bool:
        return self.states.get(seat.pk) == Attendance.State.PRESENT


def room_of(meeting: Meeting) -> Room:
    seats = list(seats_on(meeting.committee, meeting.held_on))
    states = dict(meeting.attendance.values_list("seat_id", "state"))
    return Room(
        [seat for seat in seats if seat.votes],
        [seat for seat in seats if not seat.votes],
        states,
        meeting.committee.rules,
    )


def count(item: Item) -> engine.Tally:
    """The tally of a vote as it stands now."""
    room = room_of(item.meeting)
    office = {seat.public_id for seat in room.voters}
    cast = Vote.objects.filter(item=item, round=item.round).values_list("seat__public_id", "choice")
    recused = set(item.interests.values_list("seat__public_id", flat=True)) & office
    return engine.tally(
        office=office,
        present={seat.public_id for seat in room.voters if room.is_there(seat)},
        recused=recused,
        votes=dict(cast),  # type: ignore[arg-type]
        rules=room.rules,
    )


def agenda_for(actor: Actor, meeting: Meeting) -> list[dict[str, Any]]:
    """The agenda as one reader sees it: each point with its interests, its votes and their own vote."""
    items = list(items_visible_to(actor, meeting).prefetch_related("interests__seat", "votes"))
    mine = voting_seat_of(actor, meeting.committee, meeting.held_on)
    made = {row.item_id: row for row in decisions().filter(item__in=items)}
    rows = []
    for item in items:
        now = [vote for vote in item.votes.all() if vote.round == item.round]
        own = next((vote for vote in now if mine is not None and vote.seat_id == mine.pk), None)
        rows.append(
            {
                "item": item,
                "interests": list(item.interests.all()),
                "cast": len(now),
                "voted": {vote.seat_id for vote in now},
                "own": own,
                "recused": mine is not None and any(i.seat_id == mine.pk for i in item.interests.all()),
                "decision": made.get(item.pk),
                "running": count(item) if item.state == Item.State.VOTING else None,
            }
        )
    return rows


@dataclass(frozen=True)
class Statistics:
    """What the public sees of a committee at a glance."""

    meetings: int
    decisions: int
    open_actions: int
    overdue: int
    done: int
    in_time: int


def statistics(committee: Committee | None = None) -> Statistics:
    """Figures of one committee, or of all of them."""
    only = {"committee": committee} if committee is not None else {}
    day = today()
    late = Q(closed_at__date__gt=F("due_on"))
    acts = Action.objects.filter(**only).aggregate(
        open_actions=Count("id", filter=Q(state=Action.State.OPEN)),
        overdue=Count("id", filter=Q(state=Action.State.OPEN, due_on__lt=day)),
        done=Count("id", filter=Q(state=Action.State.DONE)),
        in_time=Count("id", filter=Q(state=Action.State.DONE) & ~late),
    )
    return Statistics(
        meetings=Meeting.objects.filter(state=Meeting.State.ENDED, **only).count(),
        decisions=Decision.objects.filter(**only).count(),
        **acts,
    )
