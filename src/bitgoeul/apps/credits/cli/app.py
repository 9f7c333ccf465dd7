"""What the words of every subject share."""

from __future__ import annotations

import datetime as dt
import json
from typing import Annotated, Any

import typer
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from bitgoeul.apps.credits import queries
from bitgoeul.apps.people.models import Organisation
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.doors import find

app = typer.Typer(help="Credits, prices and benefits: balances, statements, price lists, quotes, checks.")

Slug = Annotated[str, typer.Argument(help="The organisation's short name in addresses.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Day = Annotated[dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="A day, as 2026-05-01.")]


def organisation_of(slug: str) -> Organisation:
    return find(queries.organisations_seen_by(SYSTEM), slug=slug)


def say(value: Any) -> None:
    typer.echo(json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False))


def aware(day: dt.datetime | None) -> dt.datetime | None:
    return timezone.make_aware(day) if day else None
