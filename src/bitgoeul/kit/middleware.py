"""What every request passes through."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

import structlog
from django.http import Http404, HttpRequest, HttpResponse

from bitgoeul.kit.refusals import MethodNotAllowed, NotFound, Refusal, answer, wants_page

READ_OUT = 64 << 20  # bytes of a refused body


class RefusalMiddleware:
    """Turns refusals raised by pages into answers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            _read_out(request)
        if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            # Django answers with an empty page, also to who changes the language after sending a form.
            told = answer(request, MethodNotAllowed())
            told["Allow"] = response.get("Allow", "")
            return told
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, Refusal):
            return answer(request, error)
        if isinstance(error, Http404) and not wants_page(request):
            return answer(request, NotFound())
        return None


def _read_out(request: HttpRequest) -> None:
    """Take what is still being sent: a proxy that meets a closed connection never hears the reason."""
    left = READ_OUT
    while left > 0 and (piece := request.read(64 << 10)):
        left -= len(piece)


class LogMiddleware:
    """One structured line per request, without query strings, bodies or addresses of people."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.log = structlog.get_logger("bitgoeul.request")

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code >= 400:
            self.log.info("answered", method=request.method, path=request.path, status=response.status_code)
        return response
