"""Puts the actor on every request."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from bitgoeul.apps.people import queries
from bitgoeul.kit.actor import ANONYMOUS, Actor


def _actor(request: HttpRequest) -> Actor:
    return queries.actor_for(request.user) if request.user.is_authenticated else ANONYMOUS


class ActorMiddleware:
    """``request.actor``: looked up when it is first asked for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor = SimpleLazyObject(lambda: _actor(request))  # type: ignore[attr-defined]
        return self.get_response(request)
