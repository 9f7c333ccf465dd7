"""An application from its first step to its outcome, and the officer's decision about it."""

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
from bitgoeul.apps.programmes.errors import AlreadyApplied
from bitgoeul.apps.programmes.forms.applications import (
    DecisionForm,
    DeclineForm,
    OrganisationForm,
    ReturnForm,
    TermsForm,
)
from bitgoeul.apps.programmes.models import Application, Call
from bitgoeul.apps.programmes.queries import funding
from bitgoeul.apps.programmes.queries.answers import answer_problems
from bitgoeul.apps.programmes.queries.eligibility import Assessment, assess, prefill
from bitgoeul.apps.programmes.views.shown import (
    HAPPENED,
    STEPS,
    actor_of,
    answered,
    application_form,
    chosen,
    lines,
)
from bitgoeul.kit import clock
from bitgoeul.kit.doors import find
from bitgoeul.kit.models import Fact
from bitgoeul.kit.paging import page_of
from bitgoeul.kit.refusals import require


@login_required
def apply(request: HttpRequest, slug: str) -> HttpResponse:
    """Step 1: in whose name, and what its company file says."""
    actor = actor_of(request)
    offer = queries.call_of(actor, slug)
    mine = queries.may_apply_for(actor)
    organisation = chosen(mine, request.GET.get("organisation"))
    form = OrganisationForm(
        request.POST or None,
        choices=mine,
        initial={"organisation": organisation.slug if organisation else ""},
    )
    if request.method == "POST" and form.is_valid():
        try:
            draft = commands.start_application(
                by=actor, call=slug, organisation=form.cleaned_data["organisation"]
            )
        except AlreadyApplied as refusal:
            messages.info(request, str(refusal))
            return redirect("programmes:application", refusal.facts["application"])
        return redirect("programmes:answers", draft.public_id)
    context = {
        "call": offer,
        "form": form,
        "organisations": mine,
        "organisation": organisation,
        "steps": STEPS,
    }
    return render(request, "programmes/apply.html", context)


@login_required
def answers(request: HttpRequest, application_id: str) -> HttpResponse:
    """Step 2: what the company file does not know."""
    actor = actor_of(request)
    draft = find(queries.applications_visible_to(actor), public_id=application_id)
    if not draft.is_editable:
        return redirect("programmes:application", draft.public_id)
    form = application_form(
        draft.call.form, draft.organisation, data=request.POST or None, initial=draft.answers
    )
    if request.method == "POST" and (form.is_valid() or "later" in request.POST):
        known = form.values() if form.is_valid() else draft.answers | _fitting(draft.call, form)
        commands.save_answers(by=actor, application=application_id, answers=known)
        if "later" in request.POST:
            messages.success(request, _("Your answers are kept."))
            return redirect("programmes:application", draft.public_id)
        return redirect("programmes:review", draft.public_id)
    known = prefill(draft.call, draft.organisation)
    filled = sum(draft.answers.get(name) == value for name, value in known.items())
    context = {"application": draft, "form": form, "steps": STEPS, "filled": filled}
    return render(request, "programmes/answers.html", context)


@login_required
@require_POST
def keep(request: HttpRequest, application_id: str) -> HttpResponse:
    """Keep what is typed so far, while it is typed; the answer says when."""
    actor = actor_of(request)
    draft = find(queries.applications_visible_to(actor), public_id=application_id)
    form = application_form(draft.call.form, draft.organisation, data=request.POST, initial=draft.answers)
    known = form.values() if form.is_valid() else draft.answers | _fitting(draft.call, form)
    commands.save_answers(by=actor, application=application_id, answers=known)
    return render(request, "programmes/_kept.html", {"at": clock.now()})


def _fitting(call: Call, form: forms.Form) -> dict[str, Any]:
    """Of a form that is not complete, what can be kept."""
    typed = {
        name: form[name].value()
        for name, part in call.form["properties"].items()
        if name in form.errors and part["type"] == "string"
    }
    values = {name: value for name, value in (form.cleaned_data | typed).items() if value not in (None, "")}
    wrong = answer_problems(call.form, values, complete=False)
    return {name: value for name, value in values.items() if name not in wrong}


@login_required
def review(request: HttpRequest, application_id: str) -> HttpResponse:
    """Step 3: each clause with its outcome, before anything is handed in."""
    actor = actor_of(request)
    draft = find(queries.applications_visible_to(actor), public_id=application_id)
    if not draft.is_editable:
        return redirect("programmes:application", draft.public_id)
    form = TermsForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        commands.submit_application(by=actor, application=application_id, accept_terms=True)
        return redirect("programmes:application", draft.public_id)
    found: Assessment = assess(draft.call, draft.organisation, draft.answers)
    context = {
        "application": draft,
        "call": draft.call,
        "form": form,
        "steps": STEPS,
        "verdict": found.verdict,
        "lines": lines([outcome.as_data() for outcome in found.outcomes]),
        "answered": answered(draft.call.form, draft.answers),
        "incomplete": bool(answer_problems(draft.call.form, draft.answers, complete=True)),
        "enough": draft.call.grants_left > 0,
    }
    return render(request, "programmes/review.html", context)


@login_required
def applications(request: HttpRequest) -> HttpResponse:
    """The applications of my organisations."""
    actor = actor_of(request)
    rows = queries.applications_visible_to(actor).filter(organisation__in=list(actor.memberships))
    return render(request, "programmes/applications.html", {"page": page_of(rows, request)})


@login_required
def application(request: HttpRequest, application_id: str) -> HttpResponse:
    """Step 4: the outcome with its reason, and the receipt."""
    row = find(queries.applications_visible_to(actor_of(request)), public_id=application_id)
    return _application_page(request, row)


def _application_page(
    request: HttpRequest, row: Application, decide: forms.Form | None = None, back: forms.Form | None = None
) -> HttpResponse:
    actor = actor_of(request)
    mine = policies.may_apply(actor, row.organisation_id)
    deciding = row.state == Application.State.WAITING and policies.may_decide(actor, row)
    beside = funding.found_for(row) if row.is_undecided and policies.may_decide(actor, row) else None
    decide, back = decide or DecisionForm(call=row.call, found=bool(beside)), back or ReturnForm()
    context = {
        "application": row,
        "call": row.call,
        "decision": getattr(row, "decision", None),
        "grant": getattr(row, "grant", None),
        "lines": lines(row.outcomes),
        "answered": answered(row.call.form, row.answers),
        "steps": STEPS,
        "timeline": [
            (fact, HAPPENED[fact.name])
            for fact in Fact.objects.filter(subject=row.subject, name__in=HAPPENED).order_by("id")
        ],
        "may_continue": mine and row.is_editable,
        "may_answer": mine and row.state == Application.State.OFFERED,
        "decline": DeclineForm(),
        "may_have_receipt": mine and row.submitted_at is not None,
        "may_withdraw": mine and Application.FLOW.allows(row, Application.State.WITHDRAWN),
        "decide": decide if deciding else None,
        "beside": None if beside is None else [benefits.said(finding) for finding in beside],
        "beside_rule": funding.rule_of(row.call),
        "back": back if deciding else None,
    }
    status = 422 if decide.is_bound or back.is_bound else 200
    return render(request, "programmes/application.html", context, status=status)


@login_required
@require_POST
def withdraw(request: HttpRequest, application_id: str) -> HttpResponse:
    commands.withdraw_application(by=actor_of(request), application=application_id)
    messages.success(request, _("The application is withdrawn."))
    return redirect("programmes:application", application_id)


@login_required
@require_POST
def decide(request: HttpRequest, application_id: str) -> HttpResponse:
    actor = actor_of(request)
    row = find(queries.applications_visible_to(actor), public_id=application_id)
    require(policies.may_decide(actor, row))
    form = DecisionForm(request.POST, call=row.call, found=bool(funding.found_for(row)))
    if not form.is_valid():
        return _application_page(request, row, form)
    accepted = form.cleaned_data["accept"] == "yes"
    amount = form.cleaned_data.get("amount")
    commands.decide(
        by=actor,
        application=application_id,
        accept=accepted,
        reason=form.reason(),
        amount=amount,
        despite=form.despite_words(),
    )
    messages.success(request, _("Accepted.") if accepted else _("Rejected."))
    return redirect("programmes:desk")


@login_required
@require_POST
def send_back(request: HttpRequest, application_id: str) -> HttpResponse:
    """Return an application to be completed."""
    actor = actor_of(request)
    form = ReturnForm(request.POST)
    if not form.is_valid():
        row = find(queries.applications_visible_to(actor), public_id=application_id)
        return _application_page(request, row, back=form)
    commands.return_application(by=actor, application=application_id, asks=form.asks())
    messages.success(request, _("Sent back to be completed."))
    return redirect("programmes:desk")


@login_required
@require_POST
def admit(request: HttpRequest, application_id: str) -> HttpResponse:
    commands.admit_application(by=actor_of(request), application=application_id)
    messages.success(request, _("Passed on to the panel."))
    return redirect("programmes:desk")


@login_required
@require_POST
def take(request: HttpRequest, application_id: str) -> HttpResponse:
    commands.take_offer(by=actor_of(request), application=application_id)
    messages.success(request, _("You have taken the offer."))
    return redirect("programmes:application", application_id)


@login_required
@require_POST
def decline(request: HttpRequest, application_id: str) -> HttpResponse:
    form = DeclineForm(request.POST)
    words = form.cleaned_data["words"] if form.is_valid() else ""
    commands.decline_offer(by=actor_of(request), application=application_id, words=words)
    messages.success(request, _("You have declined. The next in order is asked."))
    return redirect("programmes:application", application_id)


PATHS = [
    path("applications/", applications, name="applications"),
    path("applications/<str:application_id>/", application, name="application"),
    path("applications/<str:application_id>/answers/", answers, name="answers"),
    path("applications/<str:application_id>/keep/", keep, name="keep"),
    path("applications/<str:application_id>/review/", review, name="review"),
    path("applications/<str:application_id>/withdraw/", withdraw, name="withdraw"),
    path("applications/<str:application_id>/decide/", decide, name="decide"),
    path("applications/<str:application_id>/return/", send_back, name="send_back"),
    path("applications/<str:application_id>/admit/", admit, name="admit"),
    path("applications/<str:application_id>/take/", take, name="take"),
    path("applications/<str:application_id>/decline/", decline, name="decline"),
    path("<slug:slug>/apply/", apply, name="apply"),
]
