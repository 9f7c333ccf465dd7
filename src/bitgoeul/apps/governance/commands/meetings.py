"""A meeting from its plan to its published minutes."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

from django.db.models import F, Max
from django.utils import timezone
from django.utils.translation import gettext as _

from bitgoeul.apps.governance import policies
from bitgoeul.apps.governance.commands._texts import (
    decision_in_force,
    given,
    moment,
    optional_errors,
    task_errors,
    text_errors,
)
from bitgoeul.apps.governance.errors import (
    AgendaEmpty,
    AgendaFixed,
    CommitteeNotSitting,
    OwnMinutes,
    VoteRunning,
)
from bitgoeul.apps.governance.events import (
    AttendanceNoted,
    ItemDealtWith,
    ItemWithdrawn,
    ItemWritten,
    MeetingCancelled,
    MeetingConvened,
    MeetingEnded,
    MeetingOpened,
    MeetingPlanned,
    MinutesApproved,
    MinutesDrafted,
    MinutesPublished,
    MinutesReturned,
)
from bitgoeul.apps.governance.models import Attendance, Decision, Item, Meeting, Minutes, Seat
from bitgoeul.apps.governance.queries import committees as queries
from bitgoeul.kit import clock
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.command import command, unchanged
from bitgoeul.kit.doors import find
from bitgoeul.kit.facts import record
from bitgoeul.kit.refusals import Invalid, StateChanged, require
from bitgoeul.kit.text import Localised

LONGEST = 200_000  # characters of minutes
State = Meeting.State


def meeting_of(by: Actor, meeting: str) -> Meeting:
    """The meeting, locked: whatever happens in one meeting happens one after the other."""
    return find(queries.meetings_visible_to(by).select_for_update(of=("self",)), public_id=meeting)


def keeps(by: Actor, meeting: Meeting) -> None:
    require(policies.may_keep(by, queries.seat_of(by, meeting.committee)))


@command
def plan_meeting(
    *,
    by: Actor,
    committee: str,
    title: dict[str, str],
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    place: dict[str, str] | None = None,
    meeting: str = "",
    example: bool = False,
) -> Meeting:
    """Plan a meeting, or change the plan of one that is not convened yet."""
    body = find(queries.committees().select_for_update(of=("self",)), slug=committee)
    require(policies.may_keep(by, queries.seat_of(by, body)))
    errors = text_errors(200, title=title) | optional_errors(200, place=place)
    starts_at, ends_at = moment(starts_at), moment(ends_at)
    if not starts_at < ends_at <= starts_at + dt.timedelta(days=3):
        errors["ends_at"] = [_("A meeting ends after it begins, within three days.")]
    if errors:
        raise Invalid(errors)
    if not body.sits_on(timezone.localdate(starts_at)):
        raise CommitteeNotSitting(committee=str(body), day=timezone.localdate(starts_at).isoformat())
    fields: dict[str, Any] = {
        "title": Localised.of(title),
        "place": given(place),
        "starts_at": starts_at,
        "ends_at": ends_at,
        "is_example": example,
    }
    if meeting:
        row = meeting_of(by, meeting)
        if row.state != State.PLANNED:
            raise StateChanged(now=row.get_state_display())
        if all(getattr(row, name) == value for name, value in fields.items()):
            unchanged()
            return row
        for name, value in fields.items():
            setattr(row, name, value)
        row.save(update_fields=list(fields))
    else:
        last = body.meetings.aggregate(last=Max("number"))["last"] or 0
        row = Meeting.objects.create(committee=body, number=last + 1, **fields)
    record(
        MeetingPlanned(
            committee=committee,
            meeting=row.public_id,
            number=row.number,
            starts_at=starts_at.astimezone(dt.UTC).isoformat(),
            ends_at=ends_at.astimezone(dt.UTC).isoformat(),
        ),
        by=by,
        subject=row.subject,
    )
    return row


@command
def write_item(
    *,
    by: Actor,
    meeting: str,
    kind: str,
    title: dict[str, str],
    text: dict[str, str] | None = None,
    tasks: list[str] | None = None,
    supersedes: str = "",
    item: str = "",
) -> Item:
    """Put a point on the agenda, or change one that was not dealt with yet."""
    row = meeting_of(by, meeting)
    keeps(by, row)
    if row.state in (State.ENDED, State.CANCELLED):
        raise StateChanged(now=row.get_state_display())
    keys = list(dict.fromkeys(tasks or []))
    errors = text_errors(300, title=title) | optional_errors(text=text) | task_errors(keys)
    if kind not in Item.Kind.values:
        errors["kind"] = [_("Choose report, discussion or motion.")]
    if kind == Item.Kind.MOTION:
        errors |= text_errors(text=text or {})
    if errors:
        raise Invalid(errors)
    if supersedes:
        decision_in_force(supersedes)
    fields: dict[str, Any] = {
        "kind": kind,
        "title": Localised.of(title),
        "text": given(text),
        "tasks": keys,
        "supersedes": supersedes,
    }
    if item:
        point = find(row.items.all(), public_id=item)
        if point.state != Item.State.WAITING:
            raise AgendaFixed(item=str(point))
        if all(getattr(point, name) == value for name, value in fields.items()):
            unchanged()
            return point
        for name, value in fields.items():
            setattr(point, name, value)
        point.save(update_fields=list(fields))
    else:
        last = row.items.aggregate(last=Max("position"))["last"] or 0
        point = Item.objects.create(meeting=row, position=last + 1, **fields)
    record(
        ItemWritten(meeting=row.public_id, item=point.public_id, position=point.position, kind=kind),
        by=by,
        subject=row.subject,
    )
    return point


@command
def convene_meeting(*, by: Actor, meeting: str) -> Meeting:
    """Give the members the agenda; they are told in their inbox, and the date becomes public."""
    row = meeting_of(by, meeting)
    keeps(by, row)
    if row.state == State.CONVENED:
        unchanged()
        return row
    items = row.items.exclude(state=Item.State.WITHDRAWN).count()
    if row.state == State.PLANNED and not items:
        raise AgendaEmpty
    Meeting.FLOW.move(row, State.CONVENED)
    record(
        MeetingConvened(
            committee=row.committee.slug,
            meeting=row.public_id,
            starts_at=row.starts_at.astimezone(dt.UTC).isoformat(),
            items=items,
        ),
        by=by,
        subject=row.subject,
    )
    return row


@command
def cancel_meeting(*, by: Actor, meeting: str) -> Meeting:
    """Let a meeting that has not begun not take place."""
    row = meeting_of(by, meeting)
    keeps(by, row)
    if row.state == State.CANCELLED:
        unchanged()
        return row
    Meeting.FLOW.move(row, State.CANCELLED)
    record(MeetingCancelled(committee=row.committee.slug, meeting=row.public_id), by=by, subject=row.subject)
    return row


@command
def open_meeting(*, by: Actor, meeting: str) -> Meeting:
    """Begin.  A report may be heard without a quorum; only a vote needs one."""
    row = meeting_of(by, meeting)
    keeps(by, row)
    if row.state == State.SITTING:
        unchanged()
        return row
    Meeting.FLOW.move(row, State.SITTING, opened_at=clock.now())
    room = queries.room_of(row)
    record(
        MeetingOpened(
            committee=row.committee.slug, meeting=row.public_id, present=room.present, office=room.office
        ),
        by=by,
        subject=row.subject,
    )
    return row


@command
def note_attendance(*, by: Actor, meeting: str, seat: str, state: str) -> Attendance:
    """Note whether a member is there.  While a vote runs nobody comes or goes."""
    row = meeting_of(by, meeting)
    keeps(by, row)
    if row.state not in (State.CONVENED, State.SITTING):
        raise StateChanged(now=row.get_state_display())
    if state not in Attendance.State.values:
        raise Invalid({"state": [_("Choose present, excused or absent.")]})
    member = find(queries.seats_on(row.committee, row.held_on), public_id=seat)
    running = row.items.filter(state=Item.State.VOTING).first()
    if running is not None:
        raise VoteRunning(item=str(running))
    noted, new = Attendance.objects.get_or_create(meeting=row, seat=member, defaults={"state": state})
    if not new:
        if noted.state == state:
            unchanged()
            return noted
        noted.state, noted.noted_at = state, clock.now()
        noted.save(update_fields=["state", "noted_at"])
    record(
        AttendanceNoted(
            meeting=row.public_id, seat=member.public_id, present=queries.room_of(row).present, state=state
        ),
        by=by,
        subject=row.subject,
    )
    return noted


@command
def deal_with_item(*, by: Actor, item: str) -> Item:
    """Note that a report was heard or a discussion held."""
    point, row = item_of(by, item)
    keeps(by, row)
    if row.state != State.SITTING or point.kind == Item.Kind.MOTION:
        raise StateChanged(now=point.get_state_display())
    if point.state == Item.State.DONE:
        unchanged()
        return point
    Item.FLOW.move(point, Item.State.DONE)
    record(ItemDealtWith(meeting=row.public_id, item=point.public_id), by=by, subject=row.subject)
    return point


@command
def withdraw_item(*, by: Actor, item: str) -> Item:
    """Take a point off the agenda; that it stood there stays to be seen."""
    point, row = item_of(by, item)
    keeps(by, row)
    if point.state == Item.State.WITHDRAWN:
        unchanged()
        return point
    Item.FLOW.move(point, Item.State.WITHDRAWN)
    record(ItemWithdrawn(meeting=row.public_id, item=point.public_id), by=by, subject=row.subject)
    return point


def item_of(by: Actor, item: str) -> tuple[Item, Meeting]:
    """A point and its meeting, locked, for whom the agenda is open."""
    point = find(Item.objects.select_related("meeting"), public_id=item)
    row = meeting_of(by, point.meeting.public_id)
    point = find(queries.items_visible_to(by, row), public_id=item)
    point.meeting = row
    return point, row


@command
def end_meeting(*, by: Actor, meeting: str) -> Meeting:
    """End.  Points that were not reached stay as they are."""
    row = meeting_of(by, meeting)
    keeps(by, row)
    if row.state == State.ENDED:
        unchanged()
        return row
    running = row.items.filter(state=Item.State.VOTING).first()
    if running is not None:
        raise VoteRunning(item=str(running))
    Meeting.FLOW.move(row, State.ENDED, closed_at=clock.now())
    record(
        MeetingEnded(
            committee=row.committee.slug,
            meeting=row.public_id,
            decisions=Decision.objects.filter(item__meeting=row).count(),
        ),
        by=by,
        subject=row.subject,
    )
    return row


# Minutes


@command
def draft_minutes(*, by: Actor, meeting: str, text: dict[str, str]) -> Minutes:
    """Write the minutes, or write them anew while they are not approved."""
    row = meeting_of(by, meeting)
    keeps(by, row)
    if row.state not in (State.SITTING, State.ENDED):
        raise StateChanged(now=row.get_state_display())
    if errors := text_errors(LONGEST, text=given(text)):
        raise Invalid(errors)
    written = given(text)
    minutes, new = Minutes.objects.select_for_update().get_or_create(
        meeting=row, defaults={"text": written, "fingerprint": print_of(written), "drafted_by": by.id}
    )
    if not new:
        if minutes.state != Minutes.State.DRAFT:
            raise StateChanged(now=minutes.get_state_display())
        if minutes.text == written:
            unchanged()
            return minutes
        Minutes.objects.filter(pk=minutes.pk).update(
            text=written, fingerprint=print_of(written), drafted_by=by.id, revision=F("revision") + 1
        )
        minutes.refresh_from_db()
    record(
        MinutesDrafted(meeting=row.public_id, revision=minutes.revision, fingerprint=minutes.fingerprint),
        by=by,
        subject=row.subject,
    )
    return minutes


def print_of(text: dict[str, str]) -> str:
    """SHA-256 of the minutes in both languages, one after the other."""
    return hashlib.sha256("\n".join(text.get(code, "") for code in ("ko", "en")).encode()).hexdigest()


@command
def approve_minutes(*, by: Actor, meeting: str) -> Minutes:
    """Confirm that the minutes tell what happened: the chair or an officer, never who wrote them."""
    row = meeting_of(by, meeting)
    minutes = find(Minutes.objects.filter(meeting=row))
    seat = queries.seat_of(by, row.committee)
    require(policies.may_approve(by, _chair_seat(by, row) or seat))
    if minutes.state == Minutes.State.APPROVED:
        unchanged()
        return minutes
    if row.state != State.ENDED:
        raise StateChanged(now=row.get_state_display())
    if policies.is_own(by, minutes):
        raise OwnMinutes
    Minutes.FLOW.move(minutes, Minutes.State.APPROVED, approved_by=by.id, approved_at=clock.now())
    record(
        MinutesApproved(meeting=row.public_id, revision=minutes.revision, fingerprint=minutes.fingerprint),
        by=by,
        subject=row.subject,
    )
    return minutes


def _chair_seat(by: Actor, row: Meeting) -> Seat | None:
    """The term that chairs, today or on the day of the meeting."""
    if not by.is_signed_in:
        return None
    mine = row.committee.seats.filter(person_id=by.own_id, role__in=policies.CHAIRS)
    days = {row.held_on, timezone.localdate(clock.now())}
    return next((seat for seat in mine if any(seat.holds_on(day) for day in days)), None)


@command
def return_minutes(*, by: Actor, meeting: str) -> Minutes:
    """Send approved minutes back to be mended."""
    row = meeting_of(by, meeting)
    minutes = find(Minutes.objects.filter(meeting=row))
    require(policies.may_approve(by, _chair_seat(by, row)))
    Minutes.FLOW.move(minutes, Minutes.State.DRAFT, approved_by="", approved_at=None)
    record(MinutesReturned(meeting=row.public_id, revision=minutes.revision), by=by, subject=row.subject)
    return minutes


@command
def publish_minutes(*, by: Actor, meeting: str) -> Minutes:
    """Open the approved minutes, the agenda and the counts of votes to everybody.  From now on they stay."""
    row = meeting_of(by, meeting)
    keeps(by, row)
    minutes = find(Minutes.objects.filter(meeting=row))
    if minutes.state == Minutes.State.PUBLISHED:
        unchanged()
        return minutes
    Minutes.FLOW.move(minutes, Minutes.State.PUBLISHED, published_at=clock.now())
    record(
        MinutesPublished(meeting=row.public_id, revision=minutes.revision, fingerprint=minutes.fingerprint),
        by=by,
        subject=row.subject,
    )
    return minutes
