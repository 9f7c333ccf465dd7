"""Public pages are kept for a moment; nobody ever gets a page that was drawn for somebody else."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import translation

from bitgoeul.kit import kept

DRAWN = "text/html; charset=utf-8"


@pytest.fixture
def hub(settings):
    """A hub that numbers its answers; ``hub.reply`` says what they are like."""
    settings.KEPT_PAGES_S = 30

    class Hub:
        count = 0

        def reply(self, request):
            return HttpResponse(content_type=DRAWN)

        def view(self, request):
            self.count += 1
            response = self.reply(request)
            response.content = str(self.count).encode()
            return response

    hub = Hub()
    hub.middleware = kept.KeptPagesMiddleware(hub.view)
    return hub


def ask(hub, path="/", method="get", cookies=(), **headers):
    request = getattr(RequestFactory(), method)(path, headers=headers)
    request.COOKIES.update(cookies)
    return hub.middleware(request).content.decode()


def test_a_visitor_gets_the_page_that_another_one_got_a_moment_ago(hub):
    assert [ask(hub), ask(hub)] == ["1", "1"]


def test_a_kept_page_has_the_headers_of_the_first(hub):
    hub.reply = lambda request: HttpResponse(
        content_type=DRAWN, headers={"Content-Security-Policy": "default-src 'self'"}
    )
    ask(hub)

    again = hub.middleware(RequestFactory().get("/"))

    assert again["Content-Security-Policy"] == "default-src 'self'"
    assert again["Content-Type"] == DRAWN


def test_it_is_drawn_again_when_its_moment_is_over(hub, settings):
    settings.KEPT_PAGES_S = 0.001
    first = ask(hub)
    while ask(hub) == first:
        pass

    assert hub.count == 2


@pytest.mark.parametrize(
    "other",
    [
        {"path": "/?q=1"},
        {"accept": "application/json"},
        {"hx_request": "true"},
        {"cookies": {"theme": "dark"}},
        {"cookies": {"sessionid": "x"}},
        {"cookies": {"csrftoken": "x"}},
        {"cookies": {"messages": "x"}},
        {"authorization": "Bearer x"},
        {"method": "post"},
        {"method": "head"},
    ],
)
def test_what_differs_is_never_shared(hub, other):
    assert ask(hub) == "1"
    assert ask(hub, **{name.replace("_", "-"): value for name, value in other.items()}) == "2"
    assert ask(hub) == "1"


def test_each_language_has_its_own(hub):
    with translation.override("ko"):
        assert ask(hub) == "1"
    with translation.override("en"):
        assert ask(hub) == "2"


@pytest.mark.parametrize("what", ["cookie", "status", "json", "no-store"])
def test_what_is_personal_refused_or_no_page_is_never_kept(hub, what):
    def reply(request):
        response = HttpResponse(
            status=404 if what == "status" else 200,
            content_type="application/json" if what == "json" else DRAWN,
        )
        if what == "cookie":
            response.set_cookie("sessionid", "x")
        if what == "no-store":
            response["Cache-Control"] = "no-store"
        return response

    hub.reply = reply

    assert [ask(hub), ask(hub)] == ["1", "2"]


def test_only_so_many_pages_are_kept(hub, monkeypatch):
    monkeypatch.setattr(kept, "PAGES", 3)

    for number in range(9):
        ask(hub, f"/?page={number}")

    assert len(hub.middleware.pages) == 3
