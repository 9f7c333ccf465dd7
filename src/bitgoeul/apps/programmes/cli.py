"""`bitgoeul programmes`: without --as, a command on the hub's own machine speaks for the hub."""

from __future__ import annotations

import json
from typing import Any

import typer

app = typer.Typer(help="Programmes, calls and applications.", no_args_is_help=True)

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


def _call(call: Any) -> dict[str, Any]:
    return {
        "slug": call.slug, "tier": call.tier, "title": call.title, "state": call.state,
        "opens_at": call.opens_at.isoformat(), "closes_at": call.closes_at.isoformat(),
        "gives": {"credits": call.gives_credits, "days": call.gives_days},
        "budget": {"total": call.budget, "granted": call.granted, "left": call.left},
    }  # fmt: skip


def _call_line(call: Any) -> str:
    from bitgoeul.engines.credits import written

    left = f"{written(call.left)}/{written(call.budget)}"
    return f"{call.slug:<20} {call.get_state_display():<8} {call.title}  {left}"


def _application(row: Any) -> dict[str, Any]:
    grant, decision = getattr(row, "grant", None), getattr(row, "decision", None)
    return {
        "id": row.public_id, "call": row.call.slug, "organisation": row.organisation.slug, "state": row.state,
        "verdict": row.verdict, "clauses": row.outcomes,
        "decision": {"accepted": decision.accepted, "reason": decision.reason} if decision else None,
        "grant": {"credits": grant.amount, "ends_at": grant.ends_at.isoformat(), "reference": grant.reference}
        if grant else None,
    }  # fmt: skip


def _application_text(row: Any) -> str:
    from bitgoeul.kit.text import Localised

    lines = [f"{row.public_id}  {row.get_state_display()}  {row.call}"]
    marks = {"pass": "✓", "fail": "✗", "unknown": "?"}
    for outcome in row.outcomes:
        lines.append(
            f"  {marks[outcome['result']]} {Localised(outcome['title'])}: {Localised(outcome['reason'])}"
        )
    return "\n".join(lines)


@app.command()
def seed(as_json: bool = JSON) -> None:
    """Write and open the example calls; again changes nothing."""
    from bitgoeul.apps.programmes import commands
    from bitgoeul.apps.programmes.queries import blueprints
    from bitgoeul.kit.actor import SYSTEM

    rows = [commands.seed(by=SYSTEM, name=name) for name in blueprints.names()]
    _say(as_json, {"calls": [_call(row) for row in rows]}, "\n".join(map(_call_line, rows)))


@app.command("calls")
def list_calls(who: str = WHO, as_json: bool = JSON) -> None:
    """List the calls."""
    from bitgoeul.apps.programmes import queries

    rows = list(queries.calls_visible_to(_actor(who)))
    _say(as_json, {"calls": [_call(row) for row in rows]}, "\n".join(map(_call_line, rows)))


@app.command("open")
def open_call(slug: str, who: str = WHO, as_json: bool = JSON) -> None:
    """Publish a call."""
    from bitgoeul.apps.programmes import commands

    call = commands.open_call(by=_actor(who), slug=slug)
    _say(as_json, _call(call), _call_line(call))


@app.command("close")
def close_call(slug: str, who: str = WHO, as_json: bool = JSON) -> None:
    """Take no more applications."""
    from bitgoeul.apps.programmes import commands

    call = commands.close_call(by=_actor(who), slug=slug)
    _say(as_json, _call(call), _call_line(call))


@app.command()
def check(
    slug: str,
    organisation: str = typer.Option(..., help="The organisation's slug."),
    who: str = typer.Option(..., "--as", help="The e-mail address of a member."),
    answers: str = typer.Option("{}", help="Answers as JSON."),
    as_json: bool = JSON,
) -> None:
    """Show how each clause would turn out; nothing is written."""
    from bitgoeul.apps.people.queries import organisations_of
    from bitgoeul.apps.programmes import queries
    from bitgoeul.apps.programmes.queries.eligibility import assess, prefill
    from bitgoeul.kit.doors import find
    from bitgoeul.kit.text import Localised

    actor = _actor(who)
    call = find(queries.calls_visible_to(actor), slug=slug)
    applicant = find(organisations_of(actor), slug=organisation)
    found = assess(call, applicant, prefill(call, applicant) | _read(answers))
    marks = {"pass": "✓", "fail": "✗", "unknown": "?"}
    text = [f"{marks[o.result]} {Localised(o.title)}: {Localised(o.reason)}" for o in found.outcomes]
    data = {"verdict": found.verdict, "clauses": [outcome.as_data() for outcome in found.outcomes]}
    _say(as_json, data, "\n".join(text))


@app.command()
def apply(
    slug: str,
    organisation: str = typer.Option(..., help="The organisation's slug."),
    who: str = typer.Option(..., "--as", help="The e-mail address of a member."),
    answers: str = typer.Option("{}", help="Answers as JSON."),
    accept_terms: bool = typer.Option(False, help="Agree to the terms of the grant."),
    as_json: bool = JSON,
) -> None:
    """Apply and print the outcome."""
    from bitgoeul.apps.programmes import commands

    row = commands.apply(
        by=_actor(who),
        call=slug,
        organisation=organisation,
        answers=_read(answers),
        accept_terms=accept_terms,
    )
    _say(as_json, _application(row), _application_text(row))


@app.command()
def application(public_id: str, who: str = WHO, as_json: bool = JSON) -> None:
    """Show one application."""
    from bitgoeul.apps.programmes import queries
    from bitgoeul.kit.doors import find

    row = find(queries.applications_visible_to(_actor(who)), public_id=public_id)
    _say(as_json, _application(row), _application_text(row))


@app.command()
def decide(
    public_id: str,
    accept: bool = typer.Option(..., "--accept/--reject", help="What is decided."),
    reason: str = typer.Option(..., help="The reason that the applicant will read."),
    who: str = typer.Option(..., "--as", help="The e-mail address of the officer."),
    as_json: bool = JSON,
) -> None:
    """Decide an application that waits for a person."""
    from bitgoeul.apps.programmes import commands, queries
    from bitgoeul.kit.doors import find

    actor = _actor(who)
    run = commands.accept_application if accept else commands.reject_application
    run(by=actor, application=public_id, reason={"ko": reason, "en": reason})
    row = find(queries.applications_visible_to(actor), public_id=public_id)
    _say(as_json, _application(row), _application_text(row))


def _read(answers: str) -> dict[str, Any]:
    from django.utils.translation import gettext as _

    from bitgoeul.kit.refusals import Invalid

    try:
        read = json.loads(answers)
    except ValueError:
        read = None
    if not isinstance(read, dict):
        raise Invalid({"answers": [_("The answers are an object of question and value.")]})
    return read
