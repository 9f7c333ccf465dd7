"""The pages of those who run panels: reviewers with their load, and the panel of each call."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from bitgoeul.apps.programmes import policies
from bitgoeul.apps.programmes.commands import reviews as commands
from bitgoeul.apps.programmes.forms.calls import place_errors
from bitgoeul.apps.programmes.forms.reviews import ReviewerForm
from bitgoeul.apps.programmes.models import Call
from bitgoeul.apps.programmes.queries import calls_visible_to, panels
from bitgoeul.apps.programmes.queries import reviews as reading
from bitgoeul.apps.programmes.views.shown import actor_of
from bitgoeul.kit import clock
from bitgoeul.kit.doors import find
from bitgoeul.kit.paging import page_of
from bitgoeul.kit.refusals import Invalid, require


def _call(request: HttpRequest, slug: str) -> Call:
    """A call with a panel, for those who run it."""
    actor = actor_of(request)
    call = find(panels.calls_for_panels(calls_visible_to(actor)), slug=slug)
    require(policies.may_run_calls(actor))
    return call


@login_required
def index(request: HttpRequest) -> HttpResponse:
    """Every call with a panel."""
    actor = actor_of(request)
    require(policies.may_run_calls(actor))
    rows = panels.calls_for_panels(calls_visible_to(actor))
    return render(request, "programmes/panels.html", {"page": page_of(rows, request)})


@login_required
def reviewers(request: HttpRequest) -> HttpResponse:
    """Who reads, and how much lies on each desk."""
    require(policies.may_run_calls(actor_of(request)))
    form = ReviewerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            commands.save_reviewer(by=actor_of(request), **form.cleaned_data)
        except Invalid as refusal:
            place_errors(form, refusal.errors)
        else:
            messages.success(request, _("The reviewer is saved."))
            return redirect("programmes:reviewers")
    context = {"page": page_of(reading.loads(), request), "form": form}
    return render(request, "programmes/reviewers.html", context, status=422 if form.is_bound else 200)


@login_required
def panel(request: HttpRequest, slug: str) -> HttpResponse:
    """How far the reviews of one call are."""
    call = _call(request, slug)
    context = {
        "call": call,
        "panel": panels.panel_of(call),
        "progress": panels.progress(call),
        "page": page_of(panels.read_so_far(call), request),
        "is_past": call.is_past_at(clock.now()),
    }
    return render(request, "programmes/panel.html", context)


@login_required
@require_POST
def assign(request: HttpRequest, slug: str) -> HttpResponse:
    commands.assign_reviews(by=actor_of(request), call=slug)
    messages.success(request, _("Every application has its reviewers."))
    return redirect("programmes:panel", slug)


@login_required
@require_POST
def set_aside(request: HttpRequest, review_id: str) -> HttpResponse:
    reason = request.POST.get("reason", "")
    row = commands.set_aside_review(by=actor_of(request), review=review_id, reason=reason)
    messages.success(request, _("The review is set aside. Assign anew for a replacement."))
    return redirect("programmes:panel", row.application.call.slug)


PATHS = [
    path("panels/", index, name="panels"),
    path("panels/reviewers/", reviewers, name="reviewers"),
    path("panels/reviews/<str:review_id>/aside/", set_aside, name="set_aside"),
    path("panels/<slug:slug>/", panel, name="panel"),
    path("panels/<slug:slug>/assign/", assign, name="assign_reviews"),
]
