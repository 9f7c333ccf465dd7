"""Every page that links lead to: it answers, speaks the reader's language, and is accessible."""

from urllib.parse import urlsplit

import pytest

ENOUGH = 45  # pages for each reader; what is linked first is looked at first
NOT_PAGES = ("/accounts/logout", "/metrics", "/api/", "/static/", "/i18n/", "/_allauth")


def wander(visitor, start):
    """Follow links breadth first, once for each kind of page; return the addresses that did not answer."""
    waiting, known, broken = [visitor.hub.url + path for path in start], set(), []
    while waiting and len(visitor.seen) < ENOUGH:
        address = waiting.pop(0)
        path = urlsplit(address).path
        if path in known or path.startswith(NOT_PAGES):
            continue
        known.add(path)
        # Files are downloaded, not looked at.
        head = visitor.page.request.get(address, headers={"Accept": "text/html"})
        if not head.headers.get("content-type", "").startswith("text/html"):
            if head.status >= 400:
                broken.append(f"{head.status} {path}")
            continue
        answer = visitor.open(address)
        if answer is None or answer.status >= 400:
            broken.append(f"{answer and answer.status} {path} from {start}")
            continue
        waiting.extend(visitor.links())
    return broken


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_visitor_finds_no_broken_page(visiting, language):
    assert wander(visiting(language), ["/"]) == []


def test_a_phone_shows_every_page_without_scrolling_sideways(visiting):
    visitor = visiting("ko", width=390, dark=True)
    wide = []
    for path in ["/", "/lake/", "/services/", "/programmes/", "/record/", "/registry/"]:
        visitor.open(path)
        if visitor.page.evaluate("document.documentElement.scrollWidth > window.innerWidth + 1"):
            wide.append(path)

    assert wide == []


def test_a_reader_can_change_the_language(visiting):
    visitor = visiting("ko")
    visitor.open("/")

    visitor.page.get_by_role("button", name="English").first.click()

    assert visitor.page.evaluate("document.documentElement.lang") == "en"
