"""The pages of calls, applications and the desk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from bitgoeul.apps.people.models import Organisation
from bitgoeul.apps.programmes import commands, policies, queries
from bitgoeul.apps.programmes.errors import AlreadyApplied
from bitgoeul.apps.programmes.forms import (
    CallForm,
    DecisionForm,
    OrganisationForm,
    ProgrammeForm,
    TermsForm,
    place_errors,
)
from bitgoeul.apps.programmes.models import Application, Call, Programme
from bitgoeul.apps.programmes.queries import blueprints
from bitgoeul.apps.programmes.queries.answers import answer_problems
from bitgoeul.apps.programmes.queries.eligibility import Assessment, assess, prefill
from bitgoeul.kit import clock
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.doors import find
from bitgoeul.kit.models import Fact
from bitgoeul.kit.paging import page_of
from bitgoeul.kit.refusals import Invalid, require
from bitgoeul.kit.schema_forms import form_for
from bitgoeul.kit.text import Localised

STEPS = [
    gettext_lazy("Company file"),
    gettext_lazy("Answers"),
    gettext_lazy("Review"),
    gettext_lazy("Outcome"),
]
RESULTS: dict[str, tuple[str, Promise]] = {
    "pass": ("ok", gettext_lazy("met")),
    "fail": ("stop", gettext_lazy("not met")),
    "unknown": ("wait", gettext_lazy("a person checks")),
}
# What happened to an application, as its timeline says it.
HAPPENED = {
    "programmes.ApplicationStarted": gettext_lazy("Begun, filled in from the company file"),
    "programmes.ApplicationSubmitted": gettext_lazy("Handed in"),
    "programmes.ApplicationReferred": gettext_lazy("Passed to a person"),
    "programmes.ApplicationAccepted": gettext_lazy("Accepted, credits granted"),
    "programmes.ApplicationRejected": gettext_lazy("Rejected"),
    "programmes.ApplicationWithdrawn": gettext_lazy("Withdrawn"),
}


def _actor(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined]


def _lines(outcomes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Outcomes of clauses as rows of a list."""
    return [
        {
            "title": Localised(outcome["title"]),
            "reason": Localised(outcome["reason"]),
            "kind": RESULTS[outcome["result"]][0],
            "word": RESULTS[outcome["result"]][1],
        }
        for outcome in outcomes
    ]


def _conditions(call: Call) -> list[dict[str, Any]]:
    return [{"title": Localised(clause["title"]), "rule": clause["rule"]} for clause in call.clauses]


def _answered(form: dict[str, Any], answers: dict[str, Any]) -> list[tuple[str, str]]:
    """Questions and answers in words."""
    rows = []
    for name, part in form["properties"].items():
        if (value := answers.get(name)) in (None, "", []):
            continue
        labels = part.get("x-labels", {})
        values = value if isinstance(value, list) else [value]
        words = {True: _("yes"), False: _("no")}
        shown = [
            words[item] if isinstance(item, bool) else str(Localised.of(labels.get(str(item), item)))
            for item in values
        ]
        rows.append((str(Localised.of(part["title"])), ", ".join(shown)))
    return rows


def index(request: HttpRequest) -> HttpResponse:
    """What can be applied for now, what comes, what was."""
    moment = clock.now()
    taking, announced = queries.present(moment)
    context = {
        "taking": taking,
        "announced": announced,
        "past": page_of(
            lambda: queries.past(queries.calls_visible_to(_actor(request)), moment),
            request,
            queries.PAGE,
            begin=lambda: queries.first_past(moment),
        ),
        "may_run": policies.may_run_calls(_actor(request)),
    }
    return render(request, "programmes/index.html", context)


def call(request: HttpRequest, slug: str) -> HttpResponse:
    """One call: what it gives, who can have it, how it stands, and how I stand."""
    actor = _actor(request)
    offer = queries.call_of(actor, slug)
    mine = queries.may_apply_for(actor)
    organisation = _chosen(mine, request.GET.get("organisation"))
    current = queries.current_application(offer, organisation) if organisation else None
    moment = clock.now()
    context = {
        "call": offer,
        "statistics": queries.statistics(offer),
        "conditions": _conditions(offer),
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


def _chosen(mine: list[Organisation], slug: str | None) -> Organisation | None:
    return next((row for row in mine if row.slug == slug), mine[0] if mine else None)


def _standing(call: Call, organisation: Organisation | None, current: Application | None) -> Any:
    """How an organisation stands: as it was handed in, else as it would turn out now."""
    if organisation is None:
        return None
    if current is not None and current.submitted_at is not None:
        return {"verdict": current.verdict, "lines": _lines(current.outcomes), "frozen": True}
    answers = current.answers if current is not None else prefill(call, organisation)
    found = assess(call, organisation, answers)
    return {"verdict": found.verdict, "lines": _lines([o.as_data() for o in found.outcomes]), "frozen": False}


@login_required
def apply(request: HttpRequest, slug: str) -> HttpResponse:
    """Step 1: in whose name, and what its company file says."""
    actor = _actor(request)
    offer = queries.call_of(actor, slug)
    mine = queries.may_apply_for(actor)
    chosen = _chosen(mine, request.GET.get("organisation"))
    form = OrganisationForm(
        request.POST or None, choices=mine, initial={"organisation": chosen.slug if chosen else ""}
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
    context = {"call": offer, "form": form, "organisations": mine, "organisation": chosen, "steps": STEPS}
    return render(request, "programmes/apply.html", context)


@login_required
def answers(request: HttpRequest, application_id: str) -> HttpResponse:
    """Step 2: what the company file does not know."""
    actor = _actor(request)
    draft = find(queries.applications_visible_to(actor), public_id=application_id)
    if draft.state != Application.State.DRAFT:
        return redirect("programmes:application", draft.public_id)
    form = form_for(draft.call.form, data=request.POST or None, initial=draft.answers)
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
    actor = _actor(request)
    draft = find(queries.applications_visible_to(actor), public_id=application_id)
    if draft.state != Application.State.DRAFT:
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
        "lines": _lines([outcome.as_data() for outcome in found.outcomes]),
        "answered": _answered(draft.call.form, draft.answers),
        "incomplete": bool(answer_problems(draft.call.form, draft.answers, complete=True)),
        "enough": draft.call.grants_left > 0,
    }
    return render(request, "programmes/review.html", context)


@login_required
def applications(request: HttpRequest) -> HttpResponse:
    """The applications of my organisations."""
    actor = _actor(request)
    rows = queries.applications_visible_to(actor).filter(organisation__in=list(actor.memberships))
    return render(request, "programmes/applications.html", {"page": page_of(rows, request)})


@login_required
def application(request: HttpRequest, application_id: str) -> HttpResponse:
    """Step 4: the outcome with its reason, and the receipt."""
    row = find(queries.applications_visible_to(_actor(request)), public_id=application_id)
    return _application_page(request, row, DecisionForm())


def _application_page(request: HttpRequest, row: Application, form: DecisionForm) -> HttpResponse:
    actor = _actor(request)
    mine = policies.may_apply(actor, row.organisation_id)
    deciding = row.state == Application.State.WAITING and policies.may_decide(actor, row)
    context = {
        "application": row,
        "call": row.call,
        "decision": getattr(row, "decision", None),
        "grant": getattr(row, "grant", None),
        "lines": _lines(row.outcomes),
        "answered": _answered(row.call.form, row.answers),
        "steps": STEPS,
        "timeline": [
            (fact, HAPPENED[fact.name])
            for fact in Fact.objects.filter(subject=row.subject, name__in=HAPPENED).order_by("id")
        ],
        "may_continue": mine and row.state == Application.State.DRAFT,
        "may_withdraw": mine and Application.FLOW.allows(row, Application.State.WITHDRAWN),
        "decide": form if deciding else None,
    }
    status = 422 if form.is_bound else 200
    return render(request, "programmes/application.html", context, status=status)


@login_required
@require_POST
def withdraw(request: HttpRequest, application_id: str) -> HttpResponse:
    commands.withdraw_application(by=_actor(request), application=application_id)
    messages.success(request, _("The application is withdrawn."))
    return redirect("programmes:application", application_id)


@login_required
@require_POST
def decide(request: HttpRequest, application_id: str) -> HttpResponse:
    actor = _actor(request)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        row = find(queries.applications_visible_to(actor), public_id=application_id)
        return _application_page(request, row, form)
    accepted = form.cleaned_data["accept"] == "yes"
    run = commands.accept_application if accepted else commands.reject_application
    run(by=actor, application=application_id, reason=form.reason())
    messages.success(request, _("Accepted.") if accepted else _("Rejected."))
    return redirect("programmes:desk")


@login_required
def desk(request: HttpRequest) -> HttpResponse:
    """What waits for a person, and every call with its switch."""
    require(policies.may_run_calls(_actor(request)))
    context = {
        "waiting": page_of(queries.waiting_for_a_person(), request),
        "calls": Call.objects.select_related("programme").order_by("-created_at"),
        "blueprints": blueprints.names(),
        "has_programmes": Programme.objects.exists(),
    }
    return render(request, "programmes/desk.html", context)


@login_required
def new_programme(request: HttpRequest) -> HttpResponse:
    require(policies.may_run_calls(_actor(request)))
    form = ProgrammeForm(request.POST or None)

    def save() -> HttpResponse:
        commands.save_programme(by=_actor(request), **form.content())
        messages.success(request, _("The programme is written."))
        return redirect("programmes:desk")

    return _edit(request, form, save, _("New programme"))


@login_required
def new_call(request: HttpRequest) -> HttpResponse:
    """A draft, from a blueprint if one is named."""
    actor = _actor(request)
    require(policies.may_run_calls(actor))
    initial: dict[str, Any] = {}
    if name := request.GET.get("blueprint"):
        blueprint = blueprints.blueprint(name)
        initial = CallForm.initial_from(blueprint)
        if request.method == "POST" and not Programme.objects.filter(slug=initial["programme"]).exists():
            commands.save_programme(by=actor, **blueprint["programme"])
    form = CallForm(request.POST or None, initial=initial)
    return _edit(request, form, lambda: _saved(request, form), _("New call"))


@login_required
def edit_call(request: HttpRequest, slug: str) -> HttpResponse:
    require(policies.may_run_calls(_actor(request)))
    draft = find(queries.calls_visible_to(_actor(request)), slug=slug)
    form = CallForm(request.POST or None, initial=CallForm.initial_of(draft))
    return _edit(request, form, lambda: _saved(request, form), _("Change the draft"))


def _saved(request: HttpRequest, form: CallForm) -> HttpResponse:
    draft = commands.save_call(by=_actor(request), **form.content())
    messages.success(request, _("The draft is kept. Open it when it is ready."))
    return redirect("programmes:call", draft.slug)


def _edit(
    request: HttpRequest, form: forms.Form, save: Callable[[], HttpResponse], heading: str
) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            return save()
        except Invalid as refusal:
            place_errors(form, refusal.errors)
    status = 422 if form.is_bound else 200
    return render(request, "programmes/edit.html", {"form": form, "heading": heading}, status=status)


@login_required
@require_POST
def open_call(request: HttpRequest, slug: str) -> HttpResponse:
    commands.open_call(by=_actor(request), slug=slug)
    messages.success(request, _("The call is open."))
    return redirect("programmes:call", slug)


@login_required
@require_POST
def close_call(request: HttpRequest, slug: str) -> HttpResponse:
    commands.close_call(by=_actor(request), slug=slug)
    messages.success(request, _("The call is closed."))
    return redirect("programmes:call", slug)
