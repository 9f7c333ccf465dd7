"""Who may do what.  ``seat`` is the actor's own term in the committee on that day, if they have one."""

from __future__ import annotations

from bitgoeul.apps.governance.models import Minutes, Seat
from bitgoeul.kit.actor import Actor

CHAIRS = frozenset({Seat.Role.CHAIR, Seat.Role.VICE})


def may_run(actor: Actor) -> bool:
    """Plans, committees and terms are kept at the operator's desk."""
    return actor.is_operator


def may_see_everything(actor: Actor) -> bool:
    return actor.is_operator or "auditor" in actor.roles


def may_keep(actor: Actor, seat: Seat | None) -> bool:
    """Plan, lead and write down a meeting: its secretary, or the desk."""
    return actor.is_operator or (seat is not None and seat.role == Seat.Role.SECRETARY)


def may_read_papers(actor: Actor, seat: Seat | None) -> bool:
    """Read the agenda and the minutes before they are public."""
    return may_see_everything(actor) or seat is not None


def may_take_part(seat: Seat | None) -> bool:
    """Vote and declare interests: members with a vote.  Nobody votes in the name of an office they lack."""
    return seat is not None and seat.votes


def may_approve(actor: Actor, seat: Seat | None) -> bool:
    return actor.is_operator or (seat is not None and seat.role in CHAIRS)


def is_own(actor: Actor, minutes: Minutes) -> bool:
    """Nobody approves what they wrote; the hub itself is not a writer."""
    return not actor.is_system and minutes.drafted_by == actor.id


def may_close_action(actor: Actor, seat: Seat | None, person_id: int | None) -> bool:
    """Whoever answers for it reports it done; so may the secretary and the desk."""
    return may_keep(actor, seat) or (actor.is_signed_in and actor.person_id == person_id)
