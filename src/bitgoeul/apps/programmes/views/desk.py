"""The desk: what waits for a person, programmes and calls with their switches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from bitgoeul.apps.programmes import commands, policies, queries
from bitgoeul.apps.programmes.forms.calls import CallForm, ProgrammeForm, place_errors
from bitgoeul.apps.programmes.models import Call, Programme
from bitgoeul.apps.programmes.queries import blueprints
from bitgoeul.apps.programmes.queries.grants import overdue_reports
from bitgoeul.apps.programmes.queries.reviews import loads
from bitgoeul.apps.programmes.views.shown import actor_of
from bitgoeul.kit import clock
from bitgoeul.kit.doors import find
from bitgoeul.kit.paging import page_of
from bitgoeul.kit.refusals import Invalid, require
from bitgoeul.kit.text import Localised


@login_required
def desk(request: HttpRequest) -> HttpResponse:
    """What waits for a person, and every call with its switch."""
    require(policies.may_run_calls(actor_of(request)))
    context = {
        "waiting": page_of(queries.waiting_for_a_person(), request),
        "calls": Call.objects.select_related("programme").order_by("-created_at"),
        "blueprints": [
            (name, Localised.of(blueprints.blueprint(name)["title"])) for name in blueprints.names()
        ],
        "copies": blueprints.copies(),
        "funnel": queries.funnel(),
        "clocks": queries.clocks(clock.now()),
        "load": loads(),
        "overdue": overdue_reports(),
        "has_programmes": Programme.objects.exists(),
    }
    return render(request, "programmes/desk.html", context)


@login_required
def new_programme(request: HttpRequest) -> HttpResponse:
    require(policies.may_run_calls(actor_of(request)))
    form = ProgrammeForm(request.POST or None)

    def save() -> HttpResponse:
        commands.save_programme(by=actor_of(request), **form.content())
        messages.success(request, _("The programme is written."))
        return redirect("programmes:desk")

    return _edit(request, form, save, _("New programme"))


@login_required
def new_call(request: HttpRequest) -> HttpResponse:
    """A draft, from a blueprint if one is named."""
    actor = actor_of(request)
    require(policies.may_run_calls(actor))
    initial: dict[str, Any] = {}
    announced: dict[str, Any] | None = None
    if name := request.GET.get("blueprint"):
        blueprint, version = blueprints.newest(name)
        initial = CallForm.initial_from(blueprint) | {"blueprint": name, "blueprint_version": version}
        if not Programme.objects.filter(slug=initial["programme"]).exists():
            announced = blueprint["programme"]
    if announced and request.method == "POST":
        commands.save_programme(by=actor, **announced)
    form = CallForm(request.POST or None, initial=initial)
    if announced:  # it is written together with its first draft; until then the form names it all the same
        form.name_programme(announced["slug"], str(Localised.of(announced["title"])))
    return _edit(request, form, lambda: _saved(request, form), _("New call"))


@login_required
def edit_call(request: HttpRequest, slug: str) -> HttpResponse:
    require(policies.may_run_calls(actor_of(request)))
    draft = find(queries.calls_visible_to(actor_of(request)), slug=slug)
    form = CallForm(request.POST or None, initial=CallForm.initial_of(draft))
    return _edit(request, form, lambda: _saved(request, form), _("Change the draft"))


def _saved(request: HttpRequest, form: CallForm) -> HttpResponse:
    draft = commands.save_call(by=actor_of(request), **form.content())
    messages.success(request, _("The draft is kept. Open it when it is ready."))
    return redirect("programmes:call", draft.slug)


def _edit(
    request: HttpRequest, form: forms.Form, save: Callable[[], HttpResponse], heading: str
) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            return save()
        except Invalid as refusal:
            place_errors(form, refusal.errors)
    status = 422 if form.is_bound else 200
    return render(request, "programmes/edit.html", {"form": form, "heading": heading}, status=status)


@login_required
@require_POST
def open_call(request: HttpRequest, slug: str) -> HttpResponse:
    commands.open_call(by=actor_of(request), slug=slug)
    messages.success(request, _("The call is open."))
    return redirect("programmes:call", slug)


@login_required
@require_POST
def close_call(request: HttpRequest, slug: str) -> HttpResponse:
    commands.close_call(by=actor_of(request), slug=slug)
    messages.success(request, _("The call is closed."))
    return redirect("programmes:call", slug)


PATHS = [
    path("desk/", desk, name="desk"),
    path("desk/programmes/new/", new_programme, name="new_programme"),
    path("desk/calls/new/", new_call, name="new_call"),
    path("desk/calls/<slug:slug>/", edit_call, name="edit_call"),
    path("desk/calls/<slug:slug>/open/", open_call, name="open_call"),
    path("desk/calls/<slug:slug>/close/", close_call, name="close_call"),
]
