"""The pages of an organisation's credits."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from bitgoeul.apps.credits import commands, policies, queries
from bitgoeul.apps.credits.forms import GrantForm, ReversalForm, SpanForm, start_of
from bitgoeul.apps.credits.models import Hold
from bitgoeul.apps.credits.views.pages import organisation_of, tabs
from bitgoeul.kit.api import signed_in
from bitgoeul.kit.doors import find
from bitgoeul.kit.once import form_key
from bitgoeul.kit.paging import page_of
from bitgoeul.kit.refusals import require

LINES = 50


def index(request: HttpRequest) -> HttpResponse:
    """The credits of every organisation one may look at; of a single one, its page at once."""
    actor = signed_in(request)
    seen = queries.organisations_seen_by(actor)
    if not policies.may_see_all(actor) and seen.count() == 1:
        return redirect("credits:detail", seen.get().slug)
    wanted = request.GET.get("q", "").strip()
    page = page_of(seen.filter(name__icontains=wanted) if wanted else seen, request)
    rows = [(organisation, queries.balance(organisation)) for organisation in page]
    return render(request, "credits/index.html", {"page": page, "rows": rows, "wanted": wanted})


def detail(request: HttpRequest, slug: str) -> HttpResponse:
    organisation = organisation_of(request, slug)
    actor = signed_in(request)
    balance = queries.balance(organisation)
    span = SpanForm(request.GET)
    since, until = span.moments()
    statement = queries.statement(organisation, since, until)
    address = {
        name: moment.isoformat()
        for name, moment in (("since", since), ("until", until))
        if moment is not None
    }
    return render(
        request,
        "credits/detail.html",
        {
            "organisation": organisation,
            "balance": balance,
            "standing": queries.standing(organisation),
            "bar": _bar(balance),
            "tranches": queries.tranches_with_state(organisation),
            "holds": Hold.objects.filter(wallet__organisation=organisation, state=Hold.State.OPEN).order_by(
                "-id"
            )[:20],
            "statement": statement,
            "page": page_of(statement.lines[::-1], request, LINES),
            "span": span,
            "download": f"/api/credits/{organisation.slug}/statement?" + urlencode(address | {"format": ""}),
            "tabs": tabs(organisation, "credits:detail"),
            "subject": commands.subject_of(organisation),
            "may_grant": policies.may_grant(actor),
        },
    )


def _bar(balance: queries.Balance) -> dict[str, Any]:
    """Where the granted credits are, as the parts of one bar."""
    width, x, parts = 1000, 0, []
    for label, amount, colour in (
        (pgettext("statement", "Spent"), balance.spent, "plot-5"),
        (pgettext("statement", "Held"), balance.held, "lamp"),
        (pgettext("statement", "Left"), balance.left, "ok"),
        (pgettext("statement", "Expired"), balance.expired, "dot-off"),
    ):
        if amount:
            share = max(1, width * amount // balance.granted)
            parts.append({"x": x, "width": share, "colour": colour, "label": label})
            x += share
    return {"width": max(x, 1), "parts": parts}


def grant(request: HttpRequest, slug: str) -> HttpResponse:
    """An operator gives credits by hand."""
    organisation = organisation_of(request, slug)
    actor = signed_in(request)
    require(policies.may_grant(actor))
    form = GrantForm(request.POST or None, initial={"reference": f"hand:{form_key()}"})
    if request.method == "POST" and form.is_valid():
        entry = form.cleaned_data
        starts_at, ends_at = start_of(entry["starts_on"]), start_of(entry["ends_on"])
        assert starts_at is not None
        assert ends_at is not None
        commands.grant_credits(
            by=actor,
            organisation=organisation,
            amount=entry["amount"],
            starts_at=starts_at,
            ends_at=ends_at,
            reference=entry["reference"],
            source=entry["source"],
        )
        messages.success(request, _("Credits granted."))
        return redirect("credits:detail", organisation.slug)
    status = 422 if form.is_bound else 200
    context = {"organisation": organisation, "form": form, "kind": "grant"}
    return render(request, "credits/form.html", context, status=status)


def reverse_transfer(request: HttpRequest, slug: str) -> HttpResponse:
    """An operator undoes a transfer by a new one."""
    organisation = organisation_of(request, slug)
    actor = signed_in(request)
    require(policies.may_reverse(actor))
    form = ReversalForm(request.POST or None, initial={"reference": request.GET.get("reference", "")})
    if request.method == "POST" and form.is_valid():
        find(queries.transfers(organisation), reference=form.cleaned_data["reference"])
        commands.reverse_transfer(by=actor, **form.cleaned_data)
        messages.success(request, _("The transfer was reversed."))
        return redirect("credits:detail", organisation.slug)
    status = 422 if form.is_bound else 200
    context = {"organisation": organisation, "form": form, "kind": "reversal"}
    return render(request, "credits/form.html", context, status=status)
