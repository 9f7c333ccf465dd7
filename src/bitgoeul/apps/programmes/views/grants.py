"""A grant and all that can be done with it, for its organisation and for the desk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.functional import Promise
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from bitgoeul.apps.programmes import charts, commands, policies
from bitgoeul.apps.programmes.forms import grants as filled
from bitgoeul.apps.programmes.forms.calls import place_errors
from bitgoeul.apps.programmes.models import Agreement, Grant, GrantPart
from bitgoeul.apps.programmes.queries import grants as queries
from bitgoeul.apps.programmes.queries.agreements import blocks, documents
from bitgoeul.apps.programmes.queries.deadlines import end_of
from bitgoeul.apps.programmes.queries.reports import evidence_visible_to
from bitgoeul.apps.programmes.views.shown import actor_of
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.doors import find, found
from bitgoeul.kit.models import Fact
from bitgoeul.kit.paging import page_of
from bitgoeul.kit.refusals import Invalid, NotFound, require
from bitgoeul.kit.store import store


class Act(NamedTuple):
    """One thing that can be done: its button, its form, what runs, what is said when it is done."""

    label: Promise
    run: Callable[[Actor, str, int, Any], object]
    done: Promise
    form: type[filled.GrantForm] = filled.GrantForm
    tone: str = ""


def _with_files(by: Actor, grant: str, form: Any, **about: int) -> None:
    for file in form.cleaned_data["evidence"]:
        commands.add_evidence(by=by, grant=grant, name=file.name, content=file.read(), **about)


def _report(by: Actor, grant: str, number: int, form: Any) -> None:
    _with_files(by, grant, form, report=number)
    commands.hand_in_report(by=by, grant=grant, report=number, words=form.cleaned_data["words"])


def _report_pledge(by: Actor, grant: str, number: int, form: Any) -> None:
    _with_files(by, grant, form, pledge=number)
    data = form.cleaned_data
    commands.report_pledge(by=by, grant=grant, pledge=number, reported=data["reported"], words=data["words"])


def _pledge(by: Actor, grant: str, _number: int, form: Any) -> None:
    data = form.cleaned_data
    due_at = end_of(data["due_on"])
    commands.make_pledge(by=by, grant=grant, kind=data["kind"], target=data["target"], due_at=due_at)


def _condition(by: Actor, grant: str, _number: int, form: Any) -> None:
    due_at = end_of(form.cleaned_data["due_on"])
    commands.set_condition(by=by, grant=grant, text=form.text(), due_at=due_at)


ACTS: dict[str, Act] = {
    "sign": Act(
        _("Sign the agreement"),
        lambda by, grant, _n, form: commands.sign_agreement(by=by, grant=grant, **form.cleaned_data),
        _("Signed. The grant has begun."),
        filled.SignForm,
        "primary",
    ),
    "ask-change": Act(
        _("Ask for a change"),
        lambda by, grant, _n, form: commands.ask_change(by=by, grant=grant, **form.asked()),
        _("An officer decides; you are told in your inbox."),
        filled.ChangeForm,
    ),
    "withdraw-change": Act(
        _("Withdraw the change"),
        lambda by, grant, n, _form: commands.withdraw_change(by=by, grant=grant, number=n),
        _("The change is withdrawn."),
    ),
    "decide-change": Act(
        _("Decide the change"),
        lambda by, grant, n, form: commands.decide_change(
            by=by, grant=grant, number=n, agree=form.cleaned_data["agree"] == "yes", reason=form.reason()
        ),
        _("Decided."),
        filled.DecideForm,
    ),
    "contest": Act(
        pgettext_lazy("reclaim", "Contest"),
        lambda by, grant, n, form: commands.contest_reclaim(
            by=by, grant=grant, part=n, words=form.cleaned_data["words"]
        ),
        _("Nothing is taken until an officer decided."),
        filled.ContestForm,
    ),
    "decide-contest": Act(
        _("Decide the contest"),
        lambda by, grant, n, form: commands.decide_contest(
            by=by, grant=grant, part=n, agree=form.cleaned_data["agree"] == "yes", reason=form.reason()
        ),
        _("Decided."),
        filled.DecideForm,
    ),
    "take-back": Act(
        _("Take back now"),
        lambda by, grant, n, _form: commands.take_back(by=by, grant=grant, part=n),
        _("It is back in its pool."),
        tone="danger",
    ),
    "hand-over": Act(
        _("Hand over"),
        lambda by, grant, n, _form: commands.hand_over_part(by=by, grant=grant, number=n),
        _("Handed over."),
    ),
    "condition": Act(_("Add a condition"), _condition, _("The condition is added."), filled.ConditionForm),
    "met": Act(
        _("It is met"),
        lambda by, grant, n, _form: commands.close_condition(by=by, grant=grant, number=n, met=True),
        _("The condition is closed."),
    ),
    "waive": Act(
        pgettext_lazy("condition", "Waive"),
        lambda by, grant, n, _form: commands.close_condition(by=by, grant=grant, number=n, met=False),
        _("The condition is closed."),
    ),
    "suspend": Act(
        _("Suspend the grant"),
        lambda by, grant, _n, form: commands.suspend_grant(by=by, grant=grant, reason=form.reason()),
        _("The grant is suspended."),
        filled.ReasonForm,
        "danger",
    ),
    "resume": Act(
        _("Let the grant go on"),
        lambda by, grant, _n, _form: commands.resume_grant(by=by, grant=grant),
        _("The grant goes on."),
    ),
    "end": Act(
        _("End the grant early"),
        lambda by, grant, _n, form: commands.end_grant(by=by, grant=grant, reason=form.reason()),
        _("The grant has ended."),
        filled.ReasonForm,
        "danger",
    ),
    "report": Act(_("Hand in the report"), _report, _("Handed in. A person looks at it."), filled.ReportForm),
    "verify-report": Act(
        _("The report holds"),
        lambda by, grant, n, _form: commands.verify_report(by=by, grant=grant, report=n),
        _("Verified."),
    ),
    "return-report": Act(
        _("Return the report"),
        lambda by, grant, n, form: commands.return_report(by=by, grant=grant, report=n, remark=form.reason()),
        _("Returned."),
        filled.ReasonForm,
    ),
    "pledge": Act(_("Add a pledge"), _pledge, _("The pledge is written down."), filled.PledgeForm),
    "report-pledge": Act(
        _("Report what came true"),
        _report_pledge,
        _("Handed in. A person looks at it."),
        filled.PledgeReportForm,
    ),
    "verify-pledge": Act(
        _("Verify the pledge"),
        lambda by, grant, n, form: commands.verify_pledge(
            by=by, grant=grant, pledge=n, verified=form.cleaned_data["verified"]
        ),
        _("Verified."),
        filled.VerifyForm,
    ),
}


class Hand:
    """Who looks at a grant, and the form that this person has just filled in wrongly, if any."""

    def __init__(self, actor: Actor, grant: Grant, wrong: tuple[str, int, forms.Form] | None = None) -> None:
        self.grant, self.wrong = grant, wrong
        self.works = not actor.is_system and policies.may_apply(actor, grant.organisation_id)
        self.owns = policies.may_sign(actor, grant.organisation_id)
        self.runs = policies.may_run_grant(actor, grant.organisation_id)

    def act(self, word: str, number: int = 0, **initial: Any) -> dict[str, Any]:
        """One act with its form, as a template draws it."""
        act = ACTS[word]
        bound = self.wrong is not None and self.wrong[:2] == (word, number)
        form = self.wrong[2] if bound and self.wrong else self.form(word, number, initial=initial)
        return {
            "word": word,
            "number": number,
            "label": act.label,
            "tone": act.tone,
            "form": form if form.fields else None,
            "open": bound,
        }

    def form(self, word: str, number: int, *data: Any, **more: Any) -> filled.GrantForm:
        call = self.grant.application.call
        return ACTS[word].form(*data, call=call, auto_id=f"{word}-{number}-%s", **more)


@login_required
def grants(request: HttpRequest) -> HttpResponse:
    """The grants of my organisations."""
    actor = actor_of(request)
    rows = queries.grants_visible_to(actor).filter(organisation__in=list(actor.memberships))
    return render(request, "programmes/grants.html", {"page": page_of(rows, request)})


@login_required
def grant(request: HttpRequest, grant_id: str) -> HttpResponse:
    """What it gives, until when, how it is used, what is due."""
    return _page(request, grant_id)


def _page(
    request: HttpRequest, grant_id: str, wrong: tuple[str, int, forms.Form] | None = None
) -> HttpResponse:
    actor = actor_of(request)
    row = find(queries.grants_visible_to(actor), application__public_id=grant_id)
    hand = Hand(actor, row, wrong)
    alive = row.state in queries.ALIVE
    change = row.changes.filter(state="asked").first()
    context = {
        "grant": row,
        "call": row.application.call,
        "agreement": Agreement.objects.filter(grant=row).first(),
        "parts": [_part(hand, part) for part in row.parts.all()],
        "conditions": [
            {"row": item, "acts": [hand.act("met", item.number), hand.act("waive", item.number)]
             if hand.runs and item.state == "open" else []}
            for item in row.conditions.all()
        ],
        "changes": [
            {"row": item, "acts": _change_acts(hand, item.number) if item == change else []}
            for item in row.changes.all()
        ],
        "deadlines": queries.deadlines(row),
        "reports": [{"row": item, "acts": _report_acts(hand, item)} for item in row.reports.all()],
        "pledges": [{"row": item, "acts": _pledge_acts(hand, item)} for item in row.pledges.all()],
        "acts": _grant_acts(hand, change is not None) if alive and row.activated_at else [],
        "timeline": Fact.objects.filter(subject=row.subject)
        .exclude(name__in=["programmes.UseRecorded", "programmes.ReportReminded"])
        .order_by("-id")[:20],
        "runs": hand.runs,
    }  # fmt: skip
    return render(request, "programmes/grant.html", context, status=422 if wrong else 200)


def _part(hand: Hand, part: GrantPart) -> dict[str, Any]:
    shown: dict[str, Any] = {"row": part, "acts": []}
    if part.part != GrantPart.Part.CAPACITY:
        return shown
    if hand.runs and part.state == GrantPart.State.PLANNED and hand.grant.activated_at:
        shown["acts"] = [hand.act("hand-over", part.number)]
    rule = queries.rule_of(hand.grant)
    below = rule.below_percent if rule else None
    shown |= {"chart": charts.use(queries.use_by_day(part), below), "below": below}
    running = queries.running_reclaim(part)
    if running is not None:
        shown["reclaim"] = running
        if hand.works and running.contested_at is None:
            shown["acts"].append(hand.act("contest", part.number))
        if hand.runs and running.is_contested:
            shown["acts"].append(hand.act("decide-contest", part.number))
    if hand.runs and rule and part.state == GrantPart.State.ACTIVE:
        shown["acts"].append(hand.act("take-back", part.number))
    return shown


def _change_acts(hand: Hand, number: int) -> list[dict[str, Any]]:
    acts = [hand.act("decide-change", number)] if hand.runs else []
    return acts + ([hand.act("withdraw-change", number)] if hand.works else [])


def _report_acts(hand: Hand, report: Any) -> list[dict[str, Any]]:
    if hand.works and report.is_open:
        return [hand.act("report", report.number, words=report.words)]
    if hand.runs and report.state == "handed_in":
        return [hand.act("verify-report", report.number), hand.act("return-report", report.number)]
    return []


def _pledge_acts(hand: Hand, pledge: Any) -> list[dict[str, Any]]:
    if hand.runs and pledge.state == "claimed":
        return [hand.act("verify-pledge", pledge.number, verified=pledge.reported)]
    if hand.works and pledge.state in ("open", "partly", "missed"):
        return [hand.act("report-pledge", pledge.number)]
    return []


def _grant_acts(hand: Hand, change_waits: bool) -> list[dict[str, Any]]:
    suspended = hand.grant.state == Grant.State.SUSPENDED
    words = []
    if hand.works and not suspended and not change_waits:
        words.append("ask-change")
    if hand.owns or hand.runs:
        words.append("pledge")
    if hand.runs:
        words += ["condition", "resume" if suspended else "suspend"]
    if hand.owns or hand.runs:
        words.append("end")
    return [hand.act(word) for word in words]


@login_required
def agreement(request: HttpRequest, grant_id: str) -> HttpResponse:
    """The agreement with its addenda, to be read and signed."""
    return _agreement_page(request, grant_id)


def _agreement_page(
    request: HttpRequest, grant_id: str, wrong: tuple[str, int, forms.Form] | None = None
) -> HttpResponse:
    actor = actor_of(request)
    row = find(queries.grants_visible_to(actor), application__public_id=grant_id)
    paper = found(Agreement.objects.filter(grant=row).prefetch_related("addenda").first())
    hand = Hand(actor, row, wrong)
    context = {
        "grant": row,
        "call": row.application.call,
        "agreement": paper,
        "documents": [
            {"row": document, "blocks": list(blocks(str(document.text)))} for document in documents(paper)
        ],
        "sign": hand.act("sign", fingerprint=paper.fingerprint)
        if hand.owns and paper.state == Agreement.State.OFFERED
        else None,
    }
    return render(request, "programmes/agreement.html", context, status=422 if wrong else 200)


@login_required
def agreement_pdf(request: HttpRequest, grant_id: str) -> HttpResponse:
    from bitgoeul.apps.programmes.paper import agreement_pdf as written

    row = find(queries.grants_visible_to(actor_of(request)), application__public_id=grant_id)
    paper = found(Agreement.objects.filter(grant=row).select_related("grant__organisation").first())
    language = (get_language() or "ko")[:2]
    response = HttpResponse(written(paper, language), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="agreement-{grant_id}-{language}.pdf"'
    return response


@login_required
def evidence(request: HttpRequest, grant_id: str, evidence_id: int) -> FileResponse:
    """One file, as a download: nothing that somebody handed in is shown by the hub itself."""
    file = evidence_visible_to(actor_of(request), grant_id, evidence_id)
    return FileResponse(
        store().open(file.stored), as_attachment=True, filename=file.name, content_type=file.kind
    )


@login_required
@require_POST
def act(request: HttpRequest, grant_id: str, word: str, number: int = 0) -> HttpResponse:
    """Do one of the things that can be done with a grant."""
    if word not in ACTS:
        raise NotFound
    actor = actor_of(request)
    row = find(queries.grants_visible_to(actor), application__public_id=grant_id)
    form = Hand(actor, row).form(word, number, request.POST, request.FILES)
    if form.is_valid():
        try:
            ACTS[word].run(actor, grant_id, number, form)
        except Invalid as refusal:
            place_errors(form, refusal.errors)
        else:
            messages.success(request, str(ACTS[word].done))
            return redirect("programmes:grant", grant_id)
    page = _agreement_page if word == "sign" else _page
    return page(request, grant_id, (word, number, form))


@login_required
def desk(request: HttpRequest) -> HttpResponse:
    """What waits at the desk about grants, and what is overdue."""
    require(policies.may_run_calls(actor_of(request)))
    return render(request, "programmes/grants_desk.html", {"waiting": queries.waiting_at_the_desk()})


PATHS = [
    path("grants/", grants, name="grants"),
    path("grants/<str:grant_id>/", grant, name="grant"),
    path("grants/<str:grant_id>/agreement/", agreement, name="agreement"),
    path("grants/<str:grant_id>/agreement.pdf", agreement_pdf, name="agreement_pdf"),
    path("grants/<str:grant_id>/files/<int:evidence_id>/", evidence, name="evidence"),
    path("grants/<str:grant_id>/do/<slug:word>/", act, name="act"),
    path("grants/<str:grant_id>/do/<slug:word>/<int:number>/", act, name="act"),
    path("desk/grants/", desk, name="grants_desk"),
]
