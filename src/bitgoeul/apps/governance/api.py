from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema

from bitgoeul.apps.governance import commands
from bitgoeul.apps.governance.models import Action, Committee, Decision, Item, Meeting, PlanVersion
from bitgoeul.apps.governance.queries import committees as queries
from bitgoeul.apps.governance.queries import plan as plans_now
from bitgoeul.engines import plans
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.api import signed_in, write_once
from bitgoeul.kit.doors import find
from bitgoeul.kit.paging import page_of
from bitgoeul.kit.refusals import NotFound

router = Router(tags=["governance"])

Text = dict[str, str]
Precision = Literal["day", "month", "year"]


class LineOut(Schema):
    """Decimal texts; ``percent`` is the way done from the baseline to the target.

    ``as_of`` is the last day of what ``precision`` names: a day, a month or a year.
    """

    key: str
    title: Text
    start: str | None
    now: str | None
    as_of: dt.date | None
    precision: Precision | None
    target: str | None
    percent: int | None
    pace: Literal["reached", "on_pace", "behind", "unknown"]
    example: bool


class PlanOut(Schema):
    number: int
    effective_from: dt.date
    published_at: dt.datetime
    fingerprint: str
    previous: str
    reason: Text
    decision: str
    tree: dict[str, Any]
    indicators: list[LineOut]


class VersionOut(Schema):
    number: int
    effective_from: dt.date
    fingerprint: str
    reason: Text


class ChangeOut(Schema):
    kind: Literal["added", "removed", "moved", "changed"]
    node: str
    key: str
    title: Text
    fields: dict[str, list[Any]]


class MeasurementIn(Schema):
    """``as_of`` is any day of the month or year where ``precision`` says that no day is known."""

    numerator: str
    denominator: str = ""
    as_of: dt.date
    precision: Precision = "day"
    source: Text
    url: str = ""


class MeasurementOut(Schema):
    indicator: str
    numerator: str
    denominator: str
    as_of: dt.date
    precision: Precision
    source: Text
    url: str
    automatic: bool
    example: bool


class CommitteeOut(Schema):
    slug: str
    level: str
    parent: str
    title: Text
    remit: Text
    quorum: str
    passes: str
    founded_on: dt.date
    dissolved_on: dt.date | None
    example: bool


class MeetingOut(Schema):
    id: str
    committee: str
    number: int
    title: Text
    state: str
    starts_at: dt.datetime
    ends_at: dt.datetime


class ItemOut(Schema):
    id: str
    position: int
    kind: str
    title: Text
    text: Text
    tasks: list[str]
    state: str
    tally: dict[str, Any]
    decision: str


class MeetingDetailOut(MeetingOut):
    """The agenda is empty for readers to whom it is not open yet."""

    agenda: list[ItemOut]
    minutes: Text


class DecisionOut(Schema):
    reference: str
    committee: str
    title: Text
    text: Text
    tasks: list[str]
    state: str
    decided_at: dt.datetime
    replaced_by: str
    example: bool


class DecisionsOut(Schema):
    page: int
    pages: int
    items: list[DecisionOut]


class ActionOut(Schema):
    id: str
    committee: str
    decision: str
    title: Text
    owner: Text
    first_due_on: dt.date
    due_on: dt.date
    state: str
    overdue: bool


class ActionsOut(Schema):
    page: int
    pages: int
    items: list[ActionOut]


class VoteIn(Schema):
    choice: Literal["yes", "no", "abstain"]


class VoteOut(Schema):
    item: str
    choice: str


def _actor(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined]


def _line(line: plans_now.Line) -> dict[str, Any]:
    return {
        "key": line.key,
        "title": line.title,
        "start": str(line.start.value) if line.start else None,
        "now": str(line.now.value) if line.now else None,
        "as_of": line.now.as_of if line.now else None,
        "precision": line.now_precision if line.now else None,
        "target": str(line.target) if line.target is not None else None,
        "percent": line.percent,
        "pace": line.pace,
        "example": line.is_example,
    }


def _version(version: PlanVersion) -> dict[str, Any]:
    return {
        "number": version.number,
        "effective_from": version.effective_from,
        "fingerprint": version.fingerprint,
        "reason": version.reason,
    }


@router.get("/plan", response=PlanOut)
def plan(request: HttpRequest, on: dt.date | None = None) -> dict[str, Any]:
    """The plan as it stands on a day (today if none is named), with how far each indicator has come."""
    day = on or plans_now.today()
    version = plans_now.version_on(day)
    if version is None:
        raise NotFound
    lines = [line for strategy in plans_now.outline(version, day) for line in strategy.lines]
    return _version(version) | {
        "published_at": version.published_at,
        "previous": version.previous,
        "decision": version.decision,
        "tree": version.tree,
        "indicators": [_line(line) for line in lines],
    }


@router.get("/plan/versions", response=list[VersionOut])
def versions(request: HttpRequest) -> list[dict[str, Any]]:
    """Every version that ever stood, the newest first."""
    return [_version(row) for row in plans_now.published()]


@router.get("/plan/changes", response=list[ChangeOut])
def changes(
    request: HttpRequest, old: int = Query(..., ge=1), new: int = Query(..., ge=1)
) -> list[dict[str, Any]]:
    """What changed from one version to another."""
    trees = [find(plans_now.published(), number=number).tree for number in (old, new)]
    return [
        {
            "kind": change.kind,
            "node": change.node,
            "key": change.key,
            "title": change.title,
            "fields": {name: list(pair) for name, pair in change.fields.items()},
        }
        for change in plans.diff(*trees)
    ]


def _measurement(row: Any) -> dict[str, Any]:
    return {
        "indicator": row.indicator,
        "numerator": str(row.numerator),
        "denominator": "" if row.denominator is None else str(row.denominator),
        "as_of": row.as_of,
        "precision": row.precision,
        "source": row.source,
        "url": row.url,
        "automatic": row.automatic,
        "example": row.is_example,
    }


@router.get("/indicators/{key}/measurements", response=list[MeasurementOut])
def measurements(request: HttpRequest, key: str) -> list[dict[str, Any]]:
    """Every figure of an indicator with its source, oldest day first."""
    return [_measurement(row) for row in plans_now.history_of(key)]


@router.post("/indicators/{key}/measurements", response=MeasurementOut)
def measure(request: HttpRequest, key: str, body: MeasurementIn) -> Any:
    """Write down what an indicator was at a time (operators)."""
    actor = signed_in(request)
    return write_once(
        request,
        lambda: _measurement(commands.record_measurement(by=actor, indicator=key, **body.dict())),
    )


@router.get("/committees", response=list[CommitteeOut])
def committees(request: HttpRequest) -> list[dict[str, Any]]:
    """The committees of all three levels, also those that were dissolved."""
    return [_committee(row) for row in queries.committees()]


def _committee(row: Committee) -> dict[str, Any]:
    return {
        "slug": row.slug,
        "level": row.level,
        "parent": row.parent.slug if row.parent else "",
        "title": row.title,
        "remit": row.remit,
        "quorum": row.quorum,
        "passes": row.passes,
        "founded_on": row.founded_on,
        "dissolved_on": row.dissolved_on,
        "example": row.is_example,
    }


def _meeting(row: Meeting) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "committee": row.committee.slug,
        "number": row.number,
        "title": row.title,
        "state": row.state,
        "starts_at": row.starts_at,
        "ends_at": row.ends_at,
    }


@router.get("/committees/{slug}/meetings", response=list[MeetingOut])
def meetings(request: HttpRequest, slug: str) -> list[dict[str, Any]]:
    """The meetings of a committee that you may see, newest first."""
    committee = find(queries.committees(), slug=slug)
    rows = queries.meetings_visible_to(_actor(request)).filter(committee=committee)
    return [_meeting(row) for row in rows]


@router.get("/meetings/{meeting_id}", response=MeetingDetailOut)
def meeting(request: HttpRequest, meeting_id: str) -> dict[str, Any]:
    """One meeting with its agenda and minutes, as far as they are open to you."""
    actor = _actor(request)
    row = find(queries.meetings_visible_to(actor), public_id=meeting_id)
    minutes = queries.minutes_of(row) if queries.reads_papers(actor, row) else None
    points = [_item(point["item"], point["decision"]) for point in queries.agenda_for(actor, row)]
    return _meeting(row) | {"agenda": points, "minutes": minutes.text if minutes else {}}


def _item(item: Item, decision: Decision | None) -> dict[str, Any]:
    return {
        "id": item.public_id,
        "position": item.position,
        "kind": item.kind,
        "title": item.title,
        "text": item.text,
        "tasks": item.tasks,
        "state": item.state,
        "tally": item.tally if item.state != Item.State.VOTING else {},
        "decision": decision.reference if decision else "",
    }


@router.post("/points/{item_id}/vote", response=VoteOut)
def vote(request: HttpRequest, item_id: str, body: VoteIn) -> dict[str, str]:
    """Vote on a motion, once (members of the committee who are there)."""
    cast = commands.cast_vote(by=signed_in(request), item=item_id, choice=body.choice)
    return {"item": item_id, "choice": cast.choice}


def _decision(row: Decision) -> dict[str, Any]:
    return {
        "reference": row.reference,
        "committee": row.committee.slug,
        "title": row.title,
        "text": row.text,
        "tasks": row.tasks,
        "state": row.state,
        "decided_at": row.decided_at,
        "replaced_by": row.replaced_by.reference if row.replaced_by else "",
        "example": row.is_example,
    }


@router.get("/decisions", response=DecisionsOut)
def decisions(request: HttpRequest, page: int = Query(1, ge=1)) -> dict[str, Any]:
    """Every decision, newest first."""
    found = page_of(queries.decisions(), request)
    return {
        "page": found.number,
        "pages": found.paginator.num_pages,
        "items": [_decision(row) for row in found],
    }


@router.get("/decisions/{reference}", response=DecisionOut)
def decision(request: HttpRequest, reference: str) -> dict[str, Any]:
    """What a reference such as decision:2026-03 stands for."""
    row = queries.decision_by_reference(reference)
    if row is None:
        raise NotFound
    return _decision(row)


def _action(row: Action) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "committee": row.committee.slug,
        "decision": row.decision.reference if row.decision else "",
        "title": row.title,
        "owner": row.owner,
        "first_due_on": row.first_due_on,
        "due_on": row.due_on,
        "state": row.state,
        "overdue": row.is_overdue_on(plans_now.today()),
    }


@router.get("/actions", response=ActionsOut)
def actions(request: HttpRequest, overdue: bool = False, page: int = Query(1, ge=1)) -> dict[str, Any]:
    """What is still to be done, the most urgent first."""
    rows = queries.overdue_actions(plans_now.today()) if overdue else queries.open_actions()
    found = page_of(rows, request)
    return {
        "page": found.number,
        "pages": found.paginator.num_pages,
        "items": [_action(row) for row in found],
    }
