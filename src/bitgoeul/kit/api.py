"""Helpers for endpoints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest

from bitgoeul.kit.once import once
from bitgoeul.kit.refusals import NotSignedIn


def signed_in(request: HttpRequest) -> Any:
    """The actor of ``request``, or 401."""
    actor = request.actor  # type: ignore[attr-defined]
    if not actor.is_signed_in:
        raise NotSignedIn
    return actor


def write_once(request: HttpRequest, do: Callable[[], Any]) -> Any:
    """Run ``do`` under the request's ``Idempotency-Key``, if it has one."""
    return once(
        by=request.actor,  # type: ignore[attr-defined]
        key=request.headers.get("Idempotency-Key"),
        request=[request.method, request.path, request.body.decode("utf-8", "replace")],
        do=do,
    )
