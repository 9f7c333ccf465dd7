from __future__ import annotations

import datetime as dt

from django.http import HttpRequest
from ninja import Query, Router, Schema

from bitgoeul.apps.notices import queries
from bitgoeul.apps.notices.commands import read_everything, read_notice
from bitgoeul.apps.notices.models import Notice
from bitgoeul.kit.api import signed_in
from bitgoeul.kit.paging import page_of

router = Router(tags=["notices"])


class NoticeOut(Schema):
    id: int
    kind: str
    tone: str
    title: dict[str, str]
    text: dict[str, str]
    url: str
    organisation: str | None
    created_at: dt.datetime
    read: bool

    @staticmethod
    def resolve_organisation(notice: Notice) -> str | None:
        return notice.organisation.slug if notice.organisation else None

    @staticmethod
    def resolve_read(notice: Notice) -> bool:
        return notice.is_read


class InboxOut(Schema):
    unread: int
    page: int
    pages: int
    items: list[NoticeOut]


class CountOut(Schema):
    unread: int


class ReadOut(Schema):
    read: int


@router.get("/", response=InboxOut)
def inbox(request: HttpRequest, unread: bool = False, page: int = Query(1, ge=1)) -> dict[str, object]:
    """Your notices, newest first."""
    actor = signed_in(request)
    rows = queries.inbox_of(actor).select_related("organisation")
    shown = page_of(rows.filter(read_at=None) if unread else rows, request)
    return {
        "unread": queries.unread_count(actor),
        "page": shown.number,
        "pages": shown.paginator.num_pages,
        "items": list(shown),
    }


@router.get("/count", response=CountOut)
def count(request: HttpRequest) -> dict[str, int]:
    """How many of your notices are unread."""
    return {"unread": queries.unread_count(signed_in(request))}


@router.post("/{notice_id}/read", response=NoticeOut)
def read(request: HttpRequest, notice_id: int) -> Notice:
    """Mark one notice as read."""
    return read_notice(by=signed_in(request), notice_id=notice_id)


@router.post("/read", response=ReadOut)
def read_all(request: HttpRequest) -> dict[str, int]:
    """Mark every notice as read."""
    return {"read": read_everything(by=signed_in(request))}
