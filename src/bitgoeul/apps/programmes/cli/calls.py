from __future__ import annotations

from typing import Any

import typer

from bitgoeul.apps.programmes.cli.app import JSON, WHO, actor_of, app, read, say


def _call(call: Any) -> dict[str, Any]:
    from bitgoeul.apps.programmes import queries

    return {
        "slug": call.slug, "tier": call.tier, "title": call.title, "state": call.state,
        "opens_at": call.opens_at.isoformat(), "closes_at": call.closes_at.isoformat(),
        "kind": call.kind, "gives": {"credits": queries.credits_of(call), "days": call.gives_days},
        "budget": {
            "unit": call.budget_unit, "total": call.budget, "reserved": call.reserved,
            "granted": call.granted, "left": call.left,
        },
    }  # fmt: skip


def _call_line(call: Any) -> str:
    from bitgoeul.apps.programmes.queries.amounts import in_words

    left = f"{call.written(call.left)} / {in_words(call, call.budget)}"
    return f"{call.slug:<20} {call.get_state_display():<8} {call.title}  {left}"


@app.command()
def seed(as_json: bool = JSON) -> None:
    """Write and open the example calls; again changes nothing."""
    from bitgoeul.apps.programmes import commands
    from bitgoeul.apps.programmes.queries import blueprints
    from bitgoeul.kit.actor import SYSTEM

    rows = [commands.seed(by=SYSTEM, name=name) for name in blueprints.names()]
    say(as_json, {"calls": [_call(row) for row in rows]}, "\n".join(map(_call_line, rows)))


@app.command("calls")
def list_calls(who: str = WHO, as_json: bool = JSON) -> None:
    """List the calls."""
    from bitgoeul.apps.programmes import queries

    rows = list(queries.calls_visible_to(actor_of(who)))
    say(as_json, {"calls": [_call(row) for row in rows]}, "\n".join(map(_call_line, rows)))


@app.command("open")
def open_call(slug: str, who: str = WHO, as_json: bool = JSON) -> None:
    """Publish a call."""
    from bitgoeul.apps.programmes import commands

    call = commands.open_call(by=actor_of(who), slug=slug)
    say(as_json, _call(call), _call_line(call))


@app.command("close")
def close_call(slug: str, who: str = WHO, as_json: bool = JSON) -> None:
    """Take no more applications."""
    from bitgoeul.apps.programmes import commands

    call = commands.close_call(by=actor_of(who), slug=slug)
    say(as_json, _call(call), _call_line(call))


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

    actor = actor_of(who)
    call = find(queries.calls_visible_to(actor), slug=slug)
    applicant = find(organisations_of(actor), slug=organisation)
    found = assess(call, applicant, prefill(call, applicant) | read(answers))
    marks = {"pass": "✓", "fail": "✗", "unknown": "?"}
    text = [f"{marks[o.result]} {Localised(o.title)}: {Localised(o.reason)}" for o in found.outcomes]
    data = {"verdict": found.verdict, "clauses": [outcome.as_data() for outcome in found.outcomes]}
    say(as_json, data, "\n".join(text))
