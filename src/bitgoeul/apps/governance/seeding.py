"""What a hub starts with: the plan in its two phases and the committees; on request an example meeting."""

from __future__ import annotations

import datetime as dt
import tomllib
from pathlib import Path
from typing import Any

from django.utils import timezone

from bitgoeul.apps.governance import commands
from bitgoeul.apps.governance.models import Committee, Meeting, PlanVersion, Seat
from bitgoeul.apps.governance.queries import plan as queries
from bitgoeul.apps.governance.queries.minutes import starter
from bitgoeul.engines import plans
from bitgoeul.kit import clock
from bitgoeul.kit.actor import Actor

FILE = Path(__file__).resolve().parent / "seeds" / "plan.toml"
PHASES = [dt.date(2020, 1, 1), dt.date(2025, 1, 1)]  # from when each version stands
CARRIED = dt.date(2024, 12, 31)
REASONS = [
    {
        "ko": "공개된 자료로 다시 정리한 1단계 계획입니다.",
        "en": "The plan of phase 1, put together from public sources.",
    },
    {
        "ko": "1단계의 결과를 기준값으로 삼아 2단계로 넘어갑니다. 예시라고 적힌 목표는 지어낸 값입니다.",
        "en": "Phase 2 begins from the results of phase 1. Targets marked as examples are invented.",
    },
]
EXAMPLE_SEATS = [
    ("위원 가 (예시)", Seat.Role.CHAIR),
    ("위원 나 (예시)", Seat.Role.VICE),
    ("위원 다 (예시)", Seat.Role.MEMBER),
    ("위원 라 (예시)", Seat.Role.MEMBER),
    ("위원 마 (예시)", Seat.Role.MEMBER),
    ("간사 (예시)", Seat.Role.SECRETARY),
]


def content() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def tree_of(written: dict[str, Any], number: int) -> dict[str, Any]:
    """The tree as the ``number``-th version has it."""
    phases = [_node(phase, number) for phase in _there(written["phases"], number)]
    known = {phase["key"] for phase in phases}
    strategies = []
    for strategy in _there(written["strategies"], number):
        tasks = []
        for task in _there(strategy.get("tasks", []), number):
            indicators = [_node(item, number) for item in _there(task.get("indicators", []), number)]
            for item in indicators:
                item["targets"] = [aim for aim in item["targets"] if aim["phase"] in known]
            tasks.append(
                _node(task, number)
                | {"indicators": indicators, "phases": [key for key in task["phases"] if key in known]}
            )
        strategies.append(_node(strategy, number) | {"tasks": tasks})
    return {"phases": phases, "strategies": strategies}


def _there(nodes: list[dict[str, Any]], number: int) -> list[dict[str, Any]]:
    return [node for node in nodes if node.get("since", 1) <= number]


def _node(node: dict[str, Any], number: int) -> dict[str, Any]:
    kept = {key: value for key, value in node.items() if key not in ("since", "before")}
    return kept | ({"title": node["before"]} if number == 1 and "before" in node else {})


def seed_plan(*, by: Actor) -> PlanVersion | None:
    """Publish both versions and write down the figures; a hub that has a plan keeps its own."""
    if queries.published().exists() or queries.draft() is not None:
        return queries.version_on(queries.today())
    written = content()
    for number, day in enumerate(PHASES, 1):
        draft = commands.begin_plan(by=by, carry_until=CARRIED if number > 1 else None)
        tree = plans.with_baselines(tree_of(written, number), _carried(draft.tree))
        commands.write_plan(by=by, tree=tree)
        commands.publish_plan(by=by, effective_from=day, reason=REASONS[number - 1])
        for row in written["measurements"]:
            if row.get("since", 1) == number:
                commands.record_measurement(
                    by=by, **{key: value for key, value in row.items() if key != "since"}
                )
    return queries.version_on(queries.today())


def _carried(tree: plans.Tree) -> dict[str, Any]:
    return {node.key: node.content["baseline"] for node in plans.nodes(tree) if node.content.get("baseline")}


def seed_committees(*, by: Actor) -> list[Committee]:
    """Found the three levels; those that are there stay as they are."""
    rows = []
    for item in content()["committees"]:
        held = Committee.objects.filter(slug=item["slug"]).first()
        rows.append(
            held or commands.save_committee(by=by, founded_on=dt.date(2021, 7, 1), example=True, **item)
        )
    return rows


def seed_meetings(*, by: Actor) -> list[Meeting]:
    """Play one example meeting to its published minutes, convene the next.  Everybody in it is invented."""
    committee = Committee.objects.get(slug="steering")
    if committee.meetings.exists():
        return list(committee.meetings.all())
    today, now = timezone.localdate(clock.now()), clock.now()
    seats = [
        commands.give_seat(
            by=by,
            committee=committee.slug,
            name=name,
            role=role,
            starts_on=today,
            ends_on=today + dt.timedelta(days=729),
            example=True,
        )
        for name, role in EXAMPLE_SEATS
    ]
    held = _held(by, committee, seats, now)
    day = timezone.localtime(now) + dt.timedelta(days=28)
    start = day.replace(hour=14, minute=0, second=0, microsecond=0)
    coming = commands.plan_meeting(
        by=by,
        committee=committee.slug,
        title={"ko": "다음 정기회의 (예시)", "en": "Next regular meeting (example)"},
        place={"ko": "대회의실", "en": "Main meeting room"},
        starts_at=start,
        ends_at=start + dt.timedelta(hours=2),
        example=True,
    )
    commands.write_item(
        by=by,
        meeting=coming.public_id,
        kind="report",
        title={"ko": "2단계 지표 현황 보고", "en": "Report on the indicators of phase 2"},
        tasks=["attraction"],
    )
    commands.convene_meeting(by=by, meeting=coming.public_id)
    return [held, coming]


def _held(by: Actor, committee: Committee, seats: list[Seat], now: dt.datetime) -> Meeting:
    meeting = commands.plan_meeting(
        by=by,
        committee=committee.slug,
        title={"ko": "2단계 이행 점검 회의 (예시)", "en": "Review of phase 2 (example)"},
        place={"ko": "대회의실", "en": "Main meeting room"},
        starts_at=now,
        ends_at=now + dt.timedelta(hours=2),
        example=True,
    )
    key = meeting.public_id
    report = commands.write_item(
        by=by,
        meeting=key,
        kind="report",
        title={"ko": "업무협약 실투자율 보고", "en": "Report on the realised-investment rate"},
        tasks=["attraction"],
    )
    motion = commands.write_item(
        by=by,
        meeting=key,
        kind="motion",
        title={"ko": "실투자율을 분기마다 공개", "en": "Publish the realised-investment rate every quarter"},
        text={
            "ko": "업무협약마다 투자, 사무실, 고용의 이행을 분기마다 확인하고 그 비율을 공개합니다.",
            "en": "Investment, office and jobs of each MOU are verified quarterly; the rate is published.",
        },
        tasks=["attraction", "governance"],
    )
    commands.convene_meeting(by=by, meeting=key)
    commands.open_meeting(by=by, meeting=key)
    there = [seat for seat in seats if seat.votes][:4]
    for seat in there:
        commands.note_attendance(by=by, meeting=key, seat=seat.public_id, state="present")
    commands.deal_with_item(by=by, item=report.public_id)
    commands.open_vote(by=by, item=motion.public_id)
    for seat, choice in zip(there, ("yes", "yes", "yes", "abstain"), strict=True):
        commands.cast_vote(by=by, item=motion.public_id, choice=choice, seat=seat.public_id)
    decision = commands.close_vote(by=by, item=motion.public_id).decision
    commands.assign_action(
        by=by,
        committee=committee.slug,
        meeting=key,
        decision=decision.reference,
        title={"ko": "첫 분기 실투자율 공개", "en": "Publish the rate of the first quarter"},
        owner={"ko": "기업유치 담당 (예시)", "en": "Desk for attracting firms (example)"},
        due_on=timezone.localdate(now) + dt.timedelta(days=45),
        example=True,
    )
    commands.assign_action(
        by=by,
        committee=committee.slug,
        meeting=key,
        decision=decision.reference,
        title={"ko": "이행 확인 서식 마련", "en": "Draw up the form for verifying"},
        owner={"ko": "실무위원회 (예시)", "en": "Working-level committee (example)"},
        due_on=timezone.localdate(now) + dt.timedelta(days=14),
        example=True,
    )
    commands.end_meeting(by=by, meeting=key)
    commands.draft_minutes(by=by, meeting=key, text=starter(meeting))
    commands.approve_minutes(by=by, meeting=key)
    commands.publish_minutes(by=by, meeting=key)
    meeting.refresh_from_db()
    return meeting
