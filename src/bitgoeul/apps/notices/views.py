from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from bitgoeul.apps.notices import queries
from bitgoeul.apps.notices.commands import read_everything, read_notice
from bitgoeul.kit.paging import page_of


def unread_notices(request: HttpRequest) -> dict[str, Any]:
    """Context processor: the number in the header, counted only where a template asks for it."""
    return {"unread_notices": SimpleLazyObject(lambda: queries.unread_count(request.actor))}  # type: ignore[attr-defined]


@login_required
@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    rows = queries.inbox_of(request.actor).select_related("organisation")  # type: ignore[attr-defined]
    unread_only = request.GET.get("show") == "unread"
    context = {
        "page": page_of(rows.filter(read_at=None) if unread_only else rows, request),
        "unread": queries.unread_count(request.actor),  # type: ignore[attr-defined]
        "unread_only": unread_only,
        "tabs": [
            {"url": "?", "label": _("All"), "on": not unread_only},
            {"url": "?show=unread", "label": _("Unread"), "on": unread_only},
        ],
    }
    return render(request, "notices/inbox.html", context)


@login_required
@require_POST
def open_notice(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Mark the notice as read and go to what it is about."""
    notice = read_notice(by=request.actor, notice_id=notice_id)  # type: ignore[attr-defined]
    return redirect(notice.url or "notices:inbox")


@login_required
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    read_everything(by=request.actor)  # type: ignore[attr-defined]
    messages.success(request, _("Everything is marked as read."))
    return redirect("notices:inbox")
