"""What the pages of an account share."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

register = template.Library()


@register.inclusion_tag("ui/tabs.html", takes_context=True)
def account_tabs(context: template.Context) -> dict[str, Any]:
    """The parts of one's account, django-allauth's pages among our own."""
    request: HttpRequest = context["request"]
    parts = [
        ("people:me", _("Profile")),
        ("people:organisations", _("Organisations")),
        ("account_email", _("E-mail")),
        ("account_change_password", _("Password")),
        ("mfa_index", _("Second factor")),
        ("usersessions_list", _("Sessions")),
        ("people:tokens", _("API tokens")),
        ("people:privacy", _("Privacy")),
    ]
    return {
        "label": _("Parts of your account"),
        "items": [
            {"url": reverse(name), "label": label, "on": request.path.startswith(reverse(name))}
            for name, label in parts
        ],
    }


@register.inclusion_tag("mfa/webauthn/snippets/by_number.html", takes_context=True)
def passkeys_need_a_name(context: template.Context) -> dict[str, Any]:
    """Says so where the page was opened by an IP address, with the same page under the hub's name."""
    request: HttpRequest = context["request"]
    here = urlsplit(f"//{request.get_host()}")
    return {
        "by_number": _is_number(here.hostname),
        "elsewhere": _by_name(here.hostname or "", here.port, request),
    }


def _by_name(number: str, port: int | None, request: HttpRequest) -> str:
    """The same page under a name; empty if the hub knows none."""
    if _is_number(number) and ip_address(number).is_loopback and "localhost" in settings.ALLOWED_HOSTS:
        return f"{request.scheme}://localhost{f':{port}' if port else ''}{request.get_full_path()}"
    if not _is_number(urlsplit(settings.URL).hostname):
        return f"{settings.URL}{request.get_full_path()}"
    return ""


def _is_number(host: str | None) -> bool:
    try:
        ip_address(host or "")
    except ValueError:
        return False
    return True
