"""Services: deploy, look, stop, start, redeploy; what they answered and what that cost, in milli-credits."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja import Router, Schema, Status

from bitgoeul.apps.services import commands, policies, queries
from bitgoeul.apps.services.errors import reason_of_state
from bitgoeul.apps.services.models import Service
from bitgoeul.apps.services.protocol import metadata
from bitgoeul.kit.api import signed_in, write_once
from bitgoeul.kit.doors import find
from bitgoeul.kit.refusals import require

router = Router(tags=["services"])
PAGE = 100


class DeployIn(Schema):
    version: str
    slug: str
    title: dict[str, str]
    description: dict[str, str] | None = None
    sector: str = ""
    public: bool = True


class RedeployIn(Schema):
    version: str


class ServiceOut(Schema):
    slug: str
    title: dict[str, str]
    description: dict[str, str]
    sector: str
    organisation: str
    state: str
    why: str
    model: str
    version: int
    is_public: bool
    predictions_total: int
    live_since: dt.datetime | None
    url: str
    infer_url: str


class ServiceDetailOut(ServiceOut):
    next_version: int | None
    predictions_today: int
    crashes: int
    price_per_thousand: int
    price_is_example: bool
    spent: int
    owed: int
    inputs: list[dict[str, Any]]
    outputs: list[dict[str, Any]]


class UsageOut(Schema):
    reference: str
    predictions: int
    cost: int
    at: dt.datetime


class CrashOut(Schema):
    at: dt.datetime
    exit_status: int | None
    detail: str
    recovered_at: dt.datetime | None


def service_out(row: Service) -> dict[str, Any]:
    return {
        "slug": row.slug,
        "title": row.title,
        "description": row.description,
        "sector": row.sector,
        "organisation": row.organisation.slug,
        "state": row.state,
        "why": str(reason_of_state(row.note) or ""),
        "model": row.version.model.slug,
        "version": row.version.number,
        "is_public": row.is_public,
        "predictions_total": queries.predictions_total(row),
        "live_since": row.live_since,
        "url": f"{settings.URL}{row.get_absolute_url()}",
        "infer_url": f"{settings.URL}/v2/models/{row.slug}/infer",
    }


def detail_out(row: Service) -> dict[str, Any]:
    price = queries.present_price()
    described = metadata(row)
    return service_out(row) | {
        "next_version": row.next_version.number if row.next_version else None,
        "predictions_today": queries.predictions_today(row),
        "crashes": row.crashes.count(),
        "price_per_thousand": price.per_thousand,
        "price_is_example": price.is_example,
        "spent": row.spent,
        "owed": row.owed,
        "inputs": described["inputs"],
        "outputs": described["outputs"],
    }


def _visible(request: HttpRequest, slug: str) -> Service:
    return find(queries.visible_to(request.actor), slug=slug)  # type: ignore[attr-defined]


@router.get("/", response=list[ServiceOut], summary="The services I may use")
def services(
    request: HttpRequest, sector: str = "", text: str = "", mine: bool = False, after: int = 0
) -> Any:
    rows = queries.listed(request.actor, sector=sector, text=text, mine=mine)  # type: ignore[attr-defined]
    return [service_out(row) for row in rows[max(0, after) : max(0, after) + PAGE]]


@router.post("/", response={201: ServiceDetailOut}, summary="Deploy a model version as a service")
def deploy(request: HttpRequest, payload: DeployIn) -> Any:
    actor = signed_in(request)
    made = write_once(
        request,
        lambda: detail_out(
            commands.deploy_service(
                by=actor,
                model_version=payload.version,
                slug=payload.slug,
                title=payload.title,
                description=payload.description,
                sector=payload.sector,
                public=payload.public,
            )
        ),
    )
    return Status(201, made)


@router.get("/{slug}", response=ServiceDetailOut, summary="One service")
def service(request: HttpRequest, slug: str) -> Any:
    return detail_out(_visible(request, slug))


@router.post("/{slug}/stop", response=ServiceDetailOut, summary="Stop answering")
def stop(request: HttpRequest, slug: str) -> Any:
    actor = signed_in(request)
    return write_once(request, lambda: detail_out(commands.stop_service(by=actor, service=slug)))


@router.post("/{slug}/start", response=ServiceDetailOut, summary="Start again")
def start(request: HttpRequest, slug: str) -> Any:
    actor = signed_in(request)
    return write_once(request, lambda: detail_out(commands.start_service(by=actor, service=slug)))


@router.post("/{slug}/redeploy", response=ServiceDetailOut, summary="Answer with another version")
def redeploy(request: HttpRequest, slug: str, payload: RedeployIn) -> Any:
    actor = signed_in(request)
    return write_once(
        request,
        lambda: detail_out(commands.redeploy_service(by=actor, service=slug, model_version=payload.version)),
    )


@router.get("/{slug}/usage", response=list[UsageOut], summary="What was metered, newest first")
def usage(request: HttpRequest, slug: str) -> Any:
    actor = signed_in(request)
    row = _visible(request, slug)
    mine = policies.may_read(actor) and actor.belongs_to(row.organisation_id)
    require(mine or policies.may_see_all(actor))
    return list(row.usage.all()[:PAGE])


@router.get("/{slug}/crashes", response=list[CrashOut], summary="When its process fell, newest first")
def crashes(request: HttpRequest, slug: str) -> Any:
    return list(_visible(request, slug).crashes.all()[:PAGE])
