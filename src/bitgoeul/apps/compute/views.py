"""The pages of compute: jobs, their submission, and one job from its queue to its outputs."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bitgoeul.apps.compute import api, policies, queries, recipes, wording
from bitgoeul.apps.compute.commands import (
    DEFAULT_RESOURCES,
    cancel_job,
    resources_checked,
    retry_job,
    submit_job,
)
from bitgoeul.apps.compute.forms import (
    CodeForm,
    JobForm,
    RecipeForms,
    ResourcesForm,
    initial_resources,
)
from bitgoeul.apps.compute.models import Job
from bitgoeul.apps.credits.queries import balance
from bitgoeul.apps.people.queries import organisations_of
from bitgoeul.kit.doors import find
from bitgoeul.kit.once import once
from bitgoeul.kit.paging import page_of
from bitgoeul.kit.refusals import Invalid, NotFound, Refusal

OWN_CODE = "code"
LOG_LINES = 18  # as many as the box shows without scrolling: the end is what people look for
TABS = {
    "": (None, lambda: _("All")),
    "open": (Job.OPEN, lambda: _("Not ended")),
    "succeeded": ((Job.State.SUCCEEDED,), lambda: _("Succeeded")),
    "failed": ((Job.State.FAILED, Job.State.CANCELLED), lambda: _("Failed or cancelled")),
}


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The machine for everybody; the jobs of one's organisations for members."""
    actor = request.actor  # type: ignore[attr-defined]
    show = request.GET.get("show", "")
    states = TABS.get(show, TABS[""])[0]
    rows = queries.visible_to(actor) if actor.is_signed_in else Job.objects.none()
    return render(
        request,
        "compute/index.html",
        {
            "page": page_of(rows.filter(state__in=states) if states else rows, request),
            "show": show,
            "tabs": [
                {"url": f"?show={name}" if name else "?", "label": label(), "on": name == show}
                for name, (_states, label) in TABS.items()
            ],
            "machine": queries.machine(),
            "probe": queries.executor().probe(),
            "prices": queries.prices(),
            "recipes": list(recipes.every().values()),
            "may_submit": any(policies.may_submit(actor, pk) for pk in actor.memberships),
        },
    )


@login_required
@require_safe
def new(request: HttpRequest) -> HttpResponse:
    """Choose a recipe or one's own program."""
    return render(
        request,
        "compute/new.html",
        {"recipes": list(recipes.every().values()), "probe": queries.executor().probe()},
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def submit(request: HttpRequest, name: str) -> HttpResponse:
    """Fill in and submit one job."""
    actor = request.actor  # type: ignore[attr-defined]
    if not organisations_of(actor).exists():
        return render(request, "compute/no_organisation.html")
    recipe = None if name == OWN_CODE else recipes.named(name)
    posted = request.POST if request.method == "POST" else None
    like = _like(request)
    job = JobForm(actor, posted, initial=_initial(request, recipe, like))
    resources = ResourcesForm(posted, initial=initial_resources(_resources_like(recipe, like)))
    program: Any = (
        RecipeForms(recipe, posted, like.parameters if like else None)
        if recipe
        else CodeForm(posted, request.FILES if posted is not None else None)
    )
    status = 200
    if posted is not None and all([job.is_valid(), resources.is_valid(), program.is_valid()]):
        try:
            number = once(
                by=actor,
                key=posted.get("once"),
                request=["submit", name, posted.dict() | {"once": ""}],
                do=lambda: _submit(actor, recipe, job, resources, program),
            )
        except NotFound:
            raise
        except Refusal as refusal:
            status = int(refusal.status)
            _show(refusal, job, resources, program)
        else:
            messages.success(request, _("The job is in the queue."))
            return redirect("compute:job", number)
    elif posted is not None:
        status = 422
    context = {
        "recipe": recipe,
        "job_form": job,
        "program": program,
        "resources": resources,
        "estimate": _estimate(resources),
        "prices": queries.prices(),
        "probe": queries.executor().probe(),
        "credits": balance(organisations_of(actor)[0]) if organisations_of(actor).count() == 1 else None,
    }
    return render(request, "compute/submit.html", context, status=status)


def _like(request: HttpRequest) -> Job | None:
    """The job that is to be copied with changes, if one is named and visible."""
    number = request.GET.get("like", "")
    actor = request.actor  # type: ignore[attr-defined]
    return find(queries.visible_to(actor), pk=int(number)) if number.isdecimal() else None


def _initial(request: HttpRequest, recipe: recipes.Recipe | None, like: Job | None) -> dict[str, Any]:
    inputs = request.GET.getlist("input") or (like.inputs if like else [])
    initial: dict[str, Any] = {"inputs": queries.readable_inputs(request.actor, inputs)}  # type: ignore[attr-defined]
    if like:
        initial |= {"title": like.title, "organisation": like.organisation.slug}
    elif recipe:
        initial["title"] = str(recipe.title)
    return initial


def _resources_like(recipe: recipes.Recipe | None, like: Job | None) -> dict[str, int]:
    if like:
        return {"cpus": like.cpus, "memory_mib": like.memory_mib, "wall_s": like.wall_s, "gpus": like.gpus}
    return recipe.resources if recipe else DEFAULT_RESOURCES


def _submit(
    actor: Any, recipe: recipes.Recipe | None, job: JobForm, resources: ResourcesForm, program: Any
) -> int:
    told = job.cleaned_data
    code = None
    if recipe is None:
        file = program.cleaned_data["code"]
        code = (file.name, file.read())
    row = submit_job(
        by=actor,
        organisation=queries.organisation_for(actor, told["organisation"]),
        title=told["title"],
        recipe=recipe.name if recipe else "",
        code=code,
        command="" if recipe else program.cleaned_data["command"],
        inputs=told.get("inputs", []),
        parameters=program.values(),
        resources=resources.resources(),
    )
    return row.pk


def _show(refusal: Refusal, job: JobForm, resources: ResourcesForm, program: Any) -> None:
    """Say a refusal where it can be put right; nothing that was typed is lost."""
    errors = refusal.errors if isinstance(refusal, Invalid) else {}
    if isinstance(program, RecipeForms):
        errors = program.take(errors)
    named = {"resources.cpus": "cpus", "resources.memory_mib": "memory_gib", "resources.wall_s": "minutes"}
    for place, sentences in errors.items():
        target: django_forms.Form = resources if place in named else job
        field = named.get(place, place)
        target.add_error(field if field in target.fields else None, sentences)
    if not isinstance(refusal, Invalid):
        job.add_error(None, f"{refusal}. {refusal.what_to_do()}")


def _estimate(resources: ResourcesForm) -> int | None:
    """The most that it can cost, of what was typed so far; None when that is no amount."""
    asked = ResourcesForm(resources.data if resources.is_bound else resources.initial)
    if not asked.is_valid():
        return None
    try:
        need, wall_s = resources_checked(asked.resources())
    except Refusal:
        return None
    return queries.most_it_can_cost(queries.prices(), need, wall_s)


@require_safe
def estimate(request: HttpRequest) -> HttpResponse:
    """The price beside the form, while it is being filled in."""
    form = ResourcesForm(request.GET)
    problem = ""
    if form.is_valid():
        try:
            resources_checked(form.resources())
        except Refusal as refusal:
            sentences = [s for part in getattr(refusal, "errors", {}).values() for s in part]
            problem = " ".join(sentences) or str(refusal)
    return render(request, "compute/_estimate.html", {"estimate": _estimate(form), "problem": problem})


def _context(request: HttpRequest, job: Job) -> dict[str, Any]:
    actor = request.actor  # type: ignore[attr-defined]
    usage = queries.live_usage(job)
    return {
        "job": job,
        "wait": queries.wait_of(job),
        "progress": queries.progress(job),
        "usage": usage,
        "cost": queries.cost_so_far(job),
        "timeline": wording.timeline(job, queries.timeline(job)),
        "log": queries.log_end(job, lines=LOG_LINES),
        "may_cancel": policies.may_cancel(actor, job) and not job.has_ended and not job.cancel_requested_at,
        "may_retry": policies.may_submit(actor, job.organisation_id) and job.has_ended,
    }


@login_required
@require_safe
def job(request: HttpRequest, job_id: int) -> HttpResponse:
    """One job: why it waits or how far it is, what it costs, its log, its outputs, its lineage."""
    actor = request.actor  # type: ignore[attr-defined]
    row = find(queries.visible_to(actor), pk=job_id)
    context = _context(request, row) | {
        "chips": wording.lineage(row, queries.inputs_shown_to(actor, row), queries.models_of(row)),
        "parameters": wording.parameters(row),
        "command": " ".join(row.command),
        "credits": balance(row.organisation) if actor.belongs_to(row.organisation_id) else None,
    }
    return render(request, "compute/job.html", context)


@login_required
@require_safe
def live(request: HttpRequest, job_id: int) -> HttpResponse:
    """The part of the page that changes; once the state has changed, the whole page is asked for anew."""
    row = find(queries.visible_to(request.actor), pk=job_id)  # type: ignore[attr-defined]
    response = render(request, "compute/_live.html", _context(request, row))
    if request.GET.get("state", row.state) != row.state:
        response["HX-Refresh"] = "true"
    return response


@login_required
@require_safe
def log(request: HttpRequest, job_id: int) -> HttpResponse:
    """The whole log as plain text."""
    row = find(queries.visible_to(request.actor), pk=job_id)  # type: ignore[attr-defined]
    response = HttpResponse(queries.whole_log(row), content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'inline; filename="job-{row.pk}.log"'
    return response


@login_required
@require_safe
def output(request: HttpRequest, job_id: int, name: str) -> FileResponse:
    return api.download(find(queries.visible_to(request.actor), pk=job_id), name)  # type: ignore[attr-defined]


@login_required
@require_POST
def cancel(request: HttpRequest, job_id: int) -> HttpResponse:
    row = cancel_job(by=request.actor, job_id=job_id)  # type: ignore[attr-defined]
    if row.has_ended:
        messages.success(request, _("The job is cancelled and its credits are back."))
    else:
        messages.success(request, _("The job was asked to end. What it did not use comes back."))
    return redirect(row)


@login_required
@require_POST
def retry(request: HttpRequest, job_id: int) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    number = once(
        by=actor,
        key=request.POST.get("once"),
        request=["retry", job_id],
        do=lambda: retry_job(by=actor, job_id=job_id).pk,
    )
    messages.success(request, _("The same job is in the queue again."))
    return redirect("compute:job", number)
