"""What the worker does about governance: tell members and owners, remind, count."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from bitgoeul.apps.governance.commands import forget_member
from bitgoeul.apps.governance.measures import measure_all
from bitgoeul.apps.governance.models import Action, Meeting, Seat
from bitgoeul.apps.governance.queries import committees as queries
from bitgoeul.apps.governance.queries.plan import today
from bitgoeul.apps.notices.commands import notify
from bitgoeul.apps.people.models import Person
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.models import Fact
from bitgoeul.kit.text import Localised, translated
from bitgoeul.kit.ui import wording

CONVENED = _("“%(committee)s” meets: %(title)s")
CONVENED_TEXT = _("%(time)s. The agenda is open to you; declare an interest there if a point concerns you.")
CANCELLED = _("“%(committee)s” does not meet: %(title)s")
ASSIGNED = _("To be done by %(day)s: %(title)s")
OVERDUE = _("Overdue since %(day)s: %(title)s")
PUBLISHED = _("Minutes of “%(committee)s” are published")


def _members(meeting: Meeting) -> list[Person]:
    seats = queries.seats_on(meeting.committee, meeting.held_on).filter(person__is_active=True)
    return [seat.person for seat in seats.select_related("person") if seat.person is not None]


def _tell_members(fact: Fact, title: Localised, meeting: Meeting, text: Localised | None = None) -> None:
    notify(
        by=SYSTEM,
        key=f"fact:{fact.pk}",
        kind=fact.name,
        tone="info",
        title=title,
        text=text,
        url=f"/governance/meetings/{meeting.public_id}/",
        people=_members(meeting),
    )


def tell_members(fact: Fact) -> None:
    """The agenda is out, the meeting is off, or its minutes are public."""
    meeting = Meeting.objects.select_related("committee").get(public_id=fact.data["meeting"])
    named = {"committee": meeting.committee, "title": meeting.title}
    if fact.name == "governance.MeetingConvened":
        text = translated(CONVENED_TEXT, time=_When(meeting))
        _tell_members(fact, translated(CONVENED, **named), meeting, text)
    elif fact.name == "governance.MeetingCancelled":
        _tell_members(fact, translated(CANCELLED, **named), meeting)
    else:
        _tell_members(fact, translated(PUBLISHED, committee=meeting.committee), meeting)


class _When:
    """The beginning of a meeting as each language writes it."""

    def __init__(self, meeting: Meeting) -> None:
        self.moment = meeting.starts_at

    def __str__(self) -> str:
        return wording.when(self.moment)


class _Day:
    def __init__(self, action: Action) -> None:
        self.day = action.due_on

    def __str__(self) -> str:
        return wording.day(self.day)


def tell_owner(fact: Fact) -> None:
    """Somebody has something to do, or has more time for it."""
    action = Action.objects.select_related("person").get(public_id=fact.data["action"])
    if action.person is not None and action.state == Action.State.OPEN:
        _tell(f"fact:{fact.pk}", fact.name, "info", ASSIGNED, action)


def remind_of_actions() -> None:
    """Once for each day that was missed by an action, not every day anew."""
    for action in queries.overdue_actions(today()).filter(person__isnull=False).select_related("person"):
        key = f"overdue:{action.public_id}:{action.due_on.isoformat()}"
        _tell(key, "governance.Overdue", "wait", OVERDUE, action)


def _tell(key: str, kind: str, tone: str, title: object, action: Action) -> None:
    notify(
        by=SYSTEM,
        key=key,
        kind=kind,
        tone=tone,
        title=translated(title, day=_Day(action), title=action.title),
        url=f"/governance/actions/{action.public_id}/",
        people=[action.person] if action.person is not None else [],
    )


def forget_erased_member(fact: Fact) -> None:
    if Seat.objects.filter(person__public_id=fact.data["person"]).exists():
        forget_member(by=SYSTEM, person=fact.data["person"])


def measure() -> None:
    """Count the indicators that the hub can count by itself."""
    measure_all(by=SYSTEM)
