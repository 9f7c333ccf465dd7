"""The pages of the registry."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from bitgoeul.apps.people.models import Organisation
from bitgoeul.apps.registry import charts, commands, policies, queries, reading
from bitgoeul.apps.registry.api import file_response
from bitgoeul.apps.registry.errors import reason
from bitgoeul.apps.registry.models import ModelVersion
from bitgoeul.kit.doors import find
from bitgoeul.kit.paging import page_of


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
    refused = []
    if actor.is_signed_in:
        rows = queries.registrations_visible_to(actor).filter(outcome="refused")[:5]
        refused = [(row, reason(row.code, row.facts)) for row in rows]
    return render(
        request,
        "registry/catalogue.html",
        {
            "page": page,
            "sector": sector,
            "text": text,
            "sectors": Organisation.Sector.choices,
            "refused": refused,
        },
    )


@require_GET
def model(request: HttpRequest, slug: str) -> HttpResponse:
    newest = queries.newest_version(queries.model_of(request.actor, slug))  # type: ignore[attr-defined]
    if newest is None:
        return redirect("registry:catalogue")
    return _page(request, newest)


@require_GET
def version(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    return _page(request, _version(request, slug, number))


def _version(request: HttpRequest, slug: str, number: int) -> ModelVersion:
    rows = queries.versions_visible_to(request.actor)  # type: ignore[attr-defined]
    return find(rows, model__slug=slug, number=number)


def _page(request: HttpRequest, row: ModelVersion) -> HttpResponse:
    return render(
        request,
        "registry/version.html",
        {
            "version": row,
            "model": row.model,
            "versions": queries.versions_of(row.model),
            "read": lambda: _read(row),  # asked for only while this version is not drawn yet
            "may_manage": policies.may_manage(request.actor, row.model.organisation_id),  # type: ignore[attr-defined]
            "subject": f"model:{row.model.slug}",
        },
    )


def _read(row: ModelVersion) -> dict[str, Any]:
    """What the version says of itself.  It never changes."""
    curves = row.document.get("curves", {})
    roc, calibration, importance = curves.get("roc"), curves.get("calibration"), reading.importance(row)
    return {
        "measures": reading.measures(row),
        "confusion": reading.confusion(row),
        "inputs": reading.tensors(row, "inputs"),
        "outputs": reading.tensors(row, "outputs"),
        "card": reading.card(row),
        "split": reading.split(row),
        "roc": roc,
        "roc_chart": charts.roc_chart(roc, row.document.get("metrics", {}).get("auc")) if roc else "",
        "calibration": calibration,
        "calibration_chart": charts.calibration_chart(calibration) if calibration else "",
        "importance": [(name, share, charts.bar(share, importance[0][1])) for name, share in importance],
        "chips": _chips(row),
    }


def _chips(row: ModelVersion) -> list[dict[str, object]]:
    """Where the version came from: dataset versions, the job, this version."""
    chips: list[dict[str, object]] = []
    for reference in row.lineage.get("datasets", []):
        slug = str(reference).split("@", 1)[0]
        chips.append({"label": str(reference), "url": f"/lake/{slug}/"})
    if job := row.lineage.get("job"):
        label = _("Job %(job)s") % {"job": row.lineage.get("job_title") or job}
        chips.append({"label": label, "url": f"/compute/jobs/{job}/"})
    chips.append({"label": f"{row.model.slug}@{row.number}", "url": row.get_absolute_url(), "on": True})
    return chips


@require_GET
def download(request: HttpRequest, slug: str, number: int) -> FileResponse:
    return file_response(_version(request, slug, number))


@require_POST
def withdraw(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    commands.withdraw_version(
        by=request.actor,  # type: ignore[attr-defined]
        model=slug,
        number=number,
        reason=request.POST.get("reason", ""),
    )
    messages.success(request, _("The version is withdrawn."))
    return redirect("registry:version", slug, number)


@require_POST
def reinstate(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    commands.reinstate_version(by=request.actor, model=slug, number=number)  # type: ignore[attr-defined]
    messages.success(request, _("The version is available again."))
    return redirect("registry:version", slug, number)


@require_POST
def share(request: HttpRequest, slug: str) -> HttpResponse:
    if request.POST.get("public") == "yes":
        commands.share_model(by=request.actor, model=slug)  # type: ignore[attr-defined]
        messages.success(request, _("Everybody can now read the model card."))
    else:
        commands.unshare_model(by=request.actor, model=slug)  # type: ignore[attr-defined]
        messages.success(request, _("Only your organisation can now read the model card."))
    return redirect("registry:model", slug)
