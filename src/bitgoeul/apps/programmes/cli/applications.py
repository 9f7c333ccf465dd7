from __future__ import annotations

from typing import Any

import typer

from bitgoeul.apps.programmes.cli.app import JSON, WHO, actor_of, app, read, say


def _application(row: Any) -> dict[str, Any]:
    grant, decision = getattr(row, "grant", None), getattr(row, "decision", None)
    return {
        "id": row.public_id, "call": row.call.slug, "organisation": row.organisation.slug, "state": row.state,
        "verdict": row.verdict, "clauses": row.outcomes,
        "decision": {"accepted": decision.accepted, "reason": decision.reason} if decision else None,
        "grant": _grant(grant) if grant else None,
    }  # fmt: skip


def _grant(grant: Any) -> dict[str, Any]:
    parts = [part.as_data() | {"state": part.state} for part in grant.parts.all()]
    return {
        "state": grant.state, "amount": grant.amount, "ends_at": grant.ends_at.isoformat(),
        "credits": sum(part["quantity"] for part in parts if part["part"] == "credits"),
        "reference": grant.reference, "parts": parts,
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
        by=actor_of(who),
        call=slug,
        organisation=organisation,
        answers=read(answers),
        accept_terms=accept_terms,
    )
    say(as_json, _application(row), _application_text(row))


@app.command()
def application(public_id: str, who: str = WHO, as_json: bool = JSON) -> None:
    """Show one application."""
    from bitgoeul.apps.programmes import queries
    from bitgoeul.kit.doors import find

    row = find(queries.applications_visible_to(actor_of(who)), public_id=public_id)
    say(as_json, _application(row), _application_text(row))


@app.command()
def decide(
    public_id: str,
    accept: bool = typer.Option(..., "--accept/--reject", help="What is decided."),
    reason: str = typer.Option(..., help="The reason that the applicant will read."),
    amount: int = typer.Option(None, help="Less than was asked for, in the unit of the budget."),
    despite: str = typer.Option("", help="Why, although another programme supports the same."),
    who: str = typer.Option(..., "--as", help="The e-mail address of the officer."),
    as_json: bool = JSON,
) -> None:
    """Decide an application that waits for a person."""
    from bitgoeul.apps.programmes import commands, queries
    from bitgoeul.kit.doors import find

    actor = actor_of(who)
    words = {"ko": reason, "en": reason}
    both = {"ko": despite, "en": despite} if despite else None
    commands.decide(by=actor, application=public_id, accept=accept, reason=words, amount=amount, despite=both)
    row = find(queries.applications_visible_to(actor), public_id=public_id)
    say(as_json, _application(row), _application_text(row))


@app.command("return")
def return_application(
    public_id: str,
    asks: str = typer.Option(..., help="What is missing, as the applicant reads it."),
    who: str = typer.Option(..., "--as", help="The e-mail address of the officer."),
    as_json: bool = JSON,
) -> None:
    """Send an application back to be completed."""
    from bitgoeul.apps.programmes import commands

    commands.return_application(by=actor_of(who), application=public_id, asks={"ko": asks, "en": asks})
    _show(public_id, who, as_json)


@app.command()
def admit(public_id: str, who: str = WHO, as_json: bool = JSON) -> None:
    """Pass an application on to the panel of its call."""
    from bitgoeul.apps.programmes import commands

    commands.admit_application(by=actor_of(who), application=public_id)
    _show(public_id, who, as_json)


@app.command()
def take(
    public_id: str,
    who: str = typer.Option(..., "--as", help="The e-mail address of a member."),
    as_json: bool = JSON,
) -> None:
    """Take an offer."""
    from bitgoeul.apps.programmes import commands

    commands.take_offer(by=actor_of(who), application=public_id)
    _show(public_id, who, as_json)


@app.command()
def decline(
    public_id: str,
    who: str = typer.Option(..., "--as", help="The e-mail address of a member."),
    words: str = typer.Option("", help="Why, if you like."),
    as_json: bool = JSON,
) -> None:
    """Decline an offer; the next in order is asked."""
    from bitgoeul.apps.programmes import commands

    commands.decline_offer(by=actor_of(who), application=public_id, words=words)
    _show(public_id, who, as_json)


@app.command()
def withdraw(
    public_id: str,
    who: str = typer.Option(..., "--as", help="The e-mail address of a member."),
    as_json: bool = JSON,
) -> None:
    """Take back an application that is not decided."""
    from bitgoeul.apps.programmes import commands

    commands.withdraw_application(by=actor_of(who), application=public_id)
    _show(public_id, who, as_json)


def _show(public_id: str, who: str, as_json: bool) -> None:
    from bitgoeul.apps.programmes import queries
    from bitgoeul.kit.doors import find

    row = find(queries.applications_visible_to(actor_of(who)), public_id=public_id)
    say(as_json, _application(row), _application_text(row))
