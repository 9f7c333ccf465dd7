"""`bitgoeul record …`: seal, export, prove, check and verify the record."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from bitgoeul.apps.record import commands, queries
from bitgoeul.kit.actor import ANONYMOUS, SYSTEM
from bitgoeul.verifier import verify_record

app = typer.Typer(help="The public record: seal facts, export, prove, check and verify.")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def _say(value: Any) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False))


@app.command()
def seal(
    everything: Annotated[bool, typer.Option(help="Look at every fact, also long ago.")] = False,
    as_json: Json = False,
) -> None:
    """Seal all facts that wait (the worker does this by itself every few seconds)."""
    head = commands.seal(everything)
    if as_json:
        _say(queries.head_out(head) if head else {"size": 0})
    else:
        typer.echo(f"{head.size} facts, root {head.root}" if head else "There is nothing to seal.")


@app.command()
def head(as_json: Json = False) -> None:
    """Print the newest signed head."""
    statement = queries.head_out(queries.head())
    if as_json:
        _say(statement)
    else:
        for name, value in statement.items():
            typer.echo(f"{name:<11}{value}")


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="Where to write the JSON lines; - for the standard output.")],
    personal: Annotated[bool, typer.Option(help="With personal values and salts: keep it secret.")] = False,
    as_json: Json = False,
) -> None:
    """Write the whole record, as anybody may download it."""
    lines = queries.export(SYSTEM if personal else ANONYMOUS, with_personal=personal)
    if str(file) == "-":
        sys.stdout.buffer.writelines(lines)
        return
    draft = file.with_name(f".{file.name}.part")
    with draft.open("wb") as target:
        draft.chmod(0o600 if personal else 0o644)
        target.writelines(lines)
    draft.replace(file)
    newest = queries.head_out(queries.head())
    if as_json:
        _say({"file": str(file), "bytes": file.stat().st_size, "head": newest})
    else:
        typer.echo(f"{file}: {newest['size']} facts, root {newest['root']}")


@app.command()
def proof(
    fact: Annotated[int, typer.Argument(help="The number of a fact.")],
) -> None:
    """Print the proof that a fact is in the record, for the verifier."""
    _say(queries.inclusion(fact))


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="An export or an inclusion proof.")],
    key: Annotated[str, typer.Option(help="The public key you trust, 64 hex digits.")] = "",
    since: Annotated[Path | None, typer.Option(help="An older export: did the record only grow?")] = None,
    as_json: Json = False,
) -> None:
    """Verify a file offline, with the stand-alone verifier; exit status 3 if it does not hold."""
    words = [str(file)]
    words += ["--key", key] if key else []
    words += ["--since", str(since)] if since else []
    words += ["--json"] if as_json else []
    sys.exit(verify_record.main(words))


@app.command()
def check(as_json: Json = False) -> None:
    """Recompute the record from the live database; exit status 3 if anything was altered."""
    report = queries.check()
    if as_json:
        _say(report)
    elif report["holds"]:
        typer.echo(f"The record holds: {report['facts']} facts, {report['unsealed']} waiting for their seal.")
    else:
        typer.echo(report["sentence"])
    if not report["holds"]:
        sys.exit(3)


@app.command()
def redact(
    subject: Annotated[str, typer.Argument(help="Whose facts, for example organisation:example.")],
    reason: Annotated[str, typer.Option(help="Why; it stands in the record.")],
    field: Annotated[list[str] | None, typer.Option(help="Only this field; may be repeated.")] = None,
    as_json: Json = False,
) -> None:
    """Forget personal values in the facts about a subject; every proof stays valid."""
    changed = commands.redact_personal_fields(by=SYSTEM, subject=subject, fields=field, reason=reason)
    if as_json:
        _say({"facts": changed})
    else:
        typer.echo(f"{changed} facts redacted.")
