"""The public page of a call's results with its bundle, and an applicant's receipt."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import path

from bitgoeul.apps.programmes import policies, queries
from bitgoeul.apps.programmes.models import Review
from bitgoeul.apps.programmes.queries import draws, panels, results
from bitgoeul.apps.programmes.views.shown import actor_of
from bitgoeul.apps.record.queries import title_of
from bitgoeul.kit.doors import find
from bitgoeul.kit.models import Fact
from bitgoeul.kit.refusals import require

STEPS = ("CallOpened", "CallClosed", "ReviewsAssigned", "PanelDecided", "DrawCommitted",
         "DrawEntriesPublished", "DrawHeld", "DrawVoided")  # fmt: skip


def results_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Demand, decisions, the draw, and everything to check them with."""
    call = find(queries.calls_visible_to(actor_of(request)), slug=slug)
    states = Review.State
    reviews = Review.objects.filter(application__call=call).aggregate(
        submitted=Count("id", filter=Q(state=states.SUBMITTED)),
        reviewers=Count("reviewer", filter=Q(state=states.SUBMITTED), distinct=True),
        recused=Count("id", filter=Q(state=states.RECUSED)),
        barred=Count("id", filter=Q(state=states.BARRED)),
    )
    names = [f"programmes.{name}" for name in STEPS]
    happened = Fact.objects.filter(subject=call.subject, name__in=names).order_by("id")
    panel = panels.panel_of(call)
    context = {
        "call": call,
        "statistics": queries.statistics(call),
        "reviews": reviews,
        "panel": panel,
        "result": panel.result if panel else {},
        "draw": draws.draw_of(call),
        "regions": results.regions(call),
        "timeline": [(fact, title_of(fact.name)) for fact in happened],
    }
    return render(request, "programmes/results.html", context)


def bundle(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    """Everything public about a call, for the offline verifiers."""
    call = find(queries.calls_visible_to(actor_of(request)), slug=slug)
    return _download(results.bundle_of(call), f"call-{slug}.jsonl")


@login_required
def receipt(request: HttpRequest, application_id: str) -> StreamingHttpResponse:
    """The applicant's own proof of what was handed in and decided."""
    actor = actor_of(request)
    row = find(queries.applications_visible_to(actor), public_id=application_id)
    require(policies.may_apply(actor, row.organisation_id))
    return _download(results.receipt_of(row), f"receipt-{row.public_id}.jsonl")


def _download(lines: Iterator[bytes], name: str) -> StreamingHttpResponse:
    return StreamingHttpResponse(
        lines,
        content_type="application/jsonl; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


PATHS = [
    path("<slug:slug>/results/", results_page, name="results"),
    path("<slug:slug>/bundle.jsonl", bundle, name="bundle"),
    path("applications/<str:application_id>/receipt.jsonl", receipt, name="receipt"),
]
