"""What stands around every page: navigation, languages, colours, the reader's menu.

One object per request; whatever a template does not use is never computed.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, Resolver404, resolve, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from bitgoeul.apps.notices import queries as notices
from bitgoeul.apps.people import queries as people
from bitgoeul.apps.programmes.queries.reviews import waiting_for_reviewer
from bitgoeul.site import capabilities

# Place, key after "g", word.
PLACES = [
    ("lake", "d", gettext_lazy("Data")),
    ("compute", "c", gettext_lazy("Compute")),
    ("registry", "m", gettext_lazy("Models")),
    ("services", "s", gettext_lazy("Services")),
    ("programmes", "p", gettext_lazy("Support")),
    ("shows", "w", gettext_lazy("Drone shows")),
    ("festival", "f", gettext_lazy("Festival")),
    ("record", "r", gettext_lazy("Public record")),
]
THEMES = {"system": "light", "light": "dark", "dark": "system"}
LANGUAGE_NAMES = {"ko": "한국어", "en": "English"}


def _answers(path: str) -> bool:
    try:
        resolve(path)
    except Resolver404:
        return False
    return True


@lru_cache(maxsize=1)
def places() -> list[tuple[str, str, Any]]:
    """The places that are here, as path, key and word."""
    here = set(capabilities.having("urls"))
    return [(f"/{name}/", key, word) for name, key, word in PLACES if name in here and _answers(f"/{name}/")]


@lru_cache(maxsize=32)
def address(name: str) -> str:
    """The address of a view, or "" where it is not part of this hub."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def safe_return(request: HttpRequest, target: str, otherwise: str = "/") -> str:
    """``target`` if it is an address of this hub."""
    return target if url_has_allowed_host_and_scheme(target, {request.get_host()}) else otherwise


def came_from(request: HttpRequest) -> str:
    """The address on this hub from which the reader came."""
    referer = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(referer, {request.get_host()}):
        return "/"
    parts = urlsplit(referer)
    return parts.path + (f"?{parts.query}" if parts.query else "")


class Shell:
    ready = True  # fixed parts drawn without a shell must not be kept for pages that have one

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @cached_property
    def nav(self) -> list[dict[str, Any]]:
        path = self.request.path
        return [
            {
                "url": url,
                "key": key,
                "label": word,
                "on": "page" if path == url else "true" if path.startswith(url) else "",
            }
            for url, key, word in places()
        ]

    @cached_property
    def place(self) -> dict[str, str]:
        """Capability -> its address, for those that are here."""
        return {url.strip("/"): url for url, _key, _word in places()}

    @property
    def where(self) -> str:
        """What of the navigation is marked: the same for all pages below one place."""
        return next((f"{item['url']} {item['on']}" for item in self.nav if item["on"]), "")

    @property
    def back(self) -> str:
        """The page that the reader came from, if it is ours and another one."""
        path = came_from(self.request)
        return "/" if urlsplit(path).path == self.request.path else path

    # Language and colours
    language_url = "/language/"
    theme_url = "/theme/"

    @property
    def other_language(self) -> dict[str, str]:
        code = "en" if (get_language() or "ko").startswith("ko") else "ko"
        return {"code": code, "name": LANGUAGE_NAMES[code]}

    @cached_property
    def theme(self) -> str:
        chosen = self.request.COOKIES.get("theme", "")
        return chosen if chosen in {"light", "dark"} else ""

    @property
    def next_theme(self) -> str:
        return THEMES[self.theme or "system"]

    @property
    def theme_label(self) -> str:
        return {
            "": _("Colours: as your system"),
            "light": _("Colours: light"),
            "dark": _("Colours: dark"),
        }[self.theme]

    # The reader
    @cached_property
    def signed_in(self) -> bool:
        # Without a session cookie there is nobody to look up, and the answer stays free of cookies.
        return settings.SESSION_COOKIE_NAME in self.request.COOKIES and self.request.user.is_authenticated

    @property
    def sign_in_url(self) -> str:
        return address("account_login")

    @property
    def sign_up_url(self) -> str:
        return address("account_signup")

    @property
    def sign_out_url(self) -> str:
        return address("account_logout")

    @property
    def inbox_url(self) -> str:
        return address("notices:inbox")

    @property
    def name(self) -> str:
        return str(self.request.user)

    @property
    def initial(self) -> str:
        return self.name[:1].upper()

    @cached_property
    def organisation(self) -> str:
        """The reader's organisation, if there is exactly one to name."""
        return people.only_organisation_of(self.request.actor)  # type: ignore[attr-defined]

    @cached_property
    def unread(self) -> int:
        return notices.unread_count(self.request.actor)  # type: ignore[attr-defined]

    @cached_property
    def to_review(self) -> int | None:
        """How many files wait for a reviewer; None for everybody else."""
        return waiting_for_reviewer(self.request.actor)  # type: ignore[attr-defined]

    @cached_property
    def account(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = [{"url": address("my"), "label": _("My page")}]
        if self.inbox_url:
            items.append({"url": self.inbox_url, "label": _("Inbox"), "count": self.unread})
        items += [
            {"url": address("capacity:index"), "label": _("What is free")},
            {"url": address("people:organisations"), "label": _("Organisations")},
            {"url": address("people:me"), "label": _("My account")},
        ]
        if self.to_review is not None:
            items.append(
                {"url": address("programmes:reviews"), "label": _("My reviews"), "count": self.to_review}
            )
        if self.request.actor.is_operator:  # type: ignore[attr-defined]
            items += [
                {"url": address("desk"), "label": _("Operator's desk")},
                {"url": address("programmes:desk"), "label": _("Desk of the programmes")},
            ]
        return [item | {"on": self.request.path == item["url"]} for item in items if item["url"]]

    @cached_property
    def foot(self) -> list[dict[str, Any]]:
        items = [
            (address("governance:index"), _("Governance")),
            ("/record/" if _answers("/record/") else "", _("Check the record")),
            (address("api_docs"), _("API")),
            (address("design"), _("Components")),
        ]
        return [{"url": url, "label": label} for url, label in items if url]


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor."""
    return {"shell": Shell(request)}
