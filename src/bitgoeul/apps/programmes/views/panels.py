"""The pages of those who run panels: reviewers with their load, and the panel of each call."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST

from bitgoeul.apps.credits.queries import benefits
from bitgoeul.apps.programmes import policies
from bitgoeul.apps.programmes.commands import reviews as commands
from bitgoeul.apps.programmes.commands.beside import reject_funded_twice
from bitgoeul.apps.programmes.commands.draws import hold_draw, publish_entries
from bitgoeul.apps.programmes.commands.panels import (
    answer_appeal,
    conflicted_reviews,
    decide_panel,
    file_appeal,
)
from bitgoeul.apps.programmes.forms.calls import place_errors
from bitgoeul.apps.programmes.forms.panels import AnswerForm, AppealForm, DespiteForm, ReplayForm
from bitgoeul.apps.programmes.forms.reviews import ReviewerForm
from bitgoeul.apps.programmes.models import Appeal, Call, Draw, Panel
from bitgoeul.apps.programmes.queries import applications_visible_to, calls_visible_to, draws, funding, panels
from bitgoeul.apps.programmes.queries import reviews as reading
from bitgoeul.apps.programmes.views.shown import actor_of
from bitgoeul.engines.draws import verify_draw, written
from bitgoeul.kit import clock
from bitgoeul.kit.doors import find, found
from bitgoeul.kit.paging import page_of
from bitgoeul.kit.refusals import Invalid, NotFound, require

SHOWN = 20  # organisations named in one list
# Where an application stands in the ranking: tone and words.
STANDINGS = {
    "wins": ("ok", pgettext_lazy("ranking", "wins")),
    "band": ("wait", gettext_lazy("by lot")),
    "waits": ("info", gettext_lazy("reserve")),
    "floor": ("stop", gettext_lazy("below a floor")),
    "cut": ("stop", gettext_lazy("below the cut")),
}


def _call(request: HttpRequest, slug: str) -> Call:
    """A call with a panel, for those who run it."""
    actor = actor_of(request)
    call = find(panels.with_a_panel(calls_visible_to(actor)), slug=slug)
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
    """How far the reviews of one call are; once somebody submitted, the ranking; then the decision."""
    return _panel_page(request, _call(request, slug))


def _panel_page(request: HttpRequest, call: Call, typed: DespiteForm | None = None) -> HttpResponse:
    ranked = _ranked(call)
    far = panels.progress(call)
    current = panels.panel_of(call)
    beside = _beside(call)
    context = {
        "beside": beside,
        "beside_rule": funding.rule_of(call),
        "despite": typed or _despite_form(call, beside, ranked),
        "call": call,
        "panel": current,
        "progress": far,
        "page": page_of(panels.read_so_far(call), request) if ranked is None else None,
        "ranking": ranked,
        "lines": page_of(ranked.lines, request, size=50) if ranked else None,
        "standings": STANDINGS,
        "near": conflicted_reviews(call) if "conflicts" in request.GET else None,
        "appeals": Appeal.objects.filter(application__call=call).select_related("application__organisation"),
        "draw": draws.draw_of(call),
        "may_hold": call.is_past_at(clock.now()),
        "is_past": call.is_past_at(clock.now()),
        "may_decide": far.complete and (current is None or current.state != Panel.State.DECIDED),
    }
    return render(request, "programmes/panel.html", context, status=422 if typed else 200)


def _ranked(call: Call) -> panels.Ranking | None:
    board = panels.board_to_look_at(call)
    if board is None:
        return None
    return panels.ranking(board, panels.settings_of(call, board.budget), panels.lot_of(board))


def _beside(call: Call) -> dict[str, dict[str, Any]]:
    """Application -> its organisation and what other programmes give it for the same, in words."""
    found = panels.beside_in_review(call)
    rows = call.applications.filter(public_id__in=found).select_related("organisation").order_by("id")
    return {
        row.public_id: {
            "organisation": row.organisation,
            "sentences": [benefits.said(finding) for finding in found[row.public_id]],
        }
        for row in rows
    }


def _despite_form(
    call: Call, beside: dict[str, dict[str, Any]], ranked: panels.Ranking | None, data: Any = None
) -> DespiteForm:
    """A reason is asked for whoever wins or could still win."""
    out = (
        {line.application for line in ranked.lines if line.standing in ("floor", "cut")} if ranked else set()
    )
    applicants = {name: row["organisation"].name for name, row in beside.items() if name not in out}
    return DespiteForm(data, call=call, applicants=applicants)


@login_required
def replay(request: HttpRequest, slug: str) -> HttpResponse:
    """What other rules would decide; nothing is written.  htmx asks for the answer alone."""
    actor = actor_of(request)
    call = find(panels.with_a_panel(calls_visible_to(actor)), slug=slug)
    require(policies.may_see_all(actor))
    board = panels.board_or_404(call)
    form = ReplayForm(request.GET or None, call=call)
    told = None
    if form.is_bound and form.is_valid():
        try:
            told = panels.replayed(board, form.changes(), form.proportions())
        except Invalid as refusal:
            place_errors(form, refusal.errors)
    elif not form.is_bound:
        told = panels.replayed(board, {})
    context = {"call": call, "form": form, "told": told, "names": _names(board, told)}
    only_answer = request.headers.get("HX-Request") == "true"
    template = "programmes/_replay.html" if only_answer else "programmes/replay.html"
    return render(request, template, context, status=422 if told is None and not only_answer else 200)


def _names(board: panels.Board, told: panels.Replay | None) -> dict[str, list[str]]:
    """Who wins more and who does not any more, by the names of the organisations."""
    if told is None:
        return {}
    changed = told.difference
    of = {name: row["organisation__name"] for name, row in board.rows.items()}
    return {"gained": [of[name] for name in changed.gained[:SHOWN]],
            "lost": [of[name] for name in changed.lost[:SHOWN]]}  # fmt: skip


@login_required
@require_POST
def decide(request: HttpRequest, slug: str) -> HttpResponse:
    call = _call(request, slug)
    form = _despite_form(call, _beside(call), _ranked(call), request.POST)
    if not form.is_valid():
        return _panel_page(request, call, form)
    try:
        decide_panel(by=actor_of(request), call=slug, despite=form.words())
    except Invalid as refusal:
        place_errors(form, {name.replace(".", "_"): said for name, said in refusal.errors.items()})
        return _panel_page(request, call, form)
    messages.success(request, _("The panel has decided. Everybody is told in their inbox."))
    return redirect("programmes:panel", slug)


@login_required
@require_POST
def reject_beside(request: HttpRequest, application_id: str) -> HttpResponse:
    row = reject_funded_twice(by=actor_of(request), application=application_id)
    messages.success(request, _("The application is rejected: the call does not allow both."))
    return redirect("programmes:panel", row.call.slug)


@login_required
@require_POST
def publish(request: HttpRequest, slug: str) -> HttpResponse:
    publish_entries(by=actor_of(request), call=slug)
    messages.success(request, _("The entries of the draw are published."))
    return redirect("programmes:panel", slug)


@login_required
@require_POST
def hold(request: HttpRequest, slug: str) -> HttpResponse:
    draw = hold_draw(by=actor_of(request), call=slug)
    if draw.state == Draw.State.DRAWN:
        messages.success(request, _("The draw is held. Its sheet is public."))
    else:
        messages.warning(request, _("The draw is void, as its rules said. Scores decide alone."))
    return redirect("programmes:panel", slug)


def sheet(request: HttpRequest, slug: str) -> HttpResponse:
    """The draw sheet, byte for byte as it was fingerprinted."""
    call = find(calls_visible_to(actor_of(request)), slug=slug)
    draw = found(draws.draw_of(call))
    if draw.sheet is None:
        raise NotFound
    name = f'attachment; filename="draw-{slug}.json"'
    headers = {"Content-Disposition": name, "Cache-Control": "public, max-age=3600"}
    return HttpResponse(written(draw.sheet), content_type="application/json", headers=headers)


@cache_control(public=True, max_age=3600)
def draw_verifier(request: HttpRequest) -> FileResponse:
    """The stand-alone verifier of draws, as a file."""
    return FileResponse(
        Path(verify_draw.__file__).open("rb"),
        as_attachment=True,
        filename="verify_draw.py",
        content_type="text/x-python; charset=utf-8",
    )


@login_required
@require_POST
def answer(request: HttpRequest, application_id: str) -> HttpResponse:
    """Uphold or dismiss an appeal."""
    form = AnswerForm(request.POST)
    if not form.is_valid():
        raise Invalid({name: [str(text) for text in texts] for name, texts in form.errors.items()})
    korean = form.cleaned_data["answer_ko"]
    appeal = answer_appeal(
        by=actor_of(request),
        application=application_id,
        upheld=form.cleaned_data["upheld"] == "yes",
        answer={"ko": korean, "en": form.cleaned_data["answer_en"] or korean},
    )
    messages.success(request, _("The appeal is answered."))
    return redirect("programmes:panel", appeal.application.call.slug)


@login_required
def result(request: HttpRequest, application_id: str) -> HttpResponse:
    """What the panel said to the applicant, and how to appeal."""
    actor = actor_of(request)
    row = find(applications_visible_to(actor), public_id=application_id)
    decided = panels.panel_of(row.call)
    if decided is None or decided.state != Panel.State.DECIDED:
        raise NotFound
    form = AppealForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        file_appeal(by=actor, application=application_id, words=form.cleaned_data["words"])
        messages.success(request, _("The appeal is filed. You are told in your inbox when it is answered."))
        return redirect("programmes:result", application_id)
    appeal = Appeal.objects.filter(application=row).first()
    mine = policies.may_apply(actor, row.organisation_id)
    appeal is not None and appeal.state == Appeal.State.FILED and policies.may_decide(actor, row)
    context = {
        "application": row,
        "call": row.call,
        "decision": getattr(row, "decision", None),
        "comments": reading.comments_to_applicant(row),
        "appeal": appeal,
        "form": form if mine and appeal is None and panels.may_appeal(row) else None,
        "ends_at": panels.appeal_ends_at(row) if getattr(row, "decision", None) else None,
        "answer": AnswerForm()
        if appeal and appeal.state == "filed" and policies.may_decide(actor, row)
        else None,
    }
    return render(request, "programmes/result.html", context, status=422 if form.is_bound else 200)


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
    path("panels/applications/<str:application_id>/reject/", reject_beside, name="reject_funded_twice"),
    path("panels/<slug:slug>/", panel, name="panel"),
    path("panels/<slug:slug>/assign/", assign, name="assign_reviews"),
    path("panels/<slug:slug>/decide/", decide, name="decide_panel"),
    path("panels/<slug:slug>/replay/", replay, name="replay"),
    path("panels/<slug:slug>/entries/", publish, name="publish_entries"),
    path("panels/<slug:slug>/draw/", hold, name="hold_draw"),
    path("draws/verify_draw.py", draw_verifier, name="draw_verifier"),
    path("<slug:slug>/draw.json", sheet, name="draw_sheet"),
    path("applications/<str:application_id>/result/", result, name="result"),
    path("applications/<str:application_id>/appeal/", answer, name="answer_appeal"),
]
