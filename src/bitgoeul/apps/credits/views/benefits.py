"""What an organisation was given: its statement, and the operator's hand."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from bitgoeul.apps.credits import commands, policies
from bitgoeul.apps.credits.commands.benefits import subject_of
from bitgoeul.apps.credits.forms import BenefitForm, BenefitReversalForm
from bitgoeul.apps.credits.queries import benefits as queries
from bitgoeul.apps.credits.queries import prices
from bitgoeul.apps.credits.views.pages import organisation_of, tabs
from bitgoeul.kit.api import signed_in
from bitgoeul.kit.doors import find
from bitgoeul.kit.once import form_key
from bitgoeul.kit.paging import page_of
from bitgoeul.kit.refusals import require

LINES = 50


def statement(request: HttpRequest, slug: str) -> HttpResponse:
    organisation = organisation_of(request, slug)
    wanted = request.GET.get("year", "")
    year = int(wanted) if wanted.isascii() and wanted.isdecimal() and len(wanted) <= 4 else None
    programme = request.GET.get("programme", "")
    shown = queries.statement(organisation, year=year, programme=programme)
    address = {name: value for name, value in (("year", year), ("programme", programme)) if value}
    return render(
        request,
        "credits/benefits.html",
        {
            "organisation": organisation,
            "statement": shown,
            "page": page_of(shown.lines[::-1], request, LINES),
            "years": [(str(one), one) for one in queries.years(organisation)],
            "programmes": [(one, one) for one in queries.programmes(organisation)],
            "year": year or "",
            "programme": programme,
            "worries": [queries.said(finding) for finding in queries.funded_twice(organisation)],
            "agreed": prices.agreed(organisation)[:20],
            "download": f"/api/credits/{slug}/benefits?" + urlencode(address | {"format": ""}),
            "tabs": tabs(organisation, "credits:benefits"),
            "subject": subject_of(organisation),
            "may_post": policies.may_post_benefits(signed_in(request)),
        },
    )


def post(request: HttpRequest, slug: str) -> HttpResponse:
    """An operator enters a support by hand; warnings are read before, and stop nobody."""
    organisation = organisation_of(request, slug)
    actor = signed_in(request)
    require(policies.may_post_benefits(actor))
    form = BenefitForm(request.POST or None, initial={"reference": f"hand:{form_key()}"})
    worries: list[str] = []
    if request.method == "POST" and form.is_valid():
        entry = form.cleaned_data
        worries = [queries.said(found) for found in queries.double_funding(organisation, **form.support())]
        if not worries or entry["seen"]:
            commands.post_benefit(
                by=actor,
                organisation=organisation,
                reference=entry["reference"],
                legal_basis={"ko": entry["basis_ko"], "en": entry["basis_en"]},
                **form.support(),
            )
            messages.success(request, _("The support was entered."))
            return redirect("credits:benefits", organisation.slug)
        form.ask_again()
    status = 422 if form.is_bound else 200
    context = {"organisation": organisation, "form": form, "kind": "post", "worries": worries}
    return render(request, "credits/benefit_form.html", context, status=status)


def reverse(request: HttpRequest, slug: str) -> HttpResponse:
    """An operator undoes a line by another."""
    organisation = organisation_of(request, slug)
    actor = signed_in(request)
    require(policies.may_reverse(actor))
    form = BenefitReversalForm(request.POST or None, initial={"reference": request.GET.get("reference", "")})
    if request.method == "POST" and form.is_valid():
        find(queries.lines(organisation), reference=form.cleaned_data["reference"])
        commands.reverse_benefit(by=actor, **form.cleaned_data)
        messages.success(request, _("The line was reversed."))
        return redirect("credits:benefits", organisation.slug)
    status = 422 if form.is_bound else 200
    context = {"organisation": organisation, "form": form, "kind": "reversal"}
    return render(request, "credits/benefit_form.html", context, status=status)
