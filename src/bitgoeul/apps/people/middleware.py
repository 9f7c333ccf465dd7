"""Puts the actor on every request: a browser's session, a program's session token, or an API token."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast
from urllib.parse import urlsplit

from allauth.headless.internal.sessionkit import authenticate_by_x_session_token, lookup_session
from allauth.idp.oidc.models import Client
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from bitgoeul.apps.people import errors, queries
from bitgoeul.apps.people.models import Person
from bitgoeul.kit.actor import ANONYMOUS, Actor
from bitgoeul.kit.refusals import Refusal, answer

# These answer for themselves: allauth reads the session token, its OIDC views their own bearer tokens.
_OWN_TOKENS = ("/_allauth/", "/identity/")


def _by_session(request: HttpRequest) -> Actor:
    if not request.user.is_authenticated:
        return ANONYMOUS
    return queries.actor_for(cast(Person, request.user))


def _by_session_token(request: HttpRequest, key: str) -> Actor:
    """A session that still waits for a second step or a confirmed address is nobody yet."""
    known = authenticate_by_x_session_token(key)
    if known is not None:
        request.user, _session = known
        return queries.actor_for(cast(Person, request.user))
    if lookup_session(key) is None:
        raise errors.SessionUnknown
    return ANONYMOUS


def _by_api_token(request: HttpRequest, secret: str) -> Actor:
    token = queries.token_in_use(secret)
    request.user = token.person
    return queries.actor_for(token.person, scopes=frozenset(token.scopes))


class ActorMiddleware:
    """``request.actor``: from a token at once, so that a bad one is refused; else when first asked for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            request.actor = self.actor(request)  # type: ignore[attr-defined]
        except Refusal as refusal:
            request.actor = ANONYMOUS  # type: ignore[attr-defined]
            response = answer(request, refusal)
            response["WWW-Authenticate"] = 'Bearer realm="bitgoeul"'
            return response
        return self.get_response(request)

    @staticmethod
    def actor(request: HttpRequest) -> Actor:
        if not request.path.startswith(_OWN_TOKENS):
            scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
            if scheme.lower() == "bearer":
                return _by_api_token(request, secret.strip())
            if key := request.headers.get("X-Session-Token"):
                return _by_session_token(request, key)
        return SimpleLazyObject(lambda: _by_session(request))  # type: ignore[return-value]


class SignInPolicyMiddleware:
    """Lets the sign-in and consent forms end at a registered component.

    Browsers apply ``form-action`` to the redirects after a form too, and the last redirect of a sign-in
    for another component leads to that component.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith(("/accounts/", "/identity/")) and request.method in {"GET", "POST"}:
            origins = {
                f"{parts.scheme}://{parts.netloc}"
                for uris in Client.objects.values_list("redirect_uris", flat=True)
                for parts in map(urlsplit, uris.split())
                if parts.scheme in {"http", "https"}
            }
            if origins:
                response._csp_update = {"form-action": sorted(origins)}  # type: ignore[attr-defined]
        return response
