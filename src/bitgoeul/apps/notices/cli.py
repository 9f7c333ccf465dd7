"""`bitgoeul notices`"""

from __future__ import annotations

import json

import typer
from django.utils import translation

app = typer.Typer(help="Notices in a person's inbox.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Notices in a person's inbox."""


@app.command("list")
def list_notices(
    who: str = typer.Option(..., "--as", help="The e-mail address of the account."),
    unread: bool = typer.Option(False, help="Only what is unread."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Show an inbox, newest first."""
    from bitgoeul.apps.notices import queries
    from bitgoeul.apps.people.models import Person
    from bitgoeul.apps.people.queries import actor_for
    from bitgoeul.kit.doors import find

    person = find(Person.objects.filter(is_active=True), email=who.lower())
    rows = queries.inbox_of(actor_for(person))
    rows = rows.filter(read_at=None) if unread else rows
    if as_json:
        items = [
            {"id": row.pk, "kind": row.kind, "title": row.title, "text": row.text, "url": row.url,
             "created_at": row.created_at.isoformat(), "read": row.is_read}
            for row in rows
        ]  # fmt: skip
        typer.echo(json.dumps({"items": items}, ensure_ascii=False))
        return
    with translation.override(person.language):
        for row in rows:
            typer.echo(
                f"{'  ' if row.is_read else '• '}{row.created_at:%Y-%m-%d %H:%M}  {row.title}  {row.url}"
            )
