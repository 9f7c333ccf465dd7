"""Cases: one form for several calls, each part decided for itself, one page with all that happened."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from bitgoeul.apps.credits.queries import benefits
from bitgoeul.apps.programmes import commands, policies, queries
from bitgoeul.apps.programmes.forms.applications import TermsForm
from bitgoeul.apps.programmes.forms.calls import place_errors
from bitgoeul.apps.programmes.forms.cases import CaseForm, FindForm
from bitgoeul.apps.programmes.models import Application, Case
from bitgoeul.apps.programmes.queries import cases, finding, funding
from bitgoeul.apps.programmes.queries.answers import answer_problems
from bitgoeul.apps.programmes.views.shown import HAPPENED, actor_of, application_form, chosen
from bitgoeul.kit import clock
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.doors import find as door
from bitgoeul.kit.paging import page_of
from bitgoeul.kit.refusals import Invalid


def find(request: HttpRequest) -> HttpResponse:
    """What can I get?  Three questions, then every open call that fits and how we stand."""
    actor = actor_of(request)
    mine = queries.may_apply_for(actor)
    organisation = chosen(mine, request.GET.get("organisation"))
    known = {"stage": organisation.stage, "sector": organisation.sector} if organisation else {}
    asked = bool(request.GET.keys() & {"need", "stage", "sector"})
    form = FindForm(request.GET if asked else known)
    taking, _announced = queries.present(clock.now())
    calls = finding.fitting(taking, **form.chosen()) if asked else []
    offers = [queries.call_of(actor, call.slug) for call in calls] if organisation else calls
    context = {
        "form": form,
        "asked": asked,
        "found": finding.standing(offers, organisation),
        "organisation": organisation,
    }
    return render(request, "programmes/find.html", context)


@login_required
def index(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    rows = cases.cases_visible_to(actor).filter(organisation__in=list(actor.memberships))
    return render(request, "programmes/cases.html", {"page": page_of(rows, request)})


@login_required
def new(request: HttpRequest) -> HttpResponse:
    """In whose name, what for, which calls."""
    actor = actor_of(request)
    mine = queries.may_apply_for(actor)
    taking, _announced = queries.present(clock.now())
    initial = {"organisation": mine[0].slug if mine else "", "calls": request.GET.getlist("call")}
    form = CaseForm(request.POST or None, organisations=mine, offers=taking, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            made = commands.open_case(by=actor, **form.cleaned_data)
        except Invalid as refusal:
            place_errors(form, refusal.errors)
        else:
            return redirect("programmes:case", made.public_id)
    status = 422 if form.is_bound else 200
    context = {"form": form, "organisations": mine}
    return render(request, "programmes/new_case.html", context, status=status)


@login_required
def case(request: HttpRequest, case_id: str) -> HttpResponse:
    """Every part with its state, the one form while parts are open, and what happened."""
    row = door(cases.cases_visible_to(actor_of(request)), public_id=case_id)
    return _case_page(request, row)


def _case_page(
    request: HttpRequest,
    row: Case,
    form: forms.Form | None = None,
    terms: TermsForm | None = None,
) -> HttpResponse:
    actor = actor_of(request)
    whole = cases.form_of(row)
    mine = policies.may_apply(actor, row.organisation_id)
    parts = cases.parts_of(row, actor)
    subjects = {part.subject: part for part in parts}
    context = {
        "case": row,
        "parts": [(part, _beside(actor, part)) for part in parts],
        "form": (form or application_form(whole.schema, row.organisation, initial=whole.answers))
        if whole.parts and mine
        else None,
        "terms": terms or TermsForm(),
        "open_parts": whole.parts,
        "is_complete": not any(
            answer_problems(part.call.form, part.answers, complete=True) for part in whole.parts
        ),
        "timeline": [
            (fact, subjects[fact.subject].call if fact.subject in subjects else None, HAPPENED[fact.name])
            for fact in cases.facts_of(row)
            if fact.name in HAPPENED
        ],
    }
    bound = any(given is not None and given.is_bound for given in (form, terms))
    return render(request, "programmes/case.html", context, status=422 if bound else 200)


def _beside(actor: Actor, part: Application) -> list[str]:
    """For whoever decides about a part: supports of other programmes for the same."""
    if not part.is_undecided or not policies.may_decide(actor, part):
        return []
    return [benefits.said(finding) for finding in funding.found_for(part)]


@login_required
@require_POST
def answers(request: HttpRequest, case_id: str) -> HttpResponse:
    """Keep what was typed; each part that asks a question gets the answer."""
    actor = actor_of(request)
    row = door(cases.cases_visible_to(actor), public_id=case_id)
    whole = cases.form_of(row)
    form = application_form(whole.schema, row.organisation, data=request.POST, initial=whole.answers)
    if not form.is_valid():
        return _case_page(request, row, form=form)
    commands.answer_case(by=actor, case=case_id, answers=form.values())
    messages.success(request, _("Your answers are kept."))
    return redirect("programmes:case", case_id)


@login_required
@require_POST
def submit(request: HttpRequest, case_id: str) -> HttpResponse:
    actor = actor_of(request)
    row = door(cases.cases_visible_to(actor), public_id=case_id)
    terms = TermsForm(request.POST)
    if not terms.is_valid():
        return _case_page(request, row, terms=terms)
    for part, refusal in commands.submit_case(by=actor, case=case_id, accept_terms=True):
        _say(request, part, refusal)
    return redirect("programmes:case", case_id)


def _say(request: HttpRequest, part: Application, refusal: Any) -> None:
    if refusal is None:
        messages.success(request, _("“%(call)s” is handed in.") % {"call": part.call})
    else:
        messages.error(request, f"{refusal}. {refusal.what_to_do()}")


PATHS = [
    path("find/", find, name="find"),
    path("cases/", index, name="cases"),
    path("cases/new/", new, name="new_case"),
    path("cases/<str:case_id>/", case, name="case"),
    path("cases/<str:case_id>/answers/", answers, name="case_answers"),
    path("cases/<str:case_id>/submit/", submit, name="submit_case"),
]
