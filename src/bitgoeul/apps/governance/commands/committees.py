"""Committees and the terms of their members."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _

from bitgoeul.apps.governance import policies
from bitgoeul.apps.governance.commands._texts import given, optional_errors, slug_errors, text_errors
from bitgoeul.apps.governance.errors import (
    ChairTaken,
    CommitteeBusy,
    CommitteeNotSitting,
    SeatConflict,
    SeatTaken,
)
from bitgoeul.apps.governance.events import (
    CommitteeDissolved,
    CommitteeSaved,
    MemberForgotten,
    SeatEnded,
    SeatGiven,
)
from bitgoeul.apps.governance.models import Committee, Meeting, Seat
from bitgoeul.apps.governance.queries.committees import LEVELS, committees
from bitgoeul.apps.people.models import Person
from bitgoeul.apps.people.queries import person_by_address
from bitgoeul.apps.programmes.queries.answers import is_storable
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.command import command, unchanged
from bitgoeul.kit.doors import find
from bitgoeul.kit.facts import record
from bitgoeul.kit.refusals import Invalid, require
from bitgoeul.kit.text import Localised

LONGEST_TERM = dt.timedelta(days=366 * 10)


@command
def save_committee(
    *,
    by: Actor,
    slug: str,
    level: str,
    title: dict[str, str],
    remit: dict[str, str],
    founded_on: dt.date,
    parent: str = "",
    quorum: str = Committee.Share.MAJORITY,
    passes: str = Committee.Share.MAJORITY,
    example: bool = False,
) -> Committee:
    """Found a committee, or change its words and its rules of voting."""
    require(policies.may_run(by))
    errors = slug_errors(slug) | text_errors(200, title=title) | text_errors(2_000, remit=remit)
    above = committees().filter(slug=parent).first() if parent else None
    errors |= _level_errors(slug, level, parent, above)
    if {quorum, passes} - set(Committee.Share.values):
        errors["quorum"] = [_("Choose more than half or at least two thirds.")]
    if errors:
        raise Invalid(errors)
    fields = {
        "level": level,
        "parent": above,
        "title": Localised.of(title),
        "remit": Localised.of(remit),
        "quorum": quorum,
        "passes": passes,
        "founded_on": founded_on,
        "is_example": example,
    }
    row, new = Committee.objects.select_for_update().get_or_create(slug=slug, defaults=fields)
    if not new:
        if all(getattr(row, name) == value for name, value in fields.items()):
            unchanged()
            return row
        for name, value in fields.items():
            setattr(row, name, value)
        row.save(update_fields=list(fields))
    record(
        CommitteeSaved(
            committee=slug,
            level=level,
            parent=parent,
            title=dict(row.title),
            quorum=quorum,
            passes=passes,
            example=example,
        ),
        by=by,
        subject=f"committee:{slug}",
    )
    return row


def _level_errors(slug: str, level: str, parent: str, above: Committee | None) -> dict[str, list[str]]:
    if level not in LEVELS:
        return {"level": [_("Choose one of the three levels.")]}
    if level == Committee.Level.STEERING:
        return {"parent": [_("Nothing stands above a steering committee.")]} if parent else {}
    if above is None or LEVELS.index(above.level) >= LEVELS.index(level) or above.slug == slug:
        return {"parent": [_("Choose the committee of a higher level that it works for.")]}
    return {}


@command
def dissolve_committee(*, by: Actor, slug: str, on: dt.date) -> Committee:
    """Let a committee end.  Its meetings, decisions and terms stay to be read."""
    require(policies.may_run(by))
    row = find(committees().select_for_update(of=("self",)), slug=slug)
    if row.dissolved_on == on:
        unchanged()
        return row
    ahead = row.meetings.exclude(state__in=[Meeting.State.ENDED, Meeting.State.CANCELLED]).count()
    if ahead:
        raise CommitteeBusy(committee=str(row), meetings=ahead)
    if on < row.founded_on:
        raise CommitteeNotSitting(committee=str(row), day=on.isoformat())
    row.dissolved_on = on
    row.save(update_fields=["dissolved_on"])
    record(
        CommitteeDissolved(committee=slug, dissolved_on=on.isoformat()), by=by, subject=f"committee:{slug}"
    )
    return row


@command
def give_seat(
    *,
    by: Actor,
    committee: str,
    name: str,
    starts_on: dt.date,
    ends_on: dt.date,
    role: str = Seat.Role.MEMBER,
    affiliation: dict[str, str] | None = None,
    email: str = "",
    example: bool = False,
) -> Seat:
    """Give somebody a term.  With the address of an account they vote from their own device."""
    require(policies.may_run(by))
    row = find(committees().select_for_update(of=("self",)), slug=committee)
    errors = optional_errors(200, affiliation=affiliation)
    if not 0 < len(name.strip()) <= 80 or not is_storable(name):
        errors["name"] = [_("Write the name, with at most 80 characters.")]
    if role not in Seat.Role.values:
        errors["role"] = [_("Choose chair, vice chair, member or secretary.")]
    if not starts_on <= ends_on <= starts_on + LONGEST_TERM:
        errors["ends_on"] = [_("A term ends after it begins, within ten years.")]
    person = person_by_address(email) if email else None
    if email and person is None:
        errors["email"] = [_("No account has confirmed this address.")]
    if errors:
        raise Invalid(errors)
    if not row.sits_on(starts_on):
        raise CommitteeNotSitting(committee=str(row), day=starts_on.isoformat())
    same = Seat.objects.filter(committee=row, starts_on__lte=ends_on, ends_on__gte=starts_on)
    _require_free(row, same, name.strip(), person, role)
    seat = Seat.objects.create(
        committee=row,
        person=person,
        name=name.strip(),
        affiliation=given(affiliation),
        role=role,
        starts_on=starts_on,
        ends_on=ends_on,
        is_example=example,
    )
    record(
        SeatGiven(
            committee=committee,
            seat=seat.public_id,
            role=role,
            starts_on=starts_on.isoformat(),
            ends_on=ends_on.isoformat(),
            example=example,
            member=seat.name,
        ),
        by=by,
        subject=f"committee:{committee}",
    )
    return seat


def _require_free(row: Committee, same: object, name: str, person: Person | None, role: str) -> None:
    """Nobody has two votes in one committee, and there is one chair at a time."""
    for seat in same:  # type: ignore[attr-defined]
        twice = seat.person_id == person.pk if person else seat.name == name and seat.person_id is None
        if twice and seat.votes == (role != Seat.Role.SECRETARY):
            raise SeatTaken(name=name, committee=str(row))
        if role == seat.role == Seat.Role.CHAIR:
            raise ChairTaken(committee=str(row), name=seat.name)


@command
def end_seat(*, by: Actor, seat: str, on: dt.date, because: dict[str, str] | None = None) -> Seat:
    """Let a term end before its time; ``on`` is its last day."""
    require(policies.may_run(by))
    row = find(Seat.objects.select_related("committee"), public_id=seat)
    if errors := optional_errors(500, because=because):
        raise Invalid(errors)
    if row.ends_on == on:
        unchanged()
        return row
    if not row.starts_on <= on < row.ends_on:
        raise SeatConflict(day=on.isoformat(), began=row.starts_on.isoformat(), ends=row.ends_on.isoformat())
    row.ends_on, row.ended_because = on, given(because)
    row.save(update_fields=["ends_on", "ended_because"])
    record(
        SeatEnded(
            committee=row.committee.slug,
            seat=row.public_id,
            ends_on=on.isoformat(),
            because=dict(row.ended_because),
        ),
        by=by,
        subject=f"committee:{row.committee.slug}",
    )
    return row


@command
def forget_member(*, by: Actor, person: str) -> int:
    """Remove the name of an erased person from their terms; that the seat was held stays."""
    require(by.is_system)
    seats = Seat.objects.filter(person__public_id=person).exclude(name="")
    count = seats.update(name="", ended_because=Localised())
    if not count:
        unchanged()
        return 0
    record(MemberForgotten(person=person, seats=count), by=by, subject=f"person:{person}")
    return count
