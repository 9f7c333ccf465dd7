"""What the endpoints of every subject share."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import Router

from bitgoeul.apps.credits import exports, queries
from bitgoeul.apps.people.models import Organisation
from bitgoeul.kit.api import signed_in
from bitgoeul.kit.doors import find
from bitgoeul.kit.refusals import require

router = Router(tags=["credits"])


def organisation_of(request: HttpRequest, slug: str) -> Organisation:
    """The organisation whose books the caller may read."""
    actor = signed_in(request)
    require(actor.allows("credits:read"))
    return find(queries.organisations_seen_by(actor), slug=slug)


def download(content: bytes, name: str) -> HttpResponse:
    kind = exports.CSV_TYPE if name.endswith(".csv") else exports.XLSX_TYPE
    return HttpResponse(
        content,
        content_type=kind,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
