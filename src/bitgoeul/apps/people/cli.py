"""`bitgoeul people …`: what the keeper of the machine does, and keys for one's own programs."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(help="Accounts and organisations.", no_args_is_help=True)
client = typer.Typer(help="Components that let people sign in with their account here.", no_args_is_help=True)
token = typer.Typer(help="Keys with which programs act for a person.", no_args_is_help=True)
app.add_typer(client, name="client")
app.add_typer(token, name="token")

AS_JSON = typer.Option(False, "--json", help="Print one JSON object.")
AS = typer.Option(..., "--as", help="The e-mail address of the person who acts.")


def _say(facts: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False, default=str))
    else:
        for name, value in facts.items():
            typer.echo(f"{name}: {value}")


def _actor(email: str) -> Any:
    from bitgoeul.apps.people import errors, queries

    person = queries.person_by_address(email)
    if person is None:
        raise errors.PersonUnknown(email=email)
    return queries.actor_for(person)


@app.command()
def appoint(
    email: str, role: str = typer.Argument(help="operator, steward or auditor"), as_json: bool = AS_JSON
) -> None:
    """Give somebody a role of the hub."""
    from bitgoeul.apps.people import commands
    from bitgoeul.kit.actor import SYSTEM

    person = commands.appoint_person(by=SYSTEM, email=email, role=role)
    _say({"email": person.email, "roles": person.roles}, as_json)


@app.command()
def dismiss(email: str, role: str, as_json: bool = AS_JSON) -> None:
    """Take a role of the hub back."""
    from bitgoeul.apps.people import commands
    from bitgoeul.kit.actor import SYSTEM

    person = commands.dismiss_person(by=SYSTEM, email=email, role=role)
    _say({"email": person.email, "roles": person.roles}, as_json)


@client.command("add")
def add_client(
    name: str,
    redirect_uri: Annotated[list[str], typer.Argument(help="One or more full addresses to return to.")],
    public: bool = typer.Option(False, help="It cannot keep a secret: PKCE without one."),
    own: bool = typer.Option(False, help="It belongs to this hub: people are not asked for consent."),
    as_json: bool = AS_JSON,
) -> None:
    """Register a component and print its identifier and its secret, which is shown once."""
    from bitgoeul.apps.people import commands
    from bitgoeul.kit.actor import SYSTEM

    row, secret = commands.register_client(
        by=SYSTEM, name=name, redirect_uris=redirect_uri, is_public=public, skip_consent=own,
        scopes=("openid", "profile", "email", "organisations"),
    )  # fmt: skip
    _say({"client_id": row.pk, "client_secret": secret}, as_json)


@client.command("list")
def list_clients(as_json: bool = AS_JSON) -> None:
    """The registered components."""
    from bitgoeul.apps.people import queries
    from bitgoeul.kit.actor import SYSTEM

    for row in queries.clients_visible_to(SYSTEM):
        _say({"client_id": row.pk, "name": row.name, "redirect_uris": row.get_redirect_uris()}, as_json)


@client.command("remove")
def remove_client(client_id: str) -> None:
    """Remove a component and end the tokens that it holds."""
    from bitgoeul.apps.people import commands
    from bitgoeul.kit.actor import SYSTEM

    commands.remove_client(by=SYSTEM, client_id=client_id)


@token.command("create")
def create_token(
    name: str,
    scope: Annotated[list[str], typer.Option(help="Such as lake:read; may be repeated.")],
    days: int = typer.Option(90, help="After how many days it expires."),
    email: str = AS,
    as_json: bool = AS_JSON,
) -> None:
    """Make an API token and print it once."""
    from bitgoeul.apps.people import commands

    row, secret = commands.create_token(by=_actor(email), name=name, scopes=scope, expires_in_days=days)
    _say({"id": row.public_id, "token": secret, "scopes": row.scopes, "expires_at": row.expires_at}, as_json)


@token.command("list")
def list_tokens(email: str = AS, as_json: bool = AS_JSON) -> None:
    """One's tokens, newest first."""
    from bitgoeul.apps.people import queries

    for row in queries.tokens_of(_actor(email)):
        _say({"id": row.public_id, "name": row.name, "scopes": row.scopes, "expires_at": row.expires_at,
              "last_used_at": row.last_used_at, "revoked_at": row.revoked_at}, as_json)  # fmt: skip


@token.command("revoke")
def revoke_token(token_id: str, email: str = AS) -> None:
    """Stop a token at once."""
    from bitgoeul.apps.people import commands

    commands.revoke_token(by=_actor(email), token_id=token_id)


document = typer.Typer(help="The papers of an organisation's company file.", no_args_is_help=True)
app.add_typer(document, name="document")


@document.command("add")
def add_document(
    organisation: str,
    file: Path,
    kind: str = typer.Option(..., help="Such as business-registration."),
    valid_until: str = typer.Option("", help="The last day, as 2027-12-31; empty: it does not expire."),
    email: str = AS,
    as_json: bool = AS_JSON,
) -> None:
    """Put a paper into the company file."""
    from bitgoeul.apps.people import documents

    until = date.fromisoformat(valid_until) if valid_until else None
    with file.open("rb") as content:
        row = documents.add_document(
            by=_actor(email), slug=organisation, kind=kind, name=file.name, file=content, valid_until=until
        )
    _say({"id": row.public_id, "kind": row.kind, "name": row.name, "sha256": row.sha256}, as_json)


@document.command("list")
def list_documents(organisation: str, email: str = AS, as_json: bool = AS_JSON) -> None:
    """What the company file holds."""
    from bitgoeul.apps.people import documents, queries
    from bitgoeul.kit.doors import find

    owner = find(queries.organisations_visible_to(_actor(email)), slug=organisation)
    for row in documents.documents_of(owner):
        _say({"id": row.public_id, "kind": row.kind, "name": row.name, "valid_until": row.valid_until},
             as_json)  # fmt: skip


@document.command("remove")
def remove_document(document_id: str, email: str = AS) -> None:
    """Take a paper out of the company file."""
    from bitgoeul.apps.people import documents

    documents.remove_document(by=_actor(email), document=document_id)
