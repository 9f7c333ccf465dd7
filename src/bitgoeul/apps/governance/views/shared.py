"""What the pages share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from bitgoeul.apps.governance.forms import place_errors
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.refusals import Invalid


def actor_of(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined]


def edit(
    request: HttpRequest,
    form: forms.Form,
    save: Callable[[], HttpResponse],
    *,
    heading: Any,
    back: str,
    crumbs: list[tuple[str, Any]] | None = None,
    **more: Any,
) -> HttpResponse:
    """One form on a page: what the command refuses stands at the fields it is about."""
    if request.method == "POST" and form.is_valid():
        try:
            return save()
        except Invalid as refusal:
            place_errors(form, refusal.errors)
    context = {"form": form, "heading": heading, "back": back, "crumbs": crumbs or [], **more}
    return render(request, "governance/edit.html", context, status=422 if form.is_bound else 200)
