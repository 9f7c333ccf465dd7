"""One page of a list; the page number lives in the address."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest


def page_of(
    rows: Any, request: HttpRequest, size: int = 25, begin: Callable[[], Sequence[Any]] | None = None
) -> Page[Any]:
    """The page that ``?page=`` asks for; anything out of range gives the nearest page.

    ``begin`` gives the first ``size`` + 1 of ``rows``, where there is a cheaper way to them; then ``rows``
    may be a function, called only for a longer list.  What fits on one page is not counted as well.
    """
    page = _first_page(rows, size, begin) if request.GET.get("page", "1") == "1" else None
    page = page if page is not None else Paginator(_all(rows), size).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    page.query = query.urlencode()  # type: ignore[attr-defined]
    return page


def _all(rows: Any) -> Any:
    return rows() if callable(rows) else rows


def _first_page(rows: Any, size: int, begin: Callable[[], Sequence[Any]] | None) -> Page[Any]:
    first = list(begin() if begin else _all(rows)[: size + 1])
    if len(first) <= size:
        return Paginator(first, size).page(1)
    return Page(first[:size], 1, Paginator(_all(rows), size))
