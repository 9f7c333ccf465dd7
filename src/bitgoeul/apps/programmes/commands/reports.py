"""Reports and pledges: reminded, handed in with files, verified or returned by a person."""

from __future__ import annotations

import datetime as dt
import hashlib

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from bitgoeul.apps.programmes import policies
from bitgoeul.apps.programmes.commands.decisions import check_text
from bitgoeul.apps.programmes.errors import FileNotAllowed, FileTooLarge, TooManyFiles
from bitgoeul.apps.programmes.events.reports import (
    EvidenceAdded,
    PledgeMade,
    PledgeReported,
    PledgeVerified,
    ReportHandedIn,
    ReportReminded,
    ReportReturned,
    ReportVerified,
)
from bitgoeul.apps.programmes.models import Evidence, Grant, Pledge, Report
from bitgoeul.apps.programmes.queries.answers import is_storable
from bitgoeul.apps.programmes.queries.deadlines import is_near
from bitgoeul.apps.programmes.queries.grants import grants_visible_to
from bitgoeul.apps.programmes.queries.reports import KINDS, LARGEST_MIB, MOST_FILES, kind_of
from bitgoeul.kit import clock
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.command import command, unchanged
from bitgoeul.kit.doors import find
from bitgoeul.kit.facts import record
from bitgoeul.kit.refusals import Invalid, StateChanged, require
from bitgoeul.kit.store import store
from bitgoeul.kit.text import Localised

LONGEST_WORDS = 10_000
MOST = 10**15


@command
def add_evidence(
    *, by: Actor, grant: str, name: str, content: bytes, report: int | None = None, pledge: int | None = None
) -> Evidence:
    """Add one file to an open report or pledge; the same file again changes nothing."""
    row = find(grants_visible_to(by), application__public_id=grant)
    require(policies.may_apply(by, row.organisation_id))
    about = _about(row, report, pledge)
    name = name.replace("/", " ").replace("\\", " ").strip()[:120]
    kind = kind_of(name, content)
    if kind is None or not is_storable(name):
        raise FileNotAllowed(name=name, kinds=", ".join(KINDS))
    if len(content) > LARGEST_MIB << 20:
        raise FileTooLarge(name=name, most=LARGEST_MIB)
    if about.files.count() >= MOST_FILES:
        raise TooManyFiles(most=MOST_FILES)
    digest = hashlib.sha256(content).hexdigest()
    stored = store().put(f"programmes/evidence/{row.application.public_id}/{digest}", content)
    try:
        with transaction.atomic():
            evidence = Evidence.objects.create(
                report=about if isinstance(about, Report) else None,
                pledge=about if isinstance(about, Pledge) else None,
                name=name, kind=kind, size=stored.size, sha256=stored.sha256, stored=stored.name,
                person_id=by.person_id,
            )  # fmt: skip
    except IntegrityError:
        unchanged()
        return about.files.get(sha256=stored.sha256)
    record(
        EvidenceAdded(
            grant=grant,
            about=f"report:{report}" if report is not None else f"pledge:{pledge}",
            sha256=stored.sha256,
            size=stored.size,
            file_name=name,
        ),
        by=by,
        subject=row.subject,
        organisation=row.organisation,
    )
    return evidence


@command
def hand_in_report(*, by: Actor, grant: str, report: int, words: str) -> Report:
    """Hand in a report with the files that were added to it."""
    row = find(grants_visible_to(by), application__public_id=grant)
    require(policies.may_apply(by, row.organisation_id))
    due = find(row.reports.all(), number=report)
    if due.state == Report.State.HANDED_IN and due.words == words.strip():
        unchanged()
        return due
    _check_words(words)
    Report.FLOW.move(
        due, Report.State.HANDED_IN, words=words.strip(), person_id=by.person_id, handed_in_at=clock.now()
    )
    record(
        ReportHandedIn(
            grant=grant,
            report=report,
            kind=due.kind,
            files={file.sha256: file.size for file in due.files.all()},
            words=words.strip(),
        ),
        by=by,
        subject=row.subject,
        organisation=row.organisation,
    )
    return due


@command
def verify_report(*, by: Actor, grant: str, report: int) -> Report:
    """Say, as a person of the desk, that a report holds."""
    row = find(grants_visible_to(by), application__public_id=grant)
    require(not by.is_system and policies.may_run_grant(by, row.organisation_id))
    due = find(row.reports.all(), number=report)
    if due.state == Report.State.VERIFIED:
        unchanged()
        return due
    Report.FLOW.move(due, Report.State.VERIFIED, looked_at=clock.now())
    record(
        ReportVerified(grant=grant, report=report, kind=due.kind),
        by=by,
        subject=row.subject,
        organisation=row.organisation,
    )
    return due


@command
def return_report(*, by: Actor, grant: str, report: int, remark: dict[str, str]) -> Report:
    """Send a report back with a remark that the organisation reads."""
    row = find(grants_visible_to(by), application__public_id=grant)
    require(not by.is_system and policies.may_run_grant(by, row.organisation_id))
    check_text("remark", remark)
    due = find(row.reports.all(), number=report)
    Report.FLOW.move(due, Report.State.RETURNED, looked_at=clock.now(), remark=Localised.of(remark))
    record(
        ReportReturned(grant=grant, report=report, kind=due.kind, remark=dict(remark)),
        by=by,
        subject=row.subject,
        organisation=row.organisation,
    )
    return due


@command
def remind_of_report(*, by: Actor, report_id: int, days: int) -> Report:
    """Remind of a report so many days after its day (less than zero: before it), once."""
    require(by.is_system)
    due = find(Report.objects.select_related("grant__application", "grant__organisation"), pk=report_id)
    again = due.reminded is not None and due.reminded >= days
    if not due.is_open or again:
        unchanged()
        return due
    due.reminded = days
    due.save(update_fields=["reminded"])
    record(
        ReportReminded(grant=due.grant.application.public_id, report=due.number, days=days),
        by=by,
        subject=due.grant.subject,
        organisation=due.grant.organisation,
    )
    return due


@command
def make_pledge(*, by: Actor, grant: str, kind: str, target: int, due_at: dt.datetime) -> Pledge:
    """Write down a promise: of the organisation's owner, or as the desk agreed it with them."""
    row = find(grants_visible_to(by), application__public_id=grant)
    require(policies.may_sign(by, row.organisation_id) or policies.may_run_grant(by, row.organisation_id))
    errors = {}
    if kind not in Pledge.Kind:
        errors["kind"] = [_("Promise one of: %(kinds)s.") % {"kinds": ", ".join(Pledge.Kind)}]
    if type(target) is not int or not 0 < target <= MOST:
        errors["target"] = [_("The target is a whole number, more than zero.")]
    if not is_near(due_at) or due_at <= clock.now():
        errors["due_at"] = [_("This moment has passed.")]
    if errors:
        raise Invalid(errors)
    if row.state not in (Grant.State.ACTIVE, Grant.State.SUSPENDED):
        raise StateChanged(now=str(row.get_state_display()))
    Grant.objects.select_for_update().get(pk=row.pk)
    pledge = Pledge.objects.create(
        grant=row, number=row.pledges.count() + 1, kind=kind, target=target, due_at=due_at
    )
    record(
        PledgeMade(
            grant=grant,
            pledge=pledge.number,
            kind=kind,
            target=target,
            due_at=due_at.astimezone(dt.UTC).isoformat(),
        ),
        by=by,
        subject=row.subject,
        organisation=row.organisation,
    )
    return pledge


@command
def report_pledge(*, by: Actor, grant: str, pledge: int, reported: int, words: str) -> Pledge:
    """Say how much of a promise came true; the files that prove it were added before."""
    row = find(grants_visible_to(by), application__public_id=grant)
    require(policies.may_apply(by, row.organisation_id))
    promise = find(row.pledges.all(), number=pledge)
    _check_words(words)
    if type(reported) is not int or not 0 <= reported <= MOST:
        raise Invalid({"reported": [_("What came true is a whole number.")]})
    Pledge.FLOW.move(promise, Pledge.State.CLAIMED, reported=reported, words=words.strip())
    record(
        PledgeReported(grant=grant, pledge=pledge, reported=reported, words=words.strip()),
        by=by,
        subject=row.subject,
        organisation=row.organisation,
    )
    return promise


@command
def verify_pledge(
    *, by: Actor, grant: str, pledge: int, verified: int, remark: dict[str, str] | None = None
) -> Pledge:
    """Say, as a person of the desk, how much of a promise is proven."""
    row = find(grants_visible_to(by), application__public_id=grant)
    require(not by.is_system and policies.may_run_grant(by, row.organisation_id))
    promise = find(row.pledges.all(), number=pledge)
    if type(verified) is not int or not 0 <= verified <= MOST:
        raise Invalid({"verified": [_("What is verified is a whole number.")]})
    if remark:
        check_text("remark", remark)
    state = _fulfilment(promise, verified)
    Pledge.FLOW.move(promise, state, verified=verified, remark=Localised.of(remark or {}))
    record(
        PledgeVerified(
            grant=grant,
            pledge=pledge,
            kind=promise.kind,
            target=promise.target,
            verified=verified,
            state=str(state),
        ),
        by=by,
        subject=row.subject,
        organisation=row.organisation,
    )
    return promise


def _fulfilment(promise: Pledge, verified: int) -> Pledge.State:
    if verified >= promise.target:
        return Pledge.State.FULFILLED
    return Pledge.State.PARTLY if verified else Pledge.State.MISSED


def _about(row: Grant, report: int | None, pledge: int | None) -> Report | Pledge:
    if (report is None) == (pledge is None):
        raise Invalid({"report": [_("A file belongs to one report or to one pledge.")]})
    if report is not None:
        due = find(row.reports.all(), number=report)
        if not due.is_open:
            raise StateChanged(now=str(due.get_state_display()))
        return due
    promise = find(row.pledges.all(), number=pledge)
    if not Pledge.FLOW.allows(promise, Pledge.State.CLAIMED):
        raise StateChanged(now=str(promise.get_state_display()))
    return promise


def _check_words(words: str) -> None:
    if not words.strip() or len(words) > LONGEST_WORDS or not is_storable(words):
        raise Invalid({"words": [_("Write what was done.")]})
