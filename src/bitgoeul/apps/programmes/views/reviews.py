"""The reviewer's desk, and one file with its review."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import TextChoices
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from bitgoeul.apps.people.models import Organisation
from bitgoeul.apps.programmes.commands import reviews as commands
from bitgoeul.apps.programmes.errors import ConflictOfInterest
from bitgoeul.apps.programmes.forms.calls import place_errors
from bitgoeul.apps.programmes.forms.reviews import RecuseForm, ReviewForm, TieForm
from bitgoeul.apps.programmes.models import Call, Review, Tie
from bitgoeul.apps.programmes.queries import reviews as queries
from bitgoeul.apps.programmes.views.shown import actor_of, answered, lines
from bitgoeul.kit.doors import find, found
from bitgoeul.kit.paging import page_of
from bitgoeul.kit.refusals import Invalid


@login_required
def desk(request: HttpRequest) -> HttpResponse:
    """What I have to read, what I said about myself."""
    return _desk(request, TieForm())


def _desk(request: HttpRequest, form: TieForm) -> HttpResponse:
    actor = actor_of(request)
    reviewer = found(queries.reviewer_of(actor))
    mine = queries.reviews_visible_to(actor).exclude(state=Review.State.BARRED)
    context = {
        "reviewer": reviewer,
        "open": mine.filter(state__in=Review.OPEN),
        "submitted": page_of(mine.filter(state=Review.State.SUBMITTED).order_by("-submitted_at"), request),
        "ties": Tie.objects.filter(reviewer=reviewer),
        "knows": {
            "sectors": _in_words(Organisation.Sector, reviewer.sectors),
            "kinds": _in_words(Call.Kind, reviewer.kinds),
        },
        "form": form,
    }
    return render(request, "programmes/reviews.html", context, status=422 if form.is_bound else 200)


def _in_words(choices: type[TextChoices], values: list[str]) -> str:
    words = dict(choices.choices)
    return ", ".join(str(words.get(value, value)) for value in values)


@login_required
@require_POST
def declare(request: HttpRequest) -> HttpResponse:
    form = TieForm(request.POST)
    if form.is_valid():
        try:
            commands.declare_tie(by=actor_of(request), **form.cleaned_data)
        except Invalid as refusal:
            place_errors(form, refusal.errors)
        else:
            messages.success(request, _("It is declared. You are not given such files."))
            return redirect("programmes:reviews")
    return _desk(request, form)


@login_required
def review(request: HttpRequest, review_id: str) -> HttpResponse:
    """One file and its form; what is typed is kept, finished or not."""
    row = find(queries.reviews_visible_to(actor_of(request)), public_id=review_id)
    try:
        queries.refuse_conflict(row)
    except ConflictOfInterest as refusal:
        context = {"review": row, "refusal": refusal, "recuse": RecuseForm()}
        return render(request, "programmes/review_closed.html", context, status=refusal.status)
    criteria = queries.criteria(row)
    if request.method != "POST":
        return _page(request, row, ReviewForm(criteria=criteria, initial=row.kept or _written(row)))
    if "later" in request.POST:
        commands.keep_review(by=actor_of(request), review=review_id, typed=_typed(request))
        messages.success(request, _("Your draft is kept."))
        return redirect("programmes:reviews")
    form = ReviewForm(request.POST, criteria=criteria)
    if form.is_valid():
        try:
            commands.submit_review(
                by=actor_of(request),
                review=review_id,
                marks=form.marks(),
                to_applicant=form.cleaned_data["to_applicant"],
                to_panel=form.cleaned_data["to_panel"],
            )
        except Invalid as refusal:
            place_errors(form, refusal.errors)
        else:
            messages.success(request, _("Your review is submitted. Thank you."))
            return redirect("programmes:reviews")
    return _page(request, row, form)


def _written(row: Review) -> dict[str, Any]:
    """A submitted review as its form shows it."""
    marks = {f"mark_{name}": mark for name, mark in row.marks.items()}
    return marks | {"to_applicant": row.to_applicant, "to_panel": row.to_panel}


def _typed(request: HttpRequest) -> dict[str, str]:
    return {name: str(value) for name, value in request.POST.items()}


def _page(request: HttpRequest, row: Review, form: ReviewForm) -> HttpResponse:
    application = row.application
    context = {
        "review": row,
        "application": application,
        "call": application.call,
        "blind": queries.is_blind(application.call),
        "answered": answered(application.call.form, application.answers),
        "lines": lines(application.outcomes),
        "form": form,
        "recuse": RecuseForm(),
        "writing": row.state == Review.State.ACCEPTED,
    }
    return render(request, "programmes/review_file.html", context, status=422 if form.is_bound else 200)


@login_required
@require_POST
def keep(request: HttpRequest, review_id: str) -> HttpResponse:
    """Keep what is typed while it is typed; the answer is one line for the page."""
    row = commands.keep_review(by=actor_of(request), review=review_id, typed=_typed(request))
    row.refresh_from_db(fields=["kept_at"])
    return render(request, "programmes/_review_kept.html", {"review": row})


@login_required
@require_POST
def accept(request: HttpRequest, review_id: str) -> HttpResponse:
    commands.accept_review(by=actor_of(request), review=review_id)
    return redirect("programmes:review_file", review_id)


@login_required
@require_POST
def recuse(request: HttpRequest, review_id: str) -> HttpResponse:
    commands.recuse(by=actor_of(request), review=review_id, reason=request.POST.get("reason", ""))
    messages.success(request, _("You gave the file back. Another reviewer takes over."))
    return redirect("programmes:reviews")


PATHS = [
    path("reviews/", desk, name="reviews"),
    path("reviews/ties/", declare, name="declare_tie"),
    path("reviews/<str:review_id>/", review, name="review_file"),
    path("reviews/<str:review_id>/keep/", keep, name="keep_review"),
    path("reviews/<str:review_id>/accept/", accept, name="accept_review"),
    path("reviews/<str:review_id>/recuse/", recuse, name="recuse_review"),
]
