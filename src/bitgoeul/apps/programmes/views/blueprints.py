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
from bitgoeul.apps.programmes.forms.blueprint_editor import Editor, content_of
from bitgoeul.apps.programmes.forms.blueprints import CopyForm, SourceForm
from bitgoeul.apps.programmes.models import Blueprint, Call
from bitgoeul.apps.programmes.queries import blueprints as blueprint_queries
from bitgoeul.apps.programmes.queries.answers import answer_problems
from bitgoeul.apps.programmes.queries.eligibility import assess, prefill
from bitgoeul.apps.programmes.views.shown import actor_of, application_form, conditions, lines
from bitgoeul.kit import toml
from bitgoeul.kit.actor import Actor
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
        "versions": list(Blueprint.objects.filter(slug=slug)),
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
    """The next version of a copy, in ordinary forms; rows are added, moved and removed before it is kept."""
    actor = actor_of(request)
    require(policies.may_run_calls(actor))
    last = _last(slug)
    order = request.POST.get("do", "")
    editor = Editor(last.content, request.POST if request.method == "POST" else None)
    status = 200
    if order == "save":
        if _saved(actor, last, editor, request.POST.get("onto", "")):
            messages.success(request, _("The blueprint is kept."))
            return redirect("programmes:blueprint", slug)
        status = 422
    elif order == "check":
        editor.judge()
    elif order:
        editor.change(order)
    context = _shown(last, editor, order) | {"onto": request.POST.get("onto", last.version)}
    if order in ("save", "check"):
        context |= {"judged": True, "problems": editor.problems}
    return render(request, "programmes/blueprint_edit.html", context, status=status)


def _saved(actor: Actor, last: Blueprint, editor: Editor, onto: str) -> bool:
    """Keep what the forms say: refusals stand at their fields, and nobody overwrites another's version."""
    if not editor.judge():
        return False
    if onto != str(last.version):
        words = _(
            "Version %(version)s was kept meanwhile. Look at it, then save again: yours becomes the next."
        )
        editor.parts["words"].add_error(None, words % {"version": last.version})
        return False
    content = editor.content()
    if content_of(content) == content_of(last.content):
        return True
    try:
        commands.save_blueprint(by=actor, slug=last.slug, content=content)
    except Invalid as refusal:
        editor.place(refusal.errors)
        return False
    return True


@login_required
@require_POST
def look(request: HttpRequest, slug: str) -> HttpResponse:
    """What an applicant would see of what is typed so far; nothing is kept."""
    require(policies.may_run_calls(actor_of(request)))
    last = _last(slug)
    context = _shown(last, Editor(last.content, request.POST)) | {"live": True}
    return render(request, "programmes/_blueprint_look.html", context)


def _last(slug: str) -> Blueprint:
    return find(Blueprint.objects.filter(slug=slug).order_by("-version")[:1])


def _shown(last: Blueprint, editor: Editor, order: str = "") -> dict[str, Any]:
    """The editor and, beside it, the form and the procedure that it makes."""
    typed = Editor(last.content, editor.data)
    typed.change(order)
    asked = typed.as_typed()
    return {
        "blueprint": last,
        "editor": editor,
        "words": typed.parts["words"].initial,
        "form": application_form(asked["form"], None) if asked["form"]["properties"] else None,
        "open_rows": asked["open_rows"],
        "stages": asked["stages"],
        "criteria": asked["criteria"],
        "reports": asked["reports"],
        "weights": editor.weights,
    }


@login_required
def source(request: HttpRequest, slug: str) -> HttpResponse:
    """The whole blueprint as TOML, for those who like text better; or a file of it."""
    actor = actor_of(request)
    require(policies.may_run_calls(actor))
    last = _last(slug)
    form = SourceForm(
        request.POST or None, request.FILES or None, initial={"text": toml.written(last.content)}
    )
    if request.method == "POST" and form.is_valid():
        try:
            made = commands.save_blueprint(by=actor, slug=slug, content=form.cleaned_data["content"])
        except Invalid as refusal:
            for name, sentences in refusal.errors.items():
                form.add_error("text", [f"{name}: {sentence}" for sentence in sentences])
        else:
            messages.success(request, _("Version %(version)s is kept.") % {"version": made.version})
            return redirect("programmes:blueprint", slug)
    context = {"form": form, "blueprint": last}
    status = 422 if form.is_bound else 200
    return render(request, "programmes/blueprint_source.html", context, status=status)


@login_required
def export(request: HttpRequest, slug: str) -> HttpResponse:
    """A blueprint as a TOML file."""
    require(policies.may_run_calls(actor_of(request)))
    content, version = blueprint_queries.newest(slug)
    answer = HttpResponse(toml.written(content), content_type="application/toml")
    answer["Content-Disposition"] = f'attachment; filename="{slug}-{version}.toml"'
    return answer


@login_required
@require_POST
def restore(request: HttpRequest, slug: str, version: int) -> HttpResponse:
    """Go back to an earlier version: its content becomes the next one."""
    actor = actor_of(request)
    require(policies.may_run_calls(actor))
    earlier = find(Blueprint.objects.filter(slug=slug), version=version)
    made = commands.save_blueprint(by=actor, slug=slug, content=earlier.content)
    words = _("Version %(version)s has the content of version %(earlier)s.")
    messages.success(request, words % {"version": made.version, "earlier": version})
    return redirect("programmes:blueprint", slug)


PATHS = [
    path("desk/blueprints/", index, name="blueprints"),
    path("desk/blueprints/<slug:slug>/", preview, name="blueprint"),
    path("desk/blueprints/<slug:slug>/copy/", copy, name="copy_blueprint"),
    path("desk/blueprints/<slug:slug>/edit/", edit, name="edit_blueprint"),
    path("desk/blueprints/<slug:slug>/look/", look, name="look_at_blueprint"),
    path("desk/blueprints/<slug:slug>/source/", source, name="blueprint_source"),
    path("desk/blueprints/<slug:slug>/export/", export, name="export_blueprint"),
    path("desk/blueprints/<slug:slug>/versions/<int:version>/", restore, name="restore_blueprint"),
]
