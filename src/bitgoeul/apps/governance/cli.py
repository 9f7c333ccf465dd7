"""`bitgoeul governance`: without --as, a command on the hub's own machine speaks for the hub."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typer

app = typer.Typer(help="Plan, committees and decisions.", no_args_is_help=True)

WHO = typer.Option("", "--as", help="The e-mail address of the account that acts; the hub itself if empty.")
JSON = typer.Option(False, "--json", help="Print JSON.")


def _actor(email: str) -> Any:
    from bitgoeul.apps.people.models import Person
    from bitgoeul.apps.people.queries import actor_for
    from bitgoeul.kit.actor import SYSTEM
    from bitgoeul.kit.doors import find

    return actor_for(find(Person.objects.filter(is_active=True), email=email.lower())) if email else SYSTEM


def _say(as_json: bool, data: Any, text: str) -> None:
    typer.echo(json.dumps(data, ensure_ascii=False, default=str) if as_json else text)


def _day(text: str) -> Any:
    import datetime as dt

    from django.utils.translation import gettext as _

    from bitgoeul.kit.refusals import Invalid

    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise Invalid({"on": [_("Write a day as 2026-01-31.")]}) from None


@app.command()
def seed(
    meetings: bool = typer.Option(False, help="Play an example meeting to its published minutes."),
    as_json: bool = JSON,
) -> None:
    """Write the plan in its two phases and found the committees; what is there already stays."""
    from bitgoeul.apps.governance import seeding
    from bitgoeul.kit.actor import SYSTEM

    version = seeding.seed_plan(by=SYSTEM)
    rows = seeding.seed_committees(by=SYSTEM)
    held = seeding.seed_meetings(by=SYSTEM) if meetings else []
    data = {
        "version": version.number if version else None,
        "committees": [row.slug for row in rows],
        "meetings": [row.public_id for row in held],
    }
    lines = [f"plan v{data['version']}", *[f"{row.slug:<16} {row.title}" for row in rows]]
    _say(as_json, data, "\n".join(lines))


@app.command()
def plan(
    on: str = typer.Option("", help="The day, as 2024-12-31; today if empty."), as_json: bool = JSON
) -> None:
    """Show the plan as it stands on a day, with how far each indicator has come."""
    from bitgoeul.apps.governance.queries import plan as queries
    from bitgoeul.kit.refusals import NotFound

    day = _day(on) if on else queries.today()
    version = queries.version_on(day)
    if version is None:
        raise NotFound
    strategies = queries.outline(version, day)
    lines = [f"v{version.number}  {version.effective_from}  {version.fingerprint[:16]}"]
    for strategy in strategies:
        lines.append(f"{strategy.title}")
        for task in strategy.tasks:
            lines.append(f"  {task.title}")
            lines += [f"    {line.title}: {_line_text(line)}" for line in task.lines]
    data = {
        "number": version.number,
        "effective_from": version.effective_from,
        "fingerprint": version.fingerprint,
        "tree": version.tree,
        "indicators": {line.key: _line(line) for strategy in strategies for line in strategy.lines},
    }
    _say(as_json, data, "\n".join(lines))


def _line(line: Any) -> dict[str, Any]:
    return {
        "start": str(line.start.value) if line.start else None,
        "now": str(line.now.value) if line.now else None,
        "target": str(line.target) if line.target is not None else None,
        "percent": line.percent,
        "pace": line.pace,
    }


def _line_text(line: Any) -> str:
    from bitgoeul.apps.governance.pictures import written

    start = line.start.value if line.start else None
    now = line.now.value if line.now else None
    return f"{written(line, start)} > {written(line, now)} > {written(line, line.target)}  {line.pace}"


@app.command()
def diff(
    old: int = typer.Argument(help="Number of a version."),
    new: int = typer.Argument(help="Number of a later one."),
    as_json: bool = JSON,
) -> None:
    """Show what changed from one version of the plan to another."""
    from bitgoeul.apps.governance.queries import plan as queries
    from bitgoeul.apps.governance.wording import changes_between
    from bitgoeul.kit.doors import find

    trees = [find(queries.published(), number=number).tree for number in (old, new)]
    changes = changes_between(*trees)
    data = [
        {"kind": item["change"].kind, "node": item["change"].node, "key": item["change"].key,
         "fields": {name: list(pair) for name, pair in item["change"].fields.items()}}
        for item in changes
    ]  # fmt: skip
    lines = []
    for item in changes:
        lines.append(f"{item['change'].kind:<8} {item['change'].node:<10} {item['change'].key}")
        lines += [f"  {word}: {was} > {now}" for word, was, now in item["fields"]]
    _say(as_json, {"changes": data}, "\n".join(lines))


@app.command()
def publish(
    file: Path = typer.Argument(help="The whole tree as JSON, as `plan --json` prints it under tree."),
    effective_from: str = typer.Option(..., help="The day from which it stands."),
    reason_ko: str = typer.Option(..., help="Why, in Korean."),
    reason_en: str = typer.Option(..., help="Why, in English."),
    decision: str = typer.Option("", help="The decision it rests on, as decision:2026-03."),
    who: str = WHO,
    as_json: bool = JSON,
) -> None:
    """Publish a version of the plan that was written in a file."""
    from django.db import transaction

    from bitgoeul.apps.governance import commands

    by = _actor(who)
    with transaction.atomic():  # a version that is refused leaves no draft behind
        commands.begin_plan(by=by)
        commands.write_plan(by=by, tree=_tree(file))
        version = commands.publish_plan(
            by=by,
            effective_from=_day(effective_from),
            reason={"ko": reason_ko, "en": reason_en},
            decision=decision,
        )
    _say(
        as_json,
        {"number": version.number, "fingerprint": version.fingerprint},
        f"v{version.number}  {version.fingerprint}",
    )


def _tree(file: Path) -> Any:
    from django.utils.translation import gettext as _

    from bitgoeul.kit.refusals import Invalid

    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Invalid({"tree": [_("This is not JSON: %(why)s") % {"why": error}]}) from None


@app.command()
def measure(
    indicator: str = typer.Argument("", help="Its key; without one the hub counts what it can count itself."),
    numerator: str = typer.Option("", help="The figure."),
    denominator: str = typer.Option("", help="Out of, for shares."),
    as_of: str = typer.Option("", help="The day it was so."),
    precision: str = typer.Option("day", help="What the source names: day, month or year."),
    source: str = typer.Option("", help="Who says so."),
    url: str = typer.Option("", help="Where it says so."),
    who: str = WHO,
    as_json: bool = JSON,
) -> None:
    """Write down what an indicator was at a time."""
    from bitgoeul.apps.governance import commands
    from bitgoeul.apps.governance.measures import measure_all

    by = _actor(who)
    if not indicator:
        done = measure_all(by=by)
        _say(as_json, {"measured": done}, "\n".join(done) or "–")
        return
    row = commands.record_measurement(
        by=by, indicator=indicator, numerator=numerator, denominator=denominator, as_of=_day(as_of),
        precision=precision, source={"ko": source, "en": source}, url=url,
    )  # fmt: skip
    _say(
        as_json,
        {"indicator": indicator, "as_of": row.as_of, "precision": row.precision},
        f"{indicator} {row.as_of}",
    )


@app.command("committees")
def list_committees(as_json: bool = JSON) -> None:
    """List the committees with what they have done."""
    from bitgoeul.apps.governance.queries import committees as queries

    rows = [(row, queries.statistics(row)) for row in queries.committees()]
    data = [
        {"slug": row.slug, "level": row.level, "title": row.title, "meetings": s.meetings,
         "decisions": s.decisions, "open_actions": s.open_actions, "overdue": s.overdue}
        for row, s in rows
    ]  # fmt: skip
    text = [f"{row.slug:<16} {row.get_level_display():<10} {row.title}" for row, _s in rows]
    _say(as_json, {"committees": data}, "\n".join(text))


@app.command()
def decision(reference: str, as_json: bool = JSON) -> None:
    """Say what a reference such as decision:2026-03 stands for."""
    from bitgoeul.apps.governance.queries import committees as queries
    from bitgoeul.kit.refusals import NotFound

    row = queries.decision_by_reference(reference)
    if row is None:
        raise NotFound
    data = {"reference": row.reference, "state": row.state, "title": row.title, "text": row.text,
            "committee": row.committee.slug, "tasks": row.tasks, "decided_at": row.decided_at}  # fmt: skip
    _say(as_json, data, f"{row.reference}  {row.get_state_display()}  {row.title}\n{row.text}")


@app.command()
def actions(
    overdue: bool = typer.Option(False, help="Only those whose day has passed."), as_json: bool = JSON
) -> None:
    """List what is still to be done, the most urgent first."""
    from bitgoeul.apps.governance.queries import committees as queries
    from bitgoeul.apps.governance.queries.plan import today

    rows = list(queries.overdue_actions(today()) if overdue else queries.open_actions())
    data = [
        {"id": row.public_id, "title": row.title, "owner": row.owner, "due_on": row.due_on,
         "committee": row.committee.slug, "decision": row.decision.reference if row.decision else ""}
        for row in rows
    ]  # fmt: skip
    _say(as_json, {"actions": data}, "\n".join(f"{row.due_on}  {row.title}  {row.owner}" for row in rows))


@app.command()
def check(as_json: bool = JSON) -> None:
    """Compare every version of the plan with what was published; exit 1 if one was changed."""
    from bitgoeul.apps.governance.queries import plan as queries

    wrong = queries.chain_problems()
    count = queries.published().count()
    _say(as_json, {"versions": count, "changed": wrong}, f"{count} · {', '.join(wrong) or 'ok'}")
    if wrong:
        raise typer.Exit(1)
