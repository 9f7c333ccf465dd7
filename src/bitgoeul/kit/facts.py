"""Facts: what happened, written once, in the same transaction as the change.

A fact is the audit line, the outgoing event and the leaf of the public record in one row.
"""

from __future__ import annotations

import dataclasses
import secrets
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.module_loading import import_string

from bitgoeul.kit import clock
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.command import note_fact
from bitgoeul.kit.models import Delivery, Fact
from bitgoeul.kit.standing import StandingInsert

EVENTS: dict[str, type[Event]] = {}

# Every command of the hub ends in these two statements.
_write_fact = StandingInsert(Fact)
_write_deliveries = StandingInsert(Delivery)


def personal(**field: Any) -> Any:
    """A field of an event that says something about a living person.

    Its value is kept beside a random salt; the sealed leaf holds only the salted hash, so the value can be
    forgotten later while every proof stays valid.
    """
    return dataclasses.field(metadata={"personal": True}, **field)


@dataclasses.dataclass(frozen=True)
class Event:
    """Base of every event: a frozen dataclass in ``events.py``, named in the past tense.

    Values are what JSON holds without loss: str, int, bool, None, and lists and dicts of these.  No floats.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        EVENTS[cls.name()] = cls

    @classmethod
    def name(cls) -> str:
        parts = cls.__module__.split(".")
        owner = parts[2] if parts[:2] == ["bitgoeul", "apps"] else parts[1]
        return f"{owner}.{cls.__name__}"

    def split(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Its public and its personal values."""
        public: dict[str, Any] = {}
        private: dict[str, Any] = {}
        for item in dataclasses.fields(self):
            value = getattr(self, item.name)
            _refuse_floats(value, item.name)
            (private if item.metadata.get("personal") else public)[item.name] = value
        return public, private


def _refuse_floats(value: Any, name: str) -> None:
    if isinstance(value, dict):
        for part in value.values():
            _refuse_floats(part, name)
    elif isinstance(value, list | tuple):
        for part in value:
            _refuse_floats(part, name)
    elif not (value is None or isinstance(value, str | int | bool)):
        raise TypeError(f"{name}: a fact holds str, int, bool, lists and dicts, not {type(value).__name__}")


def handler_name(handler: Any) -> str:
    return f"{handler.__module__}.{handler.__qualname__}"


@lru_cache(maxsize=1)
def subscriptions() -> dict[str, list[str]]:
    """Event name -> dotted handlers, from the one table of the site."""
    table: dict[type[Event], list[Any]] = import_string(settings.SUBSCRIPTIONS)
    return {event.name(): [handler_name(h) for h in handlers] for event, handlers in table.items()}


def record(event: Event, *, by: Actor, subject: str, organisation: models.Model | None = None) -> Fact:
    """Write one fact and one delivery for each of its subscribers."""
    note_fact()
    public, private = event.split()
    fact = Fact(
        name=event.name(),
        at=clock.now(),
        actor=by.id,
        organisation=str(organisation.public_id) if organisation is not None else "",  # type: ignore[attr-defined]
        subject=subject,
        data=public,
        personal=private,
        salts={name: secrets.token_hex(16) for name in private},
    )
    _write_fact(fact)
    if handlers := subscriptions().get(fact.name):
        _write_deliveries(*(Delivery(fact=fact, handler=handler, due_at=fact.at) for handler in handlers))
    return fact


def redact(facts: models.QuerySet[Fact], names: set[str] | None = None) -> int:
    """Forget personal values (all, or the named fields) and their salts; return how many facts changed.

    ``redacted`` keeps the salted hashes that the sealed leaf holds, so each proof stays valid.
    """
    changed = 0
    for fact in facts.exclude(personal={}).iterator():
        gone = {name for name in fact.personal if names is None or name in names}
        if not gone:
            continue
        hashes = fact.personal_hashes()
        fact.redacted = fact.redacted | {name: hashes[name] for name in gone}
        fact.personal = {name: value for name, value in fact.personal.items() if name not in gone}
        fact.salts = {name: salt for name, salt in fact.salts.items() if name not in gone}
        fact.save(update_fields=["redacted", "personal", "salts"])
        changed += 1
    return changed
