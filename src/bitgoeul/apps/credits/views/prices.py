"""Price lists: for everybody to read and ask, for operators to write; and estimates of incentives."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from bitgoeul.apps.credits import commands, policies
from bitgoeul.apps.credits.forms import EquipmentQuoteForm, EstimateForm, MachineQuoteForm, TariffForms
from bitgoeul.apps.credits.models import Tariff
from bitgoeul.apps.credits.queries import prices as queries
from bitgoeul.engines import pricing
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.api import signed_in
from bitgoeul.kit.doors import find
from bitgoeul.kit.refusals import Invalid, Refusal, require
from bitgoeul.kit.text import Localised


def _actor(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined]


def index(request: HttpRequest) -> HttpResponse:
    """The prices in force today."""
    return _page(request, queries.in_force(queries.today()))


def detail(request: HttpRequest, number: int) -> HttpResponse:
    return _page(request, find(queries.tariffs_seen_by(_actor(request)), number=number))


def _page(request: HttpRequest, tariff: Tariff | None) -> HttpResponse:
    actor = _actor(request)
    context: dict[str, Any] = {
        "tariff": tariff,
        "others": queries.tariffs_seen_by(actor)
        .exclude(pk=tariff.pk if tariff else 0)
        .exclude(state=Tariff.State.DROPPED)[:20],
        "may_set": policies.may_set_prices(actor),
        "today": queries.today(),
    }
    if tariff is not None:
        prices = tariff.prices()
        context |= {
            "basis": Localised.of(prices.basis),
            "prices": prices,
            "machines": [(Localised.of(row.title), row) for row in prices.machines.values()],
            "equipment": [(Localised.of(row.title), row) for row in prices.equipment.values()],
            "discounts": [
                (Localised.of(row.title), Localised.of(row.basis), row) for row in prices.discounts.values()
            ],
            "in_force": tariff == queries.in_force(queries.today()),
        } | _quotes(request, tariff)
    return render(request, "credits/prices.html", context)


def _quotes(request: HttpRequest, tariff: Tariff) -> dict[str, Any]:
    """The two questions, and the answer to the one that was asked."""
    asked = request.GET.get("ask", "")
    forms: dict[str, MachineQuoteForm | EquipmentQuoteForm] = {
        "machine": MachineQuoteForm(tariff, request.GET if asked == "machine" else None, prefix="machine"),
        "equipment": EquipmentQuoteForm(
            tariff, request.GET if asked == "equipment" else None, prefix="equipment"
        ),
    }
    found = None
    if asked in forms and forms[asked].is_valid():
        try:
            found = forms[asked].quote()
        except Invalid as problem:
            for name, sentences in problem.errors.items():
                forms[asked].add_error(name if name in forms[asked].fields else None, sentences)
    discount = tariff.prices().discounts.get(found.discount) if found else None
    return {
        "machine_form": forms["machine"],
        "equipment_form": forms["equipment"],
        "asked": asked,
        "quote": found,
        "discount": Localised.of(discount.title) if discount else "",
    }


@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """A draft: a copy of a list, or of the example prices."""
    copy_of = request.POST.get("copy_of", "")
    draft = commands.start_tariff(
        by=signed_in(request), copy_of=int(copy_of) if copy_of.isascii() and copy_of.isdecimal() else None
    )
    return redirect("credits:prices_edit", draft.number)


def edit(request: HttpRequest, number: int) -> HttpResponse:
    actor = signed_in(request)
    require(policies.may_set_prices(actor))
    draft = find(Tariff.objects.filter(state=Tariff.State.DRAFT), number=number)
    forms = TariffForms(draft, request.POST or None)
    if request.method == "POST" and forms.is_valid():
        try:
            commands.edit_tariff(by=actor, number=number, **forms.fields())
        except Invalid as problem:
            forms.refuse(problem.errors)
        else:
            messages.success(request, _("The draft was saved."))
            return redirect("credits:prices_detail", number)
    status = 422 if request.method == "POST" else 200
    return render(request, "credits/prices_edit.html", {"tariff": draft, "forms": forms}, status=status)


@require_POST
def publish(request: HttpRequest, number: int) -> HttpResponse:
    commands.publish_tariff(by=signed_in(request), number=number)
    messages.success(request, _("The price list was published."))
    return redirect("credits:prices_detail", number)


@require_POST
def drop(request: HttpRequest, number: int) -> HttpResponse:
    commands.drop_tariff(by=signed_in(request), number=number)
    messages.success(request, _("The draft was given up."))
    return redirect("credits:prices")


def incentives(request: HttpRequest) -> HttpResponse:
    """Incentives by dated rules; each is an estimate and says so."""
    asked = request.GET.get("rule", "")
    return render(
        request,
        "credits/incentives.html",
        {"cards": [_card(request, rule, rule.name == asked) for rule in pricing.RULES.values()]},
    )


def _card(request: HttpRequest, rule: pricing.Rule, is_asked: bool) -> dict[str, Any]:
    form = EstimateForm(
        rule, request.GET if is_asked else None, prefix=rule.name, initial={"on": queries.today()}
    )
    card: dict[str, Any] = {
        "rule": rule,
        "title": Localised.of(rule.title),
        "law": Localised.of(rule.law),
        "note": Localised.of(rule.note),
        "form": form,
    }
    if is_asked and form.is_valid():
        try:
            card["found"] = queries.incentive(rule.name, form.amounts(), form.cleaned_data["on"])
        except Invalid as problem:
            for name, sentences in problem.errors.items():
                form.add_error(name, sentences)
        except Refusal as refusal:
            form.add_error("on", f"{refusal}. {refusal.what_to_do()}")
    return card
