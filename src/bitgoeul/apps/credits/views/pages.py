"""What the pages about one organisation share."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from bitgoeul.apps.credits import queries
from bitgoeul.apps.people.models import Organisation
from bitgoeul.kit.api import signed_in
from bitgoeul.kit.doors import find


def organisation_of(request: HttpRequest, slug: str) -> Organisation:
    return find(queries.organisations_seen_by(signed_in(request)), slug=slug)


def tabs(organisation: Organisation, here: str) -> list[dict[str, Any]]:
    """Its two statements, side by side."""
    pages = (("credits:detail", _("Credits")), ("credits:benefits", _("Benefits")))
    return [
        {"url": reverse(name, args=[organisation.slug]), "label": label, "on": name == here}
        for name, label in pages
    ]
