"""Blueprints on the desk: copy one, change it, see the application form as an applicant would."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from bitgoeul.apps.people.models import Organisation
from bitgoeul.apps.people.queries import organisations_visible_to
from bitgoeul.apps.programmes import commands, policies
from bitgoeul.apps.programmes.forms.blueprints import BlueprintForm, CopyForm
from bitgoeul.apps.programmes.models import Blueprint, Call
from bitgoeul.apps.programmes.queries import blueprints as blueprint_queries
from bitgoeul.apps.programmes.queries.answers import answer_problems
from bitgoeul.apps.programmes.queries.eligibility import assess, prefill
from bitgoeul.apps.programmes.views.shown import actor_of, application_form, conditions, lines
from bitgoeul.kit.doors import find
from bitgoeul.kit.refusals import Invalid, require


@login_required
def index(request: HttpRequest) -> HttpResponse:
    """What is shipped, and the desk's copies."""
    require(policies.may_run_calls(actor_of(request)))
    shipped = [
        {"name": name, "content": blueprint_queries.blueprint(name)} for name in blueprint_queries.names()
    ]
    context = {"shipped": shipped, "copies": blueprint_queries.copies()}
    return render(request, "programmes/blueprints.html", context)


@login_required
def preview(request: HttpRequest, slug: str) -> HttpResponse:
    """The form as the applicant sees it; with an organisation, how each condition would turn out."""
    actor = actor_of(request)
    require(policies.may_run_calls(actor))
    content, version = blueprint_queries.newest(slug)
    offer = blueprint_queries.as_call(content)
    mine = organisations_visible_to(actor).order_by("name")[:200]
    organisation = next((row for row in mine if row.slug == request.GET.get("organisation")), None)
    known = prefill(offer, organisation) if organisation else {}
    form = application_form(offer.form, organisation, initial=known)
    context = {
        "name": slug,
        "version": version,
        "call": offer,
        "form": form,
        "conditions": conditions(offer),
        "organisations": mine,
        "organisation": organisation,
        "lines": _standing(offer, organisation, known),
        "is_copy": Blueprint.objects.filter(slug=slug).exists(),
        "copy_form": CopyForm(initial={"slug": f"{slug}-copy"}),
    }
    return render(request, "programmes/blueprint.html", context)


def _standing(call: Call, organisation: Organisation | None, answers: dict[str, Any]) -> list[dict[str, Any]]:
    if organisation is None or answer_problems(call.form, answers, complete=False):
        return []
    return lines([outcome.as_data() for outcome in assess(call, organisation, answers).outcomes])


@login_required
@require_POST
def copy(request: HttpRequest, slug: str) -> HttpResponse:
    form = CopyForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Name the copy with small letters and hyphens."))
        return redirect("programmes:blueprint", slug)
    made = commands.copy_blueprint(by=actor_of(request), name=slug, slug=form.cleaned_data["slug"])
    messages.success(request, _("The copy is yours to change."))
    return redirect("programmes:edit_blueprint", made.slug)


@login_required
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """The next version of a copy."""
    actor = actor_of(request)
    require(policies.may_run_calls(actor))
    row = find(Blueprint.objects.filter(slug=slug).order_by("-version")[:1])
    form = BlueprintForm(request.POST or None, initial=BlueprintForm.initial_of(row.content))
    if request.method == "POST" and form.is_valid():
        try:
            made = commands.save_blueprint(by=actor, slug=slug, content=form.content())
        except Invalid as refusal:
            for field, sentences in refusal.errors.items():
                place = "title_ko" if field == "title" else "rest"
                form.add_error(place, [f"{field}: {sentence}" for sentence in sentences])
        else:
            messages.success(request, _("Version %(version)s is kept.") % {"version": made.version})
            return redirect("programmes:blueprint", slug)
    heading = _("Change the blueprint %(name)s") % {"name": slug}
    status = 422 if form.is_bound else 200
    return render(request, "programmes/edit.html", {"form": form, "heading": heading}, status=status)


PATHS = [
    path("desk/blueprints/", index, name="blueprints"),
    path("desk/blueprints/<slug:slug>/", preview, name="blueprint"),
    path("desk/blueprints/<slug:slug>/copy/", copy, name="copy_blueprint"),
    path("desk/blueprints/<slug:slug>/edit/", edit, name="edit_blueprint"),
]
