"""A refusal is a request we understood and will not do.  Bugs are not refusals."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _


class Refusal(Exception):
    """The root of the family.

    ``title`` is one translated sentence with named facts (``%(name)s``); ``remedy`` says what to do now.
    The code is ``<capability>.<ClassName>`` and never changes once published.
    """

    status: int = HTTPStatus.BAD_REQUEST
    title: Any = _("The request was refused")
    remedy: Any = ""

    def __init__(self, **facts: Any) -> None:
        super().__init__(facts)
        self.facts = facts

    @property
    def code(self) -> str:
        parts = type(self).__module__.split(".")
        owner = parts[2] if parts[:2] == ["bitgoeul", "apps"] else parts[1]
        return f"{owner}.{type(self).__name__}"

    def __str__(self) -> str:
        return str(self.title) % self.facts if self.facts else str(self.title)

    def what_to_do(self) -> str:
        return str(self.remedy) % self.facts if self.facts else str(self.remedy)

    def problem(self) -> dict[str, Any]:
        """RFC 9457 problem details."""
        problem: dict[str, Any] = {
            "type": f"/docs/errors#{self.code}",
            "title": str(self),
            "status": int(self.status),
            "code": self.code,
        }
        if remedy := self.what_to_do():
            problem["detail"] = remedy
        if facts := {k: v for k, v in self.facts.items() if isinstance(v, str | int | bool | list | dict)}:
            problem["facts"] = facts
        return problem


class NotSignedIn(Refusal):
    status = HTTPStatus.UNAUTHORIZED
    title = _("You are not signed in")
    remedy = _("Sign in, or send an API token, and try again.")


class Forbidden(Refusal):
    status = HTTPStatus.FORBIDDEN
    title = _("You may not do this")
    remedy = _("Ask an owner of your organisation or the operator for the role that this needs.")


class NotFound(Refusal):
    status = HTTPStatus.NOT_FOUND
    title = _("There is nothing here for you")
    remedy = _("Check the address. It may have been moved, or it is not shared with you.")


class MethodNotAllowed(Refusal):
    status = HTTPStatus.METHOD_NOT_ALLOWED
    title = _("This address cannot be asked in this way")
    remedy = _(
        "It takes what a form sends: go back to the page before and use its button. "
        "A program finds under “Allow” what it may ask."
    )


class StateChanged(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("Its state is now “%(now)s”, so this is no longer possible")
    remedy = _("Load the page again and look at its present state.")


class KeyReused(Refusal):
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = _("This idempotency key was already used for another request")
    remedy = _("Use a new key for a new request.")


class TooMany(Refusal):
    status = HTTPStatus.TOO_MANY_REQUESTS
    title = _("Too many requests in a short time")
    remedy = _("Wait a little and try again.")


class Invalid(Refusal):
    """Fields that do not hold.  ``errors`` maps a field to its sentences."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = _("Some entries need correction")

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__()
        self.errors = errors

    def problem(self) -> dict[str, Any]:
        return super().problem() | {"errors": self.errors}


def require(allowed: object) -> None:
    """Refuse with 403 unless ``allowed``."""
    if not allowed:
        raise Forbidden


def wants_page(request: HttpRequest) -> bool:
    if request.path.startswith(("/api/", "/v2")):
        return False
    best = request.get_preferred_type(["text/html", "application/problem+json", "application/json"])
    return best == "text/html"


def answer(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """A page for people, problem+json for programs."""
    if wants_page(request):
        return render(request, "ui/refusal.html", {"refusal": refusal}, status=refusal.status)
    return JsonResponse(
        refusal.problem(),
        status=refusal.status,
        content_type="application/problem+json",
        json_dumps_params={"ensure_ascii": False},
    )
