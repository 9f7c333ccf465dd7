"""What the pages of an account share."""

from __future__ import annotations

from typing import Any

from django import template
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
