"""What tests of every capability use."""

from __future__ import annotations

from typing import Any

from django.test import Client
from hypothesis import settings

from bitgoeul.kit.models import Fact


def examples(most: int) -> int:
    """How many examples a property tries: ``most``, or the share of it that the chosen profile allows."""
    return max(1, most * settings().max_examples // 100)


def facts_recorded(since: int = 0) -> list[str]:
    """The names of the facts after fact ``since``, oldest first."""
    return list(Fact.objects.filter(id__gt=since).order_by("id").values_list("name", flat=True))


def client_for(person: Any | None = None, language: str = "ko") -> Client:
    """A browser, signed in as ``person`` if one is given."""
    client = Client(headers={"accept": "text/html", "accept-language": language})
    if person is not None:
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def api_for(person: Any | None = None, language: str = "en") -> Client:
    """A program that asks for JSON, signed in as ``person`` if one is given."""
    client = Client(headers={"accept": "application/json", "accept-language": language})
    if person is not None:
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def deliver_everything(rounds: int = 20) -> int:
    """Run the worker by hand until no delivery is due."""
    from bitgoeul.kit.worker import deliver_due

    total = 0
    for _round in range(rounds):
        done = deliver_due()
        total += done
        if not done:
            break
    return total
