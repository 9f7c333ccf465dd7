"""Public pages, kept for a moment: a crowd that looks at one page costs little more than one visitor.

Only what is the same for every visitor is kept: an HTML answer to a GET without a session, that sets no
cookie and does not forbid it.  It lives in this process for ``settings.KEPT_PAGES_S`` seconds (0 keeps
nothing), so a visitor sees a change at most that much later; whoever is signed in sees it at once.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import NamedTuple

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language

PAGES = 256
LARGEST = 512 * 1024
PERSONAL = (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, "messages")


class Page(NamedTuple):
    until: float
    body: bytes
    headers: list[tuple[str, str]]


class KeptPagesMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.pages: OrderedDict[tuple[str | None, ...], Page] = OrderedDict()
        self.lock = Lock()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not settings.KEPT_PAGES_S or not self._is_a_visitor(request):
            return self.get_response(request)
        key = (
            request.get_host(),
            request.get_full_path(),
            get_language(),
            request.COOKIES.get("theme"),
            request.headers.get("Accept"),
            request.headers.get("HX-Request"),
        )
        page = self.pages.get(key)
        if page is not None and page.until > time.monotonic():
            return HttpResponse(page.body, headers=dict(page.headers))
        response = self.get_response(request)
        if self._may_be_kept(response):
            self._keep(key, response)
        return response

    @staticmethod
    def _is_a_visitor(request: HttpRequest) -> bool:
        return (
            request.method == "GET"
            and "Authorization" not in request.headers
            and not any(name in request.COOKIES for name in PERSONAL)
        )

    @staticmethod
    def _may_be_kept(response: HttpResponse) -> bool:
        return (
            response.status_code == 200
            and not response.streaming
            and not response.cookies
            and "Cache-Control" not in response.headers
            and response.headers.get("Content-Type", "").startswith("text/html")
            and len(response.content) <= LARGEST
        )

    def _keep(self, key: tuple[str | None, ...], response: HttpResponse) -> None:
        page = Page(
            time.monotonic() + settings.KEPT_PAGES_S, response.content, list(response.headers.items())
        )
        with self.lock:
            self.pages[key] = page
            self.pages.move_to_end(key)
            while len(self.pages) > PAGES:
                self.pages.popitem(last=False)
