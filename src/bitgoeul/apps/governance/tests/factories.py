"""A plan, a committee with members and a meeting in session, as tests need them."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass
from typing import Any

from bitgoeul.apps.governance import commands
from bitgoeul.apps.governance.models import Committee, Item, Meeting, PlanVersion, Seat
from bitgoeul.apps.people.models import Person
from bitgoeul.apps.people.tests.factories import actor, make_person
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM, Actor

_number = itertools.count(1)


def words(text: str) -> dict[str, str]:
    return {"ko": f"{text} (가)", "en": text}


def small_tree() -> dict[str, Any]:
    """Two phases, one strategy, one task, a count and a share."""
    return {
        "phases": [
            {"key": "phase-1", "title": words("Phase 1"), "starts_on": "2020-01-01", "ends_on": "2024-12-31"},
            {"key": "phase-2", "title": words("Phase 2"), "starts_on": "2025-01-01", "ends_on": "2029-12-31"},
        ],
        "strategies": [
            {
                "key": "base",
                "title": words("Base"),
                "tasks": [
                    {
                        "key": "compute",
                        "title": words("Compute"),
                        "phases": ["phase-1", "phase-2"],
                        "indicators": [
                            {
                                "key": "supports",
                                "title": words("Supports"),
                                "unit": words("cases"),
                                "numerator": words("Supported projects"),
                                "targets": [{"phase": "phase-2", "value": "3000"}],
                            },
                            {
                                "key": "granted",
                                "title": words("Granted"),
                                "unit": words("percent"),
                                "numerator": words("Hours granted"),
                                "denominator": words("Hours asked"),
                                "targets": [{"phase": "phase-2", "value": "0.8"}],
                            },
                        ],
                    }
                ],
            }
        ],
    }


def make_plan(tree: dict[str, Any] | None = None, on: str = "2020-01-01", **publish: Any) -> PlanVersion:
    """A published version; the next one begins where this one stands."""
    commands.begin_plan(by=SYSTEM)
    commands.write_plan(by=SYSTEM, tree=tree or small_tree())
    return commands.publish_plan(
        by=SYSTEM, effective_from=dt.date.fromisoformat(on), reason=words("Because"), **publish
    )


def measure(
    indicator: str = "supports", numerator: str = "100", as_of: str = "2024-12-31", **more: Any
) -> Any:
    return commands.record_measurement(
        by=SYSTEM,
        indicator=indicator,
        numerator=numerator,
        as_of=dt.date.fromisoformat(as_of),
        source=words("Annual report"),
        **more,
    )


def make_committee(**fields: Any) -> Committee:
    defaults: dict[str, Any] = {
        "slug": f"committee-{next(_number)}",
        "level": "steering",
        "title": words("Steering"),
        "remit": words("It decides"),
        "founded_on": dt.date(2020, 1, 1),
    }
    return commands.save_committee(by=SYSTEM, **defaults | fields)


def make_seat(committee: Committee, person: Person | None = None, **fields: Any) -> Seat:
    today = clock.now().date()
    defaults: dict[str, Any] = {
        "name": person.name if person else f"위원 {next(_number)}",
        "email": person.email if person else "",
        "starts_on": max(committee.founded_on, today - dt.timedelta(days=100)),
        "ends_on": today + dt.timedelta(days=300),
    }
    return commands.give_seat(by=SYSTEM, committee=committee.slug, **defaults | fields)


@dataclass
class Sitting:
    """A meeting with its people.  ``by(n)`` acts as the n-th voting member."""

    committee: Committee
    meeting: Meeting
    seats: list[Seat]
    people: list[Person]
    secretary: Person

    def by(self, number: int) -> Actor:
        return actor(self.people[number])

    @property
    def keeper(self) -> Actor:
        return actor(self.secretary)

    def note(self, *numbers: int, state: str = "present") -> None:
        for number in numbers:
            commands.note_attendance(
                by=self.keeper,
                meeting=self.meeting.public_id,
                seat=self.seats[number].public_id,
                state=state,
            )

    def item(self, **fields: Any) -> Item:
        defaults: dict[str, Any] = {"kind": "motion", "title": words("Motion"), "text": words("We decide.")}
        return commands.write_item(by=self.keeper, meeting=self.meeting.public_id, **defaults | fields)

    def carried(self, **fields: Any) -> Item:
        """A motion that everybody who is there votes for."""
        item = self.item(**fields)
        commands.open_vote(by=self.keeper, item=item.public_id)
        room = [seat for seat in self.seats if seat.attendance.filter(state="present").exists()]
        for seat in room:
            commands.cast_vote(by=self.keeper, item=item.public_id, choice="yes", seat=seat.public_id)
        return commands.close_vote(by=self.keeper, item=item.public_id)


def make_sitting(members: int = 5, present: int | None = None, **fields: Any) -> Sitting:
    """A committee in session: ``members`` with a vote, the first of them its chair, and a secretary."""
    committee = make_committee(**fields)
    people = [make_person() for _each in range(members)]
    seats = [
        make_seat(committee, person, role="chair" if number == 0 else "member")
        for number, person in enumerate(people)
    ]
    secretary = make_person()
    make_seat(committee, secretary, role="secretary")
    meeting = commands.plan_meeting(
        by=actor(secretary),
        committee=committee.slug,
        title=words("Meeting"),
        starts_at=clock.now(),
        ends_at=clock.now() + dt.timedelta(hours=2),
    )
    sitting = Sitting(committee, meeting, seats, people, secretary)
    sitting.item(kind="report", title=words("Report"), text=None)
    commands.convene_meeting(by=sitting.keeper, meeting=meeting.public_id)
    commands.open_meeting(by=sitting.keeper, meeting=meeting.public_id)
    sitting.note(*range(members if present is None else present))
    return sitting
