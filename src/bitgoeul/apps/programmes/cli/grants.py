"""Grants on the command line."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import typer

from bitgoeul.apps.programmes.cli.app import JSON, WHO, actor_of, app, say

MEMBER = typer.Option(..., "--as", help="The e-mail address of a member.")
OFFICER = typer.Option(..., "--as", help="The e-mail address of the officer.")
REASON = typer.Option(..., help="The reason that the organisation will read.")


def _moment(text: str | None) -> dt.datetime | None:
    """A moment, or the end of the office day of a date, in the hub's zone."""
    from django.utils import timezone

    from bitgoeul.apps.programmes.queries.deadlines import end_of

    if not text:
        return None
    if len(text) == 10:
        return end_of(dt.date.fromisoformat(text))
    moment = dt.datetime.fromisoformat(text)
    return moment if moment.tzinfo else timezone.make_aware(moment)


def _both(words: str) -> dict[str, str]:
    return {"ko": words, "en": words}


def _show(grant_id: str, who: str, as_json: bool) -> None:
    from bitgoeul.apps.programmes.queries.grants import as_data, grants_visible_to
    from bitgoeul.kit.doors import find

    row = find(grants_visible_to(actor_of(who)), application__public_id=grant_id)
    data = as_data(row)
    lines = [f"{grant_id}  {row.get_state_display()}  {row.application.call}  {row.ends_at:%Y-%m-%d}"]
    for part in data["parts"]:
        use = "" if part["use_percent"] is None else f"  {part['use_percent']} %"
        lines.append(f"  {part['part']} {part['quantity']} {part['about']}  {part['state']}{use}")
    for report in data["reports"]:
        lines.append(f"  {report['title']}  {report['due_at']:%Y-%m-%d}  {report['state']}")
    say(as_json, data, "\n".join(lines))


@app.command()
def grants(who: str = WHO, as_json: bool = JSON) -> None:
    """List the grants that one may see, newest first."""
    from bitgoeul.apps.programmes.queries.grants import grants_visible_to

    rows = list(grants_visible_to(actor_of(who))[:100])
    data = [{"id": row.application.public_id, "call": row.application.call.slug, "state": row.state,
             "organisation": row.organisation.slug} for row in rows]  # fmt: skip
    text = [f"{row.application.public_id}  {row.get_state_display()}  {row.organisation}" for row in rows]
    say(as_json, data, "\n".join(text))


@app.command()
def grant(grant_id: str, who: str = WHO, as_json: bool = JSON) -> None:
    """Show one grant: its parts and their use, what is due."""
    _show(grant_id, who, as_json)


@app.command()
def agreement(
    grant_id: str,
    pdf: Path = typer.Option(None, help="Write it to this file instead of printing it."),
    language: str = typer.Option("ko", help="ko or en."),
    who: str = WHO,
) -> None:
    """Print the agreement of a grant with its fingerprint, or write it as PDF."""
    from bitgoeul.apps.programmes.models import Agreement
    from bitgoeul.apps.programmes.paper import agreement_pdf
    from bitgoeul.apps.programmes.queries.agreements import documents
    from bitgoeul.apps.programmes.queries.grants import grants_visible_to
    from bitgoeul.kit.doors import find, found

    row = find(grants_visible_to(actor_of(who)), application__public_id=grant_id)
    kept = found(Agreement.objects.filter(grant=row).select_related("grant__organisation").first())
    if pdf is not None:
        pdf.write_bytes(agreement_pdf(kept, language))
        return
    for document in documents(kept):
        typer.echo(f"{document.text.in_language(language)}\n\nSHA-256 {document.fingerprint}\n")


@app.command()
def sign(
    grant_id: str,
    name: str = typer.Option(..., help="The name of whoever signs."),
    fingerprint: str = typer.Option(..., help="The fingerprint of the text that was read."),
    who: str = typer.Option(..., "--as", help="The e-mail address of an owner."),
    as_json: bool = JSON,
) -> None:
    """Sign the agreement of a grant."""
    from bitgoeul.apps.programmes import commands

    commands.sign_agreement(by=actor_of(who), grant=grant_id, name=name, fingerprint=fingerprint)
    _show(grant_id, who, as_json)


@app.command("ask-change")
def ask_change(
    grant_id: str,
    kind: str = typer.Option(..., help="extension, dates or amount."),
    words: str = typer.Option(..., help="Why."),
    ends: str = typer.Option("", help="The new end, such as 2026-12-31."),
    starts: str = typer.Option("", help="The new start, for other dates."),
    amount: int = typer.Option(None, help="The new amount, in the unit of the budget."),
    who: str = MEMBER,
    as_json: bool = JSON,
) -> None:
    """Ask for a change of a grant."""
    from bitgoeul.apps.programmes import commands

    commands.ask_change(
        by=actor_of(who), grant=grant_id, kind=kind, words=words, starts_at=_moment(starts),
        ends_at=_moment(ends), amount=amount,
    )  # fmt: skip
    _show(grant_id, who, as_json)


@app.command("decide-change")
def decide_change(
    grant_id: str,
    number: int,
    agree: bool = typer.Option(..., "--agree/--refuse", help="What is decided."),
    reason: str = REASON,
    who: str = OFFICER,
    as_json: bool = JSON,
) -> None:
    """Decide a change of a grant."""
    from bitgoeul.apps.programmes import commands

    commands.decide_change(by=actor_of(who), grant=grant_id, number=number, agree=agree, reason=_both(reason))
    _show(grant_id, who, as_json)


@app.command("record-use")
def record_use(
    grant_id: str,
    part: int,
    starts: str = typer.Option(..., help="When the sample begins, such as 2026-12-01T00:00+09:00."),
    seconds: int = typer.Option(3600, help="How long it lasts."),
    used: int = typer.Option(..., help="Thousandths of a unit that were in use."),
    who: str = WHO,
) -> None:
    """Keep one sample of a meter."""
    from bitgoeul.apps.programmes import commands

    moment = dt.datetime.fromisoformat(starts)
    commands.record_use(
        by=actor_of(who), grant=grant_id, part=part, starts_at=moment, seconds=seconds, used=used
    )


@app.command()
def contest(
    grant_id: str,
    part: int,
    words: str = typer.Option(..., help="Why it must not be taken."),
    who: str = MEMBER,
    as_json: bool = JSON,
) -> None:
    """Contest that idle capacity is taken back."""
    from bitgoeul.apps.programmes import commands

    commands.contest_reclaim(by=actor_of(who), grant=grant_id, part=part, words=words)
    _show(grant_id, who, as_json)


@app.command("decide-contest")
def decide_contest(
    grant_id: str,
    part: int,
    agree: bool = typer.Option(..., "--agree/--refuse", help="What is decided."),
    reason: str = REASON,
    who: str = OFFICER,
    as_json: bool = JSON,
) -> None:
    """Decide a contest."""
    from bitgoeul.apps.programmes import commands

    commands.decide_contest(by=actor_of(who), grant=grant_id, part=part, agree=agree, reason=_both(reason))
    _show(grant_id, who, as_json)


@app.command("take-back")
def take_back(grant_id: str, part: int, who: str = OFFICER, as_json: bool = JSON) -> None:
    """Return an idle claim to its pool now."""
    from bitgoeul.apps.programmes import commands

    commands.take_back(by=actor_of(who), grant=grant_id, part=part)
    _show(grant_id, who, as_json)


@app.command()
def suspend(grant_id: str, reason: str = REASON, who: str = OFFICER, as_json: bool = JSON) -> None:
    """Stop a grant for a time."""
    from bitgoeul.apps.programmes import commands

    commands.suspend_grant(by=actor_of(who), grant=grant_id, reason=_both(reason))
    _show(grant_id, who, as_json)


@app.command()
def resume(grant_id: str, who: str = OFFICER, as_json: bool = JSON) -> None:
    """Let a grant go on."""
    from bitgoeul.apps.programmes import commands

    commands.resume_grant(by=actor_of(who), grant=grant_id)
    _show(grant_id, who, as_json)


@app.command("end-grant")
def end_grant(grant_id: str, reason: str = REASON, who: str = OFFICER, as_json: bool = JSON) -> None:
    """Give a grant back, or end it early."""
    from bitgoeul.apps.programmes import commands

    commands.end_grant(by=actor_of(who), grant=grant_id, reason=_both(reason))
    _show(grant_id, who, as_json)


@app.command()
def report(
    grant_id: str,
    number: int,
    words: str = typer.Option(..., help="What was done."),
    file: list[Path] = typer.Option([], help="A file that proves it; once for each file."),
    who: str = MEMBER,
    as_json: bool = JSON,
) -> None:
    """Hand in a report with its files."""
    from bitgoeul.apps.programmes import commands

    actor = actor_of(who)
    for path in file:
        commands.add_evidence(
            by=actor, grant=grant_id, report=number, name=path.name, content=path.read_bytes()
        )
    commands.hand_in_report(by=actor, grant=grant_id, report=number, words=words)
    _show(grant_id, who, as_json)


@app.command("verify-report")
def verify_report(grant_id: str, number: int, who: str = OFFICER, as_json: bool = JSON) -> None:
    """Say that a report holds."""
    from bitgoeul.apps.programmes import commands

    commands.verify_report(by=actor_of(who), grant=grant_id, report=number)
    _show(grant_id, who, as_json)


@app.command("return-report")
def return_report(
    grant_id: str,
    number: int,
    remark: str = typer.Option(..., help="What is missing, as the organisation reads it."),
    who: str = OFFICER,
    as_json: bool = JSON,
) -> None:
    """Send a report back."""
    from bitgoeul.apps.programmes import commands

    commands.return_report(by=actor_of(who), grant=grant_id, report=number, remark=_both(remark))
    _show(grant_id, who, as_json)
