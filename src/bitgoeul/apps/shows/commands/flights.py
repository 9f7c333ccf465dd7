"""An evening: planned, its permit gathered, its gates pressed, go or no-go, flown, compared."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from bitgoeul.apps.shows import policies, queries
from bitgoeul.apps.shows.commands.assets import MIB, plain_name
from bitgoeul.apps.shows.errors import AssetTooLarge, GatesNotPassed, NotCertified
from bitgoeul.apps.shows.events import (
    CrewForgotten,
    CrewNamed,
    DocumentAttached,
    DocumentTakenAway,
    FlightCalledOff,
    FlightChanged,
    FlightCleared,
    FlightFlown,
    FlightPlanned,
    FlightReplanned,
    GateRead,
    LogAdded,
    LogCompared,
    LogUnreadable,
    PermitMoved,
    RulesChosen,
)
from bitgoeul.apps.shows.flying import board
from bitgoeul.apps.shows.flying.permit import documents
from bitgoeul.apps.shows.models import Attachment, Flight, FlightLog, Reading
from bitgoeul.kit import clock
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.command import command, unchanged
from bitgoeul.kit.doors import find, found
from bitgoeul.kit.facts import Event, record, redact
from bitgoeul.kit.models import Fact
from bitgoeul.kit.refusals import Invalid, StateChanged, require
from bitgoeul.kit.store import StoredFile, store
from bitgoeul.kit.text import Localised

MOST_ATTACHMENT_MIB = 30
MOST_LOG_MIB = 200
CREW_KNOWN_FOR = dt.timedelta(days=3 * 365)
State = Flight.State


def _mine(by: Actor, flight: str) -> Flight:
    row = find(queries.flights_visible_to(by), public_id=flight)
    require(policies.may_design(by, row.version.show.organisation_id))
    return row


def _tell(by: Actor, flight: Flight, event: Event) -> Fact:
    show = flight.version.show
    return record(event, by=by, subject=f"flight:{flight.public_id}", organisation=show.organisation)


@command
def plan_flight(
    *,
    by: Actor,
    show: str,
    number: int,
    place: Localised,
    starts_at: dt.datetime,
    rules: str,
    backup_at: dt.datetime | None = None,
    is_night: bool = True,
) -> Flight:
    """Plan an evening on which a certified version flies."""
    version = find(queries.versions_visible_to(by), show__slug=show, number=number)
    require(policies.may_design(by, version.show.organisation_id))
    if not version.is_certified:
        raise NotCertified(number=number)
    found(board.rules()["sets"].get(rules))
    if backup_at is not None and backup_at <= starts_at:
        raise Invalid({"backup_at": [_("The other date is later than the first.")]})
    flight = Flight.objects.create(
        version=version, place=place, starts_at=starts_at, backup_at=backup_at, is_night=is_night, rules=rules
    )
    event = FlightPlanned(
        flight=flight.public_id,
        show=show,
        version=number,
        starts_at=starts_at.astimezone(dt.UTC).isoformat(),
        rules=rules,
    )
    _tell(by, flight, event)
    return flight


@command
def change_flight(*, by: Actor, flight: str, changes: Mapping[str, Any]) -> Flight:
    """Change insurance and the answers of the permit file."""
    row = _mine(by, flight)
    allowed = {name: value for name, value in changes.items() if name in {"insurance", "answers"}}
    changed = [name for name, value in allowed.items() if getattr(row, name) != value]
    if not changed:
        unchanged()
        return row
    for name in changed:
        setattr(row, name, allowed[name])
    row.save(update_fields=changed)
    _tell(by, row, FlightChanged(flight=flight, changed=changed))
    return row


@command
def name_crew(*, by: Actor, flight: str, crew: list[dict[str, str]]) -> Flight:
    """Say who flies: role, name, licence."""
    row = _mine(by, flight)
    people = [
        {name: str(one.get(name, "")).strip()[:80] for name in ("role", "name", "licence")}
        for one in crew[:60]
    ]
    people = [one for one in people if one["role"] or one["name"]]
    if row.crew == people:
        unchanged()
        return row
    row.crew = people
    row.save(update_fields=["crew"])
    _tell(by, row, CrewNamed(flight=flight, roles=[one["role"] for one in people], people=people))
    return row


@command
def choose_rules(*, by: Actor, flight: str, rules: str) -> Flight:
    """Let another set of rules hold; every gate is looked at anew, and a go that was given is taken back."""
    row = _mine(by, flight)
    found(board.rules()["sets"].get(rules))
    if row.rules == rules:
        unchanged()
        return row
    before = row.rules
    if row.state == State.FLOWN:
        raise StateChanged(now=str(row.get_state_display()))
    if row.state == State.GO:
        Flight.FLOW.move(row, State.PLANNED, rules=rules)
    else:
        row.rules = rules
        row.save(update_fields=["rules"])
    _tell(by, row, RulesChosen(flight=flight, rules=rules, before=before))
    return row


@command
def read_gate(*, by: Actor, flight: str, gate: str, value: str, note: str = "") -> Reading:
    """Write down what somebody measured or confirmed.  A gate that fails takes a go back."""
    row = _mine(by, flight)
    known = found(next((one for one in board.rules()["gates"] if one["key"] == gate), None))
    if row.state == State.FLOWN or known["kind"] == "computed":
        raise StateChanged(now=str(row.get_state_display()))
    reading = Reading.objects.create(
        flight=row,
        gate=gate,
        value=_checked(known, value),
        note=note.strip()[:200],
        by_id=by.person_id,
        at=clock.now(),
    )
    states = _states(row)
    if row.state == State.GO and states.get(gate) == board.FAILED:
        Flight.FLOW.move(row, State.PLANNED)
    _tell(by, row, GateRead(flight=flight, gate=gate, value=reading.value, state=states.get(gate, "")))
    return reading


def _checked(gate: Mapping[str, Any], value: str) -> str:
    if gate["kind"] == "confirm":
        if value not in {"yes", "no"}:
            raise Invalid({gate["key"]: [_("Choose yes or no.")]})
        return value
    try:
        number = float(value.strip().replace(",", "."))
    except ValueError:
        number = -1
    if not 0 <= number <= 10_000:  # also what is no number at all: nan, inf
        raise Invalid({gate["key"]: [_("Write a number from 0 up.")]})
    return f"{number:g}"


def _states(flight: Flight) -> dict[str, str]:
    return {gate.key: gate.state for gate in board.gates(flight, board.newest_readings(flight))}


@command
def clear_flight(*, by: Actor, flight: str) -> Flight:
    """Go.  Every gate must be passed at this moment."""
    row = _mine(by, flight)
    if row.state == State.GO:
        unchanged()
        return row
    lines = board.gates(row, board.newest_readings(row))
    if not_passed := [line for line in lines if line.state != board.PASSED]:
        raise GatesNotPassed(gates=", ".join(str(line.title) for line in not_passed))
    Flight.FLOW.move(row, State.GO, reason="")
    _tell(by, row, FlightCleared(flight=flight, rules=row.rules, gates=_states(row)))
    return row


@command
def call_off_flight(*, by: Actor, flight: str, reason: str) -> Flight:
    """No go."""
    row = _mine(by, flight)
    if not reason.strip():
        raise Invalid({"reason": [_("Say why, in one sentence.")]})
    states = _states(row)
    Flight.FLOW.move(row, State.NO_GO, reason=reason.strip()[:300])
    _tell(by, row, FlightCalledOff(flight=flight, reason=row.reason, gates=states))
    return row


@command
def replan_flight(*, by: Actor, flight: str, starts_at: dt.datetime) -> Flight:
    """Plan an evening that was called off for another time, such as its other date."""
    row = _mine(by, flight)
    backup = row.backup_at if row.backup_at and row.backup_at > starts_at else None
    Flight.FLOW.move(row, State.PLANNED, starts_at=starts_at, backup_at=backup, reason="")
    row.readings.all().delete()  # what was measured for another evening says nothing of this one
    moment = starts_at.astimezone(dt.UTC).isoformat()
    _tell(by, row, FlightReplanned(flight=flight, starts_at=moment))
    return row


@command
def mark_flown(*, by: Actor, flight: str) -> Flight:
    """Write down that the show was flown."""
    row = _mine(by, flight)
    Flight.FLOW.move(row, State.FLOWN)
    _tell(by, row, FlightFlown(flight=flight))
    return row


@command
def move_permit(*, by: Actor, flight: str, state: str, number: str = "") -> Flight:
    """Write down that the permit file was handed in, approved under a number, or refused."""
    row = _mine(by, flight)
    if state not in Flight.Permit.values:
        raise Invalid({"state": [_("Choose one from the list.")]})
    if state == Flight.Permit.APPROVED and not number.strip():
        raise Invalid({"number": [_("Write the number of the approval.")]})
    if (row.permit, row.permit_number) == (state, number.strip()[:60]):
        unchanged()
        return row
    row.permit, row.permit_number = state, number.strip()[:60]
    row.save(update_fields=["permit", "permit_number"])
    _tell(by, row, PermitMoved(flight=flight, state=state, number=row.permit_number))
    return row


# ── documents ─────────────────────────────────────────────────────────────────────────────────────────────

READABLE = {".pdf": b"%PDF-", ".png": b"\x89PNG", ".jpg": b"\xff\xd8\xff", ".jpeg": b"\xff\xd8\xff"}


def _stored(flight: Flight, file_name: str, size: int, content: Any, most: int) -> tuple[str, StoredFile]:
    if size > most * MIB:
        raise AssetTooLarge(limit_mib=most)
    name = plain_name(file_name)
    kept = store().put(f"shows/flights/{flight.public_id}/{clock.now():%Y%m%d%H%M%S%f}", content)
    if kept.size > most * MIB:
        store().delete(kept.name)
        raise AssetTooLarge(limit_mib=most)
    return name, kept


def attach_document(
    *, by: Actor, flight: str, document: str, file_name: str, size: int, content: Any
) -> Attachment:
    """Store a document of the permit file: PDF, PNG or JPEG, by their first bytes."""
    row = _mine(by, flight)
    found(next((one for one in documents() if one["key"] == document), None))
    name, kept = _stored(row, file_name, size, content, MOST_ATTACHMENT_MIB)
    begin = READABLE.get(f".{name.rpartition('.')[2]}")
    with store().open(kept.name) as file:
        readable = begin is not None and file.read(len(begin)) == begin
    if not readable:
        store().delete(kept.name)
        raise Invalid({"file": [_("Bring a PDF, a PNG or a JPEG.")]})
    return keep_document(by=by, flight=flight, document=document, name=name, stored=kept)


@command
def keep_document(*, by: Actor, flight: str, document: str, name: str, stored: StoredFile) -> Attachment:
    """Put a stored document into the permit file, in the place of one of the same name."""
    row = _mine(by, flight)
    attachment, _new = Attachment.objects.update_or_create(
        flight=row,
        document=document,
        name=name[:120],
        defaults={
            "size": stored.size, "sha256": stored.sha256, "stored": stored.name, "added_at": clock.now(),
        },
    )  # fmt: skip
    event = DocumentAttached(flight=flight, document=document, sha256=stored.sha256, size=stored.size)
    _tell(by, row, event)
    return attachment


@command
def take_away_document(*, by: Actor, flight: str, attachment: int) -> None:
    """Take a document out of the permit file."""
    row = _mine(by, flight)
    document = find(row.attachments.all(), pk=attachment)
    document.delete()
    _tell(by, row, DocumentTakenAway(flight=flight, document=document.document, sha256=document.sha256))


# ── the log ───────────────────────────────────────────────────────────────────────────────────────────────


def add_log(*, by: Actor, flight: str, file_name: str, size: int, content: Any) -> FlightLog:
    """Store where the drones were, as CSV, to be compared with the plan."""
    row = _mine(by, flight)
    name, kept = _stored(row, file_name, size, content, MOST_LOG_MIB)
    return keep_log(by=by, flight=flight, name=name, stored=kept)


@command
def keep_log(*, by: Actor, flight: str, name: str, stored: StoredFile) -> FlightLog:
    row = _mine(by, flight)
    log = FlightLog.objects.create(flight=row, name=name[:120], stored=stored.name, sha256=stored.sha256)
    _tell(by, row, LogAdded(flight=flight, log=log.pk, sha256=stored.sha256))
    return log


@command
def complete_log(*, by: Actor, log_id: int, result: dict[str, Any]) -> FlightLog:
    """Keep what the comparison found."""
    log = FlightLog.objects.select_related("flight__version__show__organisation").get(pk=log_id)
    FlightLog.FLOW.move(log, FlightLog.State.COMPARED, result=result)
    event = LogCompared(
        flight=log.flight.public_id,
        log=log.pk,
        drones=result["drones"],
        moments=result["moments"],
        largest_mm=round(result["largest_m"] * 1000),
        mean_mm=round(result["mean_m"] * 1000),
    )
    _tell(by, log.flight, event)
    return log


@command
def refuse_log(*, by: Actor, log_id: int, problems: list[dict[str, Any]]) -> FlightLog:
    """Write down why a log cannot be compared."""
    log = FlightLog.objects.select_related("flight__version__show__organisation").get(pk=log_id)
    FlightLog.FLOW.move(log, FlightLog.State.FAILED, result={"problems": problems})
    reason = problems[0]["code"] if problems else "internal"
    _tell(by, log.flight, LogUnreadable(flight=log.flight.public_id, log=log.pk, reason=reason))
    return log


@command
def forget_crew(*, by: Actor, flight_id: int) -> Flight:
    """Forget the names of a crew whose evening is long past; the roles and every proof stay."""
    row = Flight.objects.select_related("version__show__organisation").get(pk=flight_id)
    row.crew = [{"role": one["role"], "name": "", "licence": ""} for one in row.crew]
    row.save(update_fields=["crew"])
    redact(Fact.objects.filter(name=CrewNamed.name(), subject=f"flight:{row.public_id}"))
    _tell(by, row, CrewForgotten(flight=row.public_id))
    return row


def crews_to_forget() -> list[int]:
    """Flights whose crew is still named although nobody needs to know."""
    past = Flight.objects.filter(starts_at__lt=clock.now() - CREW_KNOWN_FOR).exclude(crew=[])
    return [flight.pk for flight in past if any(one.get("name") for one in flight.crew)]
