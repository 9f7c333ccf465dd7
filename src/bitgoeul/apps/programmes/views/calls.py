"""Calls as members and visitors see them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from bitgoeul.apps.people.models import Organisation
from bitgoeul.apps.programmes import policies, queries
from bitgoeul.apps.programmes.forms.cases import FindForm
from bitgoeul.apps.programmes.models import Application, Call
from bitgoeul.apps.programmes.queries import finding
from bitgoeul.apps.programmes.queries.eligibility import assess, prefill
from bitgoeul.apps.programmes.views.shown import actor_of, chosen, conditions, lines
from bitgoeul.kit import clock
from bitgoeul.kit.citations import cited
from bitgoeul.kit.paging import page_of


def index(request: HttpRequest) -> HttpResponse:
    """What can be applied for now, what comes, what was."""
    moment = clock.now()
    taking, announced = queries.present(moment)
    filters = FindForm(request.GET)
    context = {
        "taking": finding.fitting(taking, **filters.chosen()),
        "filters": filters,
        "filtered": any(filters.chosen().values()),
        "announced": announced,
        "past": page_of(
            lambda: queries.past(queries.calls_visible_to(actor_of(request)), moment),
            request,
            queries.PAGE,
            begin=lambda: queries.first_past(moment),
        ),
        "may_run": policies.may_run_calls(actor_of(request)),
    }
    return render(request, "programmes/index.html", context)


def call(request: HttpRequest, slug: str) -> HttpResponse:
    """One call: what it gives, who can have it, how it stands, and how I stand."""
    actor = actor_of(request)
    offer = queries.call_of(actor, slug)
    mine = queries.may_apply_for(actor)
    organisation = chosen(mine, request.GET.get("organisation"))
    current = queries.current_application(offer, organisation) if organisation else None
    moment = clock.now()
    context = {
        "call": offer,
        "statistics": queries.statistics(offer),
        "conditions": conditions(offer),
        "decisions": [(row, cited(row["reference"])) for row in offer.decisions],
        "organisations": mine,
        "organisation": organisation,
        "assessment": _standing(offer, organisation, current),
        "current": current,
        "accepts": offer.accepts_at(moment),
        "is_past": offer.is_past_at(moment),
        "may_run": policies.may_run_calls(actor),
        "subject": f"call:{offer.slug}",
    }
    return render(request, "programmes/call.html", context)


def _standing(call: Call, organisation: Organisation | None, current: Application | None) -> Any:
    """How an organisation stands: as it was handed in, else as it would turn out now."""
    if organisation is None:
        return None
    if current is not None and current.submitted_at is not None:
        return {"verdict": current.verdict, "lines": lines(current.outcomes), "frozen": True}
    answers = current.answers if current is not None else prefill(call, organisation)
    found = assess(call, organisation, answers)
    return {"verdict": found.verdict, "lines": lines([o.as_data() for o in found.outcomes]), "frozen": False}


PATHS = [
    path("", index, name="index"),
    path("<slug:slug>/", call, name="call"),
]
