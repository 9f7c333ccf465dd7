"""The plan: as a picture, on any day, and what changed between two versions."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from bitgoeul.apps.governance import commands, pictures, policies
from bitgoeul.apps.governance.forms import NODE_FORMS, AsOfForm, BeginForm, MeasurementForm, PublishForm
from bitgoeul.apps.governance.models import PlanVersion
from bitgoeul.apps.governance.queries import committees
from bitgoeul.apps.governance.queries import plan as queries
from bitgoeul.apps.governance.views.shared import actor_of, edit
from bitgoeul.apps.governance.wording import changes_between
from bitgoeul.engines import plans
from bitgoeul.kit.doors import find
from bitgoeul.kit.refusals import NotFound, Refusal, require

RECENT = 5


def index(request: HttpRequest) -> HttpResponse:
    """Where the hub is going, how far it has come, and who decides."""
    actor, day = actor_of(request), queries.today()
    version = queries.version_on(day)
    context = {
        **_picture(version, day),
        "committees": _levels(),
        "decisions": list(committees.decisions()[:RECENT]),
        "actions": list(committees.open_actions()[:RECENT]),
        "statistics": committees.statistics(),
        "today": day,
        "mine": list(committees.my_committees(actor)),
        "may_run": policies.may_run(actor),
    }
    return render(request, "governance/index.html", context)


def _picture(version: PlanVersion | None, day: dt.date) -> dict[str, Any]:
    if version is None:
        return {"version": None}
    phases = queries.phases_of(version.tree)
    phase = queries.phase_on(phases, day)
    return {
        "version": version,
        "strategies": queries.outline(version, day),
        "phases": [
            {"row": row, "share": row.share(day), "on": row == phase, "next": row.starts_on > day}
            for row in phases
        ],
        "phase": phase,
        "versions": queries.published().count(),
    }


def _levels() -> list[dict[str, Any]]:
    day = queries.today()
    rows = list(committees.committees())
    return [
        {
            "level": level,
            "word": next(row.get_level_display() for row in rows if row.level == level),
            "rows": [row for row in rows if row.level == level and row.sits_on(day)],
        }
        for level in committees.LEVELS
        if any(row.level == level and row.sits_on(day) for row in rows)
    ]


def plan(request: HttpRequest) -> HttpResponse:
    """The whole plan in words and figures, as it stood on any day."""
    versions = list(queries.published())
    form = AsOfForm(request.GET or None)
    asked = form.cleaned_data.get("on") if form.is_bound and form.is_valid() else None
    day = asked or queries.today()
    version = queries.version_on(day)
    if number := request.GET.get("version"):
        version = next((row for row in versions if str(row.number) == number), None)
        if version is None:
            raise NotFound
    context = {
        **_picture(version, day),
        "all_versions": versions,
        "form": AsOfForm(initial={"on": day}),
        "day": day,
        "is_today": day == queries.today(),
        "subject": "plan",
        "may_run": policies.may_run(actor_of(request)),
    }
    return render(request, "governance/plan.html", context)


def compare(request: HttpRequest) -> HttpResponse:
    """What changed from one version to another."""
    versions = {str(row.number): row for row in queries.published()}
    numbers = sorted(versions, key=int)
    if len(numbers) < 2:
        raise NotFound
    old = versions.get(request.GET.get("from", numbers[-2]))
    new = versions.get(request.GET.get("to", numbers[-1]))
    if old is None or new is None:
        raise NotFound
    context = {
        "old": old,
        "new": new,
        "all_versions": list(versions.values()),
        "changes": changes_between(old.tree, new.tree),
    }
    return render(request, "governance/compare.html", context)


def task(request: HttpRequest, key: str) -> HttpResponse:
    """One task: its indicators, the decisions that it rests on, what is still to be done."""
    version, strategy, row = _located_task(key)
    decisions = committees.decisions_about(key)
    actions = list(committees.open_actions().filter(decision__in=decisions))
    phases = {phase.key: phase for phase in queries.phases_of(version.tree)}
    context = {
        "version": version,
        "strategy": strategy,
        "task": row,
        "phases": [phases[name] for name in row.content.get("phases", []) if name in phases],
        "decisions": decisions,
        "actions": actions,
        "today": queries.today(),
    }
    return render(request, "governance/task.html", context)


def _located_task(key: str) -> tuple[PlanVersion, queries.Strategy, queries.Task]:
    """The task in the version that stands today, else in the newest one that had it."""
    today = queries.today()
    current = queries.version_on(today)
    for version in [*([current] if current else []), *queries.published()]:
        for strategy in queries.outline(version, today):
            for row in strategy.tasks:
                if row.key == key:
                    return version, strategy, row
    raise NotFound


def indicator(request: HttpRequest, key: str) -> HttpResponse:
    """One indicator: how it is counted, every figure with its source, its way to the target."""
    actor = actor_of(request)
    version, line, above = _located_line(key)
    history = queries.history_of(key)
    context = {
        "version": version,
        "line": line,
        "task": above,
        "history": history[::-1],
        "plot": pictures.plot(line, history, _("Figures of “%(title)s” over time") % {"title": line.title}),
        "subject": f"indicator:{key}",
        "may_run": policies.may_run(actor),
    }
    return render(request, "governance/indicator.html", context)


def _located_line(key: str) -> tuple[PlanVersion, queries.Line, queries.Task]:
    today = queries.today()
    current = queries.version_on(today)
    for version in [*([current] if current else []), *queries.published()]:
        for strategy in queries.outline(version, today):
            for above in strategy.tasks:
                for line in above.lines:
                    if line.key == key:
                        return version, line, above
    raise NotFound


@login_required
def measure(request: HttpRequest, key: str) -> HttpResponse:
    actor = actor_of(request)
    require(policies.may_run(actor))
    _version, line, _above = _located_line(key)
    form = MeasurementForm(request.POST or None)

    def save() -> HttpResponse:
        values = form.cleaned_data
        commands.record_measurement(
            by=actor,
            indicator=key,
            numerator=values["numerator"].strip(),
            denominator=values["denominator"].strip(),
            as_of=values["as_of"],
            precision=values["precision"],
            source=form.text("source"),
            url=values["url"],
        )
        messages.success(request, _("The figure is written down."))
        return redirect("governance:indicator", key)

    heading = _("New figure: %(title)s") % {"title": line.title}
    return edit(request, form, save, heading=heading, back=reverse("governance:indicator", args=[key]))


# The desk of the plan


@login_required
def plan_desk(request: HttpRequest) -> HttpResponse:
    """The draft beside the version in force: what would change, and every node with its form."""
    require(policies.may_run(actor_of(request)))
    draft = queries.draft()
    newest = queries.published().first()
    context = {
        "draft": draft,
        "newest": newest,
        "nodes": _outline_of(draft.tree) if draft else [],
        "changes": changes_between(newest.tree if newest else plans.EMPTY, draft.tree) if draft else [],
        "begin": BeginForm(),
        "kinds": _kind_words(),
    }
    return render(request, "governance/plan_desk.html", context)


def _kind_words() -> list[tuple[str, str]]:
    return [
        ("phase", _("New phase")),
        ("strategy", _("New strategy")),
        ("task", _("New task")),
        ("indicator", _("New indicator")),
    ]


def _outline_of(tree: plans.Tree) -> list[dict[str, Any]]:
    depth = {"phase": 0, "strategy": 0, "task": 1, "indicator": 2}
    return [
        {"node": node, "title": queries.Localised(node.content["title"]), "depth": depth[node.kind]}
        for node in plans.nodes(tree)
    ]


@login_required
@require_POST
def begin_plan(request: HttpRequest) -> HttpResponse:
    form = BeginForm(request.POST)
    until = form.cleaned_data["carry_until"] if form.is_valid() else None
    commands.begin_plan(by=actor_of(request), carry_until=until)
    messages.success(request, _("A new version is begun. Nobody sees it before it is published."))
    return redirect("governance:plan_desk")


@login_required
@require_POST
def discard_plan(request: HttpRequest) -> HttpResponse:
    commands.discard_plan(by=actor_of(request))
    messages.success(request, _("The draft is discarded."))
    return redirect("governance:plan_desk")


@login_required
def write_node(request: HttpRequest, kind: str, key: str = "") -> HttpResponse:
    """The form of one node."""
    actor = actor_of(request)
    require(policies.may_run(actor))
    draft = find(PlanVersion.objects.filter(state=PlanVersion.State.DRAFT))
    old = queries.node_of(draft.tree, kind, key) if key else None
    if kind not in NODE_FORMS or (key and old is None):
        raise NotFound
    form = NODE_FORMS[kind](request.POST or None, tree=draft.tree, old=old)

    def save() -> HttpResponse:
        commands.write_node(by=actor, kind=kind, node=form.node(), parent=form.above())
        messages.success(request, _("It is in the draft."))
        return redirect("governance:plan_desk")

    words = dict(_kind_words())
    heading = queries.Localised(old.content["title"]) if old else words[kind]
    drop = reverse("governance:drop_node", args=[key]) if old else ""
    return edit(request, form, save, heading=heading, back=reverse("governance:plan_desk"), drop=drop)


@login_required
@require_POST
def drop_node(request: HttpRequest, key: str) -> HttpResponse:
    commands.drop_node(by=actor_of(request), key=key)
    messages.success(request, _("It is no longer in the draft. Earlier versions keep it."))
    return redirect("governance:plan_desk")


@login_required
def publish_plan(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    require(policies.may_run(actor))
    find(PlanVersion.objects.filter(state=PlanVersion.State.DRAFT))
    form = PublishForm(request.POST or None)

    def save() -> HttpResponse:
        try:
            version = commands.publish_plan(
                by=actor,
                effective_from=form.cleaned_data["effective_from"],
                reason=form.text("reason"),
                decision=form.cleaned_data["decision"].strip(),
            )
        except Refusal as refusal:
            if hasattr(refusal, "errors"):
                raise
            form.add_error(None, f"{refusal}. {refusal.what_to_do()}")
            return render(
                request,
                "governance/edit.html",
                {"form": form, "heading": _("Publish the plan"), "back": reverse("governance:plan_desk")},
                status=422,
            )
        messages.success(request, _("Version %(number)s is published.") % {"number": version.number})
        return redirect("governance:plan")

    return edit(request, form, save, heading=_("Publish the plan"), back=reverse("governance:plan_desk"))
