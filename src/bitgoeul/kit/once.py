"""Idempotency: the same key gives the same answer and the work is done once."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction

from bitgoeul.kit import clock
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.models import OnceKey
from bitgoeul.kit.refusals import KeyReused


def form_key() -> str:
    """A fresh key for the hidden field of a form."""
    return secrets.token_urlsafe(18)


def once(*, by: Actor, key: str | None, request: Any, do: Callable[[], Any]) -> Any:
    """Run ``do`` and keep its answer under ``key``, in one transaction.

    Repeated: the same answer.  Refused: the key stays free.  Same key, other request: refused (422).
    ``do`` returns what JSON can hold.  Without a key it simply runs.
    """
    if not key:
        return do()
    fingerprint = hashlib.sha256(
        json.dumps(request, sort_keys=True, default=str, ensure_ascii=False).encode()
    ).hexdigest()
    with transaction.atomic():
        # The insert takes the row lock: a second request with this key waits here until the first is done.
        row, new = OnceKey.objects.get_or_create(
            owner=by.id, key=key[:120], defaults={"fingerprint": fingerprint, "created_at": clock.now()}
        )
        if row.fingerprint != fingerprint:
            raise KeyReused
        if not new:
            return row.answer
        # Stored exactly as it will be sent, so that a repeat is equal to the first answer.
        row.answer = json.loads(json.dumps(do(), cls=DjangoJSONEncoder, ensure_ascii=False))
        row.save(update_fields=["answer"])
        return row.answer
