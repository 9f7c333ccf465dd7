"""The pages of services."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from bitgoeul.apps.people.models import Organisation
from bitgoeul.apps.registry import queries as registry
from bitgoeul.apps.services import asking, commands, forms, policies, protocol, queries
from bitgoeul.apps.services.errors import NoCredits, SlugTaken, reason_of_state
from bitgoeul.apps.services.models import Service
from bitgoeul.kit.api import signed_in
from bitgoeul.kit.paging import page_of
from bitgoeul.kit.refusals import Invalid, Refusal, require
from bitgoeul.kit.text import Localised


@dataclass(frozen=True)
class Said:
    """An answer of the model in words."""

    sentence: str
    percent: int | None
    base: str
    outputs: dict[str, Any]


@require_GET
def catalogue(request: HttpRequest) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    sector, text = request.GET.get("sector", ""), request.GET.get("text", "")
    page = page_of(
        lambda: queries.listed(actor, sector=sector, text=text),
        request,
        size=queries.LISTED,
        begin=lambda: queries.first_listed(actor, sector=sector, text=text),
    )
    return render(
        request,
        "services/catalogue.html",
        {
            "page": page,
            "sector": sector,
            "text": text,
            "sectors": Organisation.Sector.choices,
        },
    )


@require_GET
def service(request: HttpRequest, slug: str) -> HttpResponse:
    """The public page: a form made of the inputs; with values in the address, the answer too."""
    actor = request.actor  # type: ignore[attr-defined]
    row = queries.service_of(actor, slug)
    asked = "ask" in request.GET
    form = forms.question_form(row, request.GET) if asked else None
    said: Said | None = None
    refused: Refusal | None = None
    if form and form.is_valid():
        try:
            protocol.check_allowance(request)
            said = _said(row, asking.predict(row, forms.row_of(row, form.values())))
        except Refusal as refusal:
            refused = refusal
    may_manage = policies.may_manage(actor, row.organisation_id)
    status = int(refused.status) if refused else 200
    return render(
        request,
        "services/service.html",
        {
            "service": row,
            "form": form,
            # Asked for only while the form of this version is not drawn yet.
            "empty_form": lambda: forms.question_form(row),
            "said": said,
            "refused": refused,
            "why": reason_of_state(row.note),
            "version": row.version,
            "today": queries.predictions_today(row),
            "total": queries.predictions_total(row),
            "price": queries.present_price(),
            "crashes": queries.latest_crashes(row),
            "usage": queries.usage_by_day(row) if may_manage else [],
            "may_manage": may_manage,
            "versions": _other_versions(request, row) if may_manage else [],
            "curl": lambda: _curl(row),
            "subject": row.subject,
        },
        status=status,
    )


def _said(row: Service, outputs: dict[str, Any]) -> Said:
    """The answer as a sentence with the probability in whole percent; other models show their outputs."""
    probability = outputs.get("probability")
    document = row.version.document
    if probability is None:
        return Said(_("The model has answered."), None, "", outputs)
    percent = round(100 * probability)
    template = str(Localised(document.get("answer") or {}))
    if "{percent}" in template:
        # Not str.format: the template was written by a member.
        sentence = template.replace("{percent}", str(percent))
    else:
        sentence = _("%(title)s: the probability is %(percent)s%%.") % {"title": row, "percent": percent}
    base = ""
    if (share := document.get("metrics", {}).get("base_rate")) is not None:
        base = _("In the rows it was tested on, this happened in %(percent)s%% of all cases.") % {
            "percent": round(100 * share)
        }
    return Said(sentence, percent, base, outputs)


def _curl(row: Service) -> str:
    tensors = [
        {
            "name": item["name"],
            "datatype": item["datatype"],
            "shape": [1, *[max(1, size) for size in item["shape"][1:]]],
            "data": [item.get("default") if item.get("default") is not None else _zero(item["datatype"])],
        }
        for item in row.version.document["inputs"]
    ]
    lines = ",\n  ".join(json.dumps(tensor, ensure_ascii=False) for tensor in tensors)
    body = ('{"inputs": [\n  ' + lines + "\n]}").replace("'", "'\\''")
    return f"curl {settings.URL}/v2/models/{row.slug}/infer -H 'Content-Type: application/json' -d '{body}'"


def _zero(datatype: str) -> Any:
    return {"BYTES": "", "BOOL": False}.get(datatype, 0)


def _other_versions(request: HttpRequest, row: Service) -> list[Any]:
    rows = registry.versions_visible_to(request.actor)  # type: ignore[attr-defined]
    return list(rows.filter(model=row.version.model, state="available").exclude(pk=row.version_id)[:20])


def deploy(request: HttpRequest) -> HttpResponse:
    """Choose an address and words for a model version, and let it answer."""
    actor = signed_in(request)
    reference = request.GET.get("version") or request.POST.get("version") or ""
    version = registry.version_of(actor, reference)
    require(policies.may_deploy(actor, version.model.organisation_id))
    initial = {
        "slug": version.model.slug[:60],
        "title_ko": version.model.title.get("ko", ""),
        "title_en": version.model.title.get("en", ""),
        "description_ko": (version.document.get("question") or {}).get("ko", ""),
        "description_en": (version.document.get("question") or {}).get("en", ""),
        "sector": version.model.sector,
        "public": True,
    }
    form = forms.DeployForm(request.POST or None, initial=initial)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            row = commands.deploy_service(
                by=actor,
                model_version=str(version),
                slug=form.cleaned_data["slug"],
                title=form.both("title"),
                description=form.both("description"),
                sector=form.cleaned_data["sector"],
                public=form.cleaned_data["public"],
            )
        except Invalid as refusal:
            for name, sentences in refusal.errors.items():
                form.add_error(name if name in form.fields else None, sentences)
            status = int(refusal.status)
        except SlugTaken as refusal:
            form.add_error("slug", str(refusal))
            status = int(refusal.status)
        except NoCredits as refusal:
            form.add_error(None, f"{refusal}. {refusal.what_to_do()}")
            status = int(refusal.status)
        else:
            messages.success(request, _("The service is starting. It answers in a few seconds."))
            return redirect("services:service", row.slug)
    return render(
        request,
        "services/deploy.html",
        {"form": form, "version": version, "price": queries.present_price()},
        status=status if request.method == "POST" and status != 200 else 200,
    )


@require_POST
def stop(request: HttpRequest, slug: str) -> HttpResponse:
    commands.stop_service(by=request.actor, service=slug)  # type: ignore[attr-defined]
    messages.success(request, _("The service is stopped."))
    return redirect("services:service", slug)


@require_POST
def start(request: HttpRequest, slug: str) -> HttpResponse:
    commands.start_service(by=request.actor, service=slug)  # type: ignore[attr-defined]
    messages.success(request, _("The service is starting. It answers in a few seconds."))
    return redirect("services:service", slug)


@require_POST
def redeploy(request: HttpRequest, slug: str) -> HttpResponse:
    commands.redeploy_service(
        by=request.actor,  # type: ignore[attr-defined]
        service=slug,
        model_version=request.POST.get("version", ""),
    )
    messages.success(request, _("The service starts again with the other version."))
    return redirect("services:service", slug)
