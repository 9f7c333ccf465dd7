"""The public page of pools, the page of one pool, and the desk of those who run it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST

from bitgoeul.apps.capacity import commands, policies, queries
from bitgoeul.apps.capacity.forms import CapacityForm, ClaimForm, PoolForm, StateForm, UnitsForm
from bitgoeul.apps.capacity.models import Claim, Pool, Unit
from bitgoeul.apps.capacity.queries import Usage
from bitgoeul.apps.people.models import Organisation
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.api import signed_in
from bitgoeul.kit.doors import find
from bitgoeul.kit.paging import page_of
from bitgoeul.kit.refusals import Invalid, require

SHOWN_UNITS = 600
ACROSS = 30  # units in one row of the picture
BEHIND = 50


def _actor(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined]


def _pool(request: HttpRequest, slug: str) -> Pool:
    return find(queries.pools_visible_to(_actor(request)), slug=slug)


def _run(request: HttpRequest, slug: str) -> Pool:
    """A pool for somebody who runs it."""
    row = _pool(request, slug)
    require(policies.may_run(signed_in(request), row))
    return row


def _bar(usage: Usage) -> dict[str, Any]:
    """Where the capacity is, as the parts of one bar."""
    width, x, parts = 1000, 0, []
    for label, amount, colour in (
        (pgettext("capacity", "Claimed"), usage.claimed, "plot-1"),
        (pgettext("capacity", "Held"), usage.held, "lamp"),
        (pgettext("capacity", "Free"), usage.free, "dot-off"),
    ):
        if amount:
            share = max(1, width * amount // max(usage.capacity, 1))
            parts.append({"x": x, "width": share, "colour": colour, "label": label, "amount": amount})
            x += share
    return {"width": max(x, 1), "parts": parts}


def _picture(units: list[Unit]) -> dict[str, Any]:
    """Each numbered unit as a square: whose, free, or out of service."""
    squares = []
    for number, unit in enumerate(units[:SHOWN_UNITS]):
        state, colour = _unit_state(unit)
        row, column = divmod(number, ACROSS)
        squares.append({"x": column * 22, "y": row * 22, "colour": colour, "label": f"{unit.label}: {state}"})
    columns = min(len(units), ACROSS) or 1
    rows = (min(len(units), SHOWN_UNITS) + ACROSS - 1) // ACROSS or 1
    out = sum(not unit.in_service for unit in units)
    return {"squares": squares, "width": columns * 22 - 4, "height": rows * 22 - 4, "out": out}


def _unit_state(unit: Unit) -> tuple[str, str]:
    if not unit.in_service:
        return pgettext("unit", "out of service"), "stop"
    if unit.claim_id is None:
        return pgettext("unit", "free"), "dot-off"
    if unit.claim is not None and unit.claim.state == Claim.State.HELD:
        return pgettext("unit", "held"), "lamp"
    return pgettext("unit", "claimed"), "plot-1"


def index(request: HttpRequest) -> HttpResponse:
    """What there is and what is free of it, for everybody."""
    page = page_of(queries.pools_visible_to(_actor(request)), request)
    usages = queries.usages(page)
    rows = [{"pool": row, "usage": usages[row.pk], "bar": _bar(usages[row.pk])} for row in page]
    may_open = policies.may_open_pools(_actor(request))
    return render(request, "capacity/index.html", {"page": page, "rows": rows, "may_open": may_open})


def pool(request: HttpRequest, slug: str, *, form: Form | None = None, status: int = 200) -> HttpResponse:
    """One pool: what is free, in what order the line is served, and what is mine of it."""
    actor = _actor(request)
    row = _pool(request, slug)
    usage = queries.usage(row)
    units = list(queries.units_of(row)) if row.numbered else []
    places = [
        {"row": place, "position": queries.position(place)}
        for place in queries.own_places(actor).filter(pool=row)
    ]
    context = {
        "pool": row,
        "usage": usage,
        "bar": _bar(usage),
        "picture": _picture(units) if units else None,
        "more_units": max(len(units) - SHOWN_UNITS, 0),
        "claims": queries.own_claims(actor)
        .filter(pool=row, state__in=Claim.ACTIVE)
        .prefetch_related("units"),
        "places": places,
        "form": form or _claim_form(request, row),
        "takes": usage.free > 0 and not usage.waiting,
        "may_look_behind": policies.may_look_behind(actor, row),
    }
    return render(request, "capacity/pool.html", context, status=status)


def _claim_form(request: HttpRequest, row: Pool) -> ClaimForm | None:
    actor = _actor(request)
    if not (row.self_service and actor.is_signed_in and row.state == Pool.State.OPEN):
        return None
    organisations = list(queries.organisations_to_claim_for(actor))
    return ClaimForm(request.POST or None, organisations=organisations, most=row.most)


@require_POST
def claim(request: HttpRequest, slug: str) -> HttpResponse:
    """Claim for oneself or an organisation, or join the line if ``wait`` says so."""
    return _ask(request, slug, waits=False)


@require_POST
def wait(request: HttpRequest, slug: str) -> HttpResponse:
    return _ask(request, slug, waits=True)


def _ask(request: HttpRequest, slug: str, *, waits: bool) -> HttpResponse:
    actor = signed_in(request)
    row = _pool(request, slug)
    form = _claim_form(request, row)
    require(form is not None)
    assert form is not None
    if not form.is_valid():
        return pool(request, slug, form=form, status=422)
    entry = form.cleaned_data
    ask = commands.join_waiting_list if waits else commands.claim
    ask(
        by=actor,
        pool=row,
        quantity=entry["quantity"],
        key=f"{actor.id}/{entry['key']}",
        holder=_holder(actor, entry["holder"]),
        purpose=entry["purpose"],
    )
    messages.success(request, _("You are in the line.") if waits else _("It is yours."))
    return redirect("capacity:pool", slug)


def _holder(actor: Actor, organisation: str) -> Organisation | str:
    if not organisation:
        return actor.id
    return find(queries.organisations_to_claim_for(actor), slug=organisation)


@require_POST
def confirm(request: HttpRequest, claim_id: int) -> HttpResponse:
    row = find(queries.claims_visible_to(signed_in(request)), pk=claim_id)
    commands.confirm_hold(by=_actor(request), key=row.key)
    messages.success(request, _("It is yours."))
    return _back(request, row.pool)


@require_POST
def release(request: HttpRequest, claim_id: int) -> HttpResponse:
    row = find(queries.claims_visible_to(signed_in(request)), pk=claim_id)
    commands.release_claim(by=_actor(request), key=row.key)
    messages.success(request, _("It was given back."))
    return _back(request, row.pool)


@require_POST
def leave(request: HttpRequest, place_id: int) -> HttpResponse:
    place = find(queries.waiting_visible_to(signed_in(request)), pk=place_id)
    commands.leave_waiting_list(by=_actor(request), key=place.key)
    messages.success(request, _("The place in the line was given up."))
    return _back(request, place.pool)


def _back(request: HttpRequest, row: Pool) -> HttpResponse:
    return redirect("capacity:desk" if request.POST.get("from") == "desk" else "capacity:pool", row.slug)


# The desk


@login_required
def open_pool(request: HttpRequest) -> HttpResponse:
    """An operator opens a pool."""
    actor = _actor(request)
    require(policies.may_open_pools(actor))
    form = PoolForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            row = commands.open_pool(by=actor, **form.pool())
        except Invalid as refusal:
            for name, sentences in refusal.errors.items():
                form.add_error(name if name in form.fields else None, sentences)
        else:
            messages.success(request, _("The pool is open."))
            return redirect("capacity:desk", row.slug)
    return render(request, "capacity/new.html", {"form": form}, status=422 if form.is_bound else 200)


@login_required
def desk(request: HttpRequest, slug: str, **forms: Form) -> HttpResponse:
    """Use, holds, claims, the line and the units of one pool."""
    actor = _actor(request)
    row = _pool(request, slug)
    require(policies.may_look_behind(actor, row))
    usage = queries.usage(row)
    units = list(queries.units_of(row)) if row.numbered else []
    page, line = page_of(queries.active_claims(row), request, BEHIND), queries.line_of(row)[:BEHIND]
    queries.name_holders([*page, *line])
    context = {
        "pool": row,
        "usage": usage,
        "bar": _bar(usage),
        "picture": _picture(units) if units else None,
        "units": [{"row": unit, "state": _unit_state(unit)[0]} for unit in units[:SHOWN_UNITS]],
        "page": page,
        "line": line,
        "may_run": policies.may_run(actor, row),
        "state_form": StateForm(prefix="state"),
        "capacity_form": CapacityForm(prefix="size", initial={"capacity": usage.capacity}),
        "units_form": UnitsForm(prefix="units"),
    } | forms
    return render(request, "capacity/desk.html", context, status=422 if forms else 200)


@require_POST
def change_state(request: HttpRequest, slug: str) -> HttpResponse:
    row = _run(request, slug)
    if request.POST.get("to") == "open":
        commands.resume_pool(by=_actor(request), pool=row)
        messages.success(request, _("The pool gives out again."))
        return redirect("capacity:desk", slug)
    form = StateForm(request.POST, prefix="state")
    if not form.is_valid():
        return desk(request, slug, state_form=form)
    stop = commands.pause_pool if form.cleaned_data["to"] == "paused" else commands.close_pool
    stop(by=_actor(request), pool=row, reason=form.cleaned_data["reason"])
    messages.success(request, _("The pool gives nothing out now."))
    return redirect("capacity:desk", slug)


@require_POST
def change_capacity(request: HttpRequest, slug: str) -> HttpResponse:
    row = _run(request, slug)
    form = CapacityForm(request.POST, prefix="size")
    if not form.is_valid():
        return desk(request, slug, capacity_form=form)
    commands.change_capacity(by=_actor(request), pool=row, **form.cleaned_data)
    messages.success(request, _("The capacity was changed."))
    return redirect("capacity:desk", slug)


@require_POST
def add_units(request: HttpRequest, slug: str) -> HttpResponse:
    row = _run(request, slug)
    form = UnitsForm(request.POST, prefix="units")
    if form.is_valid():
        try:
            commands.add_units(by=_actor(request), pool=row, labels=form.cleaned_data["labels"])
        except Invalid as refusal:
            form.add_error("labels", refusal.errors.get("labels", []))
        else:
            messages.success(request, _("The units were added."))
            return redirect("capacity:desk", slug)
    return desk(request, slug, units_form=form)


@require_POST
def serve_unit(request: HttpRequest, slug: str, unit_id: int) -> HttpResponse:
    """Take a unit out of service, or bring it back."""
    row = _run(request, slug)
    unit = find(queries.units_of(row), pk=unit_id)
    if unit.in_service:
        commands.take_unit_out(
            by=_actor(request), pool=row, label=unit.label, reason=request.POST.get("reason", "")
        )
        messages.success(request, _("The unit is out of service."))
    else:
        commands.bring_unit_back(by=_actor(request), pool=row, label=unit.label)
        messages.success(request, _("The unit is back in service."))
    return redirect("capacity:desk", slug)
