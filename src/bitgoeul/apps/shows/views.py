"""The pages of shows: the gallery, one show, one version."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from bitgoeul.apps.shows import commands, intake, policies, queries, reading, story
from bitgoeul.apps.shows.forms import DescribeForm, NewShowForm
from bitgoeul.apps.shows.models import Film, Show, Version
from bitgoeul.apps.shows.problems import sentence
from bitgoeul.apps.shows.studio import work
from bitgoeul.kit import ranges
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.api import signed_in
from bitgoeul.kit.doors import find, found
from bitgoeul.kit.once import once
from bitgoeul.kit.paging import page_of
from bitgoeul.kit.refusals import require
from bitgoeul.kit.store import store


def actor_of(request: HttpRequest) -> Actor:
    """Who asks."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The gallery."""
    text = request.GET.get("text", "").strip()[:100]
    actor = actor_of(request)
    page = page_of(
        lambda: queries.listed(actor, text),
        request,
        queries.LISTED,
        begin=lambda: queries.first_listed(actor, text),
    )
    return render(request, "shows/index.html", {
        "page": page,
        "text": text,
        "may_design": actor.is_signed_in and any(policies.may_design(actor, pk) for pk in actor.memberships),
    })  # fmt: skip


def new(request: HttpRequest) -> HttpResponse:
    actor = signed_in(request)
    form = NewShowForm(request.POST or None, actor=actor)
    if request.method == "POST" and form.is_valid():
        cleaned = form.cleaned_data

        def do() -> str:
            row = commands.create_show(
                by=actor,
                organisation=cleaned["organisation"],
                title=form.title(),
                story_data=story.blank(cleaned["drones"], cleaned["text"]),
            )
            return row.slug

        slug = once(by=actor, key=request.POST.get("once"), request=["shows.new", request.POST.dict()], do=do)
        return redirect("shows:edit", slug)
    return render(request, "shows/new.html", {"form": form})


@require_safe
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """What everybody may watch; its designers also see what is being made."""
    actor = actor_of(request)
    row = find(queries.visible_to(actor), slug=slug)
    mine = policies.may_design(actor, row.organisation_id) or policies.may_see_all(actor)
    versions = list(row.versions.defer("plan", "certificate", "report")[:30]) if mine else []
    watched = row.published or next((v for v in versions if v.is_certified), None)
    return _page(request, row, watched, {"versions": versions, "mine": mine, "is_version": False})


@require_safe
def version(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """One version: how it plays, what was proved of it, what can be downloaded."""
    row = find(queries.versions_visible_to(actor_of(request)), show__slug=slug, number=number)
    return _page(request, row.show, row, {"versions": [], "mine": False, "is_version": True})


def _page(request: HttpRequest, row: Show, watched: Version | None, more: dict[str, Any]) -> HttpResponse:
    actor = actor_of(request)
    return render(request, "shows/show.html", {
        "show": row,
        "version": watched,
        "reading": reading.of(watched) if watched else None,
        "progress": reading.progress(work.progress(watched)) if watched and watched.is_at_work else None,
        "may_design": policies.may_design(actor, row.organisation_id),
        "may_unpublish": policies.may_design(actor, row.organisation_id) or actor.is_operator,
        "subject": f"show:{row.slug}",
        **(_film(watched) if watched and more["is_version"] else {}),
        **more,
    })  # fmt: skip


@require_safe
def progress(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """The part of the page that polls while a version is made."""
    row = find(queries.versions_visible_to(actor_of(request)), show__slug=slug, number=number)
    answer = render(request, "shows/progress.html", {
        "show": row.show, "version": row, "progress": reading.progress(work.progress(row)),
    })  # fmt: skip
    if not row.is_at_work:
        answer["HX-Redirect"] = row.get_absolute_url()
    return answer


def describe(request: HttpRequest, slug: str) -> HttpResponse:
    actor = signed_in(request)
    row = find(queries.of_own(actor), slug=slug)
    form = DescribeForm(request.POST) if request.method == "POST" else DescribeForm.of(row)
    if request.method == "POST" and form.is_valid():
        commands.describe_show(
            by=actor, show=slug, title=form.text("title"), description=form.text("description")
        )
        messages.success(request, _("The description is saved."))
        return redirect(row)
    return render(request, "shows/describe.html", {"show": row, "form": form})


@require_POST
def make(request: HttpRequest, slug: str) -> HttpResponse:
    """Hand the storyboard to the studio."""
    actor = signed_in(request)
    number = once(
        by=actor,
        key=request.POST.get("once"),
        request=["shows.make", slug],
        do=lambda: commands.submit_version(by=actor, show=slug).number,
    )
    return redirect("shows:version", slug, number)


@require_POST
def take_in(request: HttpRequest, slug: str) -> HttpResponse:
    """Take in a show that another tool made."""
    actor = signed_in(request)
    upload = request.FILES.get("file")
    row = find(queries.of_own(actor), slug=slug)
    if upload is None:
        messages.error(request, _("Choose a file first."))
        return redirect(row)
    made = intake.take_in(
        by=actor, show=row, file_name=upload.name or "", size=upload.size or 0, content=upload
    )
    return redirect(made)


@require_POST
def retry(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    row = commands.retry_making(by=signed_in(request), show=slug, number=number)
    return redirect(row)


@require_POST
def film(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Ask the studio for a film."""
    commands.ask_for_film(by=signed_in(request), show=slug, number=number)
    return redirect("shows:version", slug, number)


@require_safe
def filming(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """The part of the page that polls while a film is recorded."""
    row = find(queries.versions_visible_to(actor_of(request)), show__slug=slug, number=number)
    require(policies.may_design(actor_of(request), row.show.organisation_id))
    context = {"show": row.show, "version": row} | _film(row)
    answer = render(request, "shows/filming.html", context)
    if context["asked"] is None or not context["asked"].is_waiting:
        answer["HX-Redirect"] = row.get_absolute_url()
    return answer


def _film(row: Version) -> dict[str, Any]:
    """The film that was asked for, how far it is, and why there is none."""
    asked = Film.objects.filter(version=row).first()
    problems = asked.problem.get("problems", []) if asked else []
    return {
        "asked": asked,
        "film_progress": reading.progress(work.film_progress(row)),
        "film_problems": [sentence(problem) for problem in problems],
    }


@require_POST
def publish(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    row = commands.publish_show(by=signed_in(request), show=slug, number=number)
    messages.success(request, _("Everybody can watch the show now."))
    return redirect(row)


@require_POST
def unpublish(request: HttpRequest, slug: str) -> HttpResponse:
    row = commands.unpublish_show(by=signed_in(request), show=slug)
    messages.success(request, _("Only your organisation can watch the show now."))
    return redirect(row if policies.may_design(actor_of(request), row.organisation_id) else "shows:index")


@require_safe
def file(request: HttpRequest, slug: str, number: int, name: str) -> HttpResponseBase:
    """One file of a version.  It never changes, so it may be kept."""
    row = find(queries.versions_visible_to(actor_of(request)), show__slug=slug, number=number)
    return file_response(row, name, request)


SHOWN = {"poster", "pack", "video", "music"}  # drawn or played by pages; everything else is saved
PLAYED = {"video", "music"}


def file_response(row: Version, name: str, request: HttpRequest) -> HttpResponseBase:
    wanted = found(next((part for part in row.files if part["name"] == name), None))
    etag = f'"{wanted["sha256"]}"'
    if request.headers.get("If-None-Match") == etag:
        return HttpResponse(status=304)
    saved = wanted["kind"] not in SHOWN
    headers = {
        "ETag": etag,
        "Cache-Control": "private, max-age=86400",
        "X-Content-Type-Options": "nosniff",
    }
    answer: HttpResponseBase
    if wanted["kind"] in PLAYED:
        answer = _played(wanted, request, headers)
    else:
        answer = FileResponse(
            store().open(wanted["stored"]),
            as_attachment=saved,
            filename=f"{row.show.slug}-{row.number}-{wanted['name']}" if saved else "",
            content_type=wanted["media"],
            headers=headers,
        )
    if not saved:
        # A drawing made from strangers' words never runs anything.
        answer["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return answer


def _played(wanted: dict[str, Any], request: HttpRequest, headers: dict[str, str]) -> HttpResponseBase:
    """Music or a film, of which players ask for parts so that they can jump."""
    path = store().path(wanted["stored"])
    try:
        answer = ranges.answer(request, path, content_type=wanted["media"], etag=headers["ETag"])
    except ValueError:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{wanted['size']}"})
    for name, value in headers.items():
        answer[name] = value
    return answer
