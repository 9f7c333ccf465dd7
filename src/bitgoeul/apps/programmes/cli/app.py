"""`bitgoeul programmes`: without --as, a command on the hub's own machine speaks for the hub."""

from __future__ import annotations

import json
from typing import Any

import typer

app = typer.Typer(help="Programmes, calls and applications.", no_args_is_help=True)

WHO = typer.Option("", "--as", help="The e-mail address of the account that acts; the hub itself if empty.")
JSON = typer.Option(False, "--json", help="Print JSON.")


def actor_of(email: str) -> Any:
    from bitgoeul.apps.people.models import Person
    from bitgoeul.apps.people.queries import actor_for
    from bitgoeul.kit.actor import SYSTEM
    from bitgoeul.kit.doors import find

    return actor_for(find(Person.objects.filter(is_active=True), email=email.lower())) if email else SYSTEM


def say(as_json: bool, data: Any, text: str) -> None:
    typer.echo(json.dumps(data, ensure_ascii=False, default=str) if as_json else text)


def read(answers: str) -> dict[str, Any]:
    from django.utils.translation import gettext as _

    from bitgoeul.kit.refusals import Invalid

    try:
        read = json.loads(answers)
    except ValueError:
        read = None
    if not isinstance(read, dict):
        raise Invalid({"answers": [_("The answers are an object of question and value.")]})
    return read
