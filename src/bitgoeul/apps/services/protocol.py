"""`/v2/…`: the Open Inference Protocol at the root of the hub, passed on to the predictor of each service."""

from __future__ import annotations

import json
import time
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from bitgoeul import __version__
from bitgoeul.apps.services import asking, places, queries
from bitgoeul.apps.services.allowance import ALLOWANCE
from bitgoeul.apps.services.errors import TooLarge, UnknownModel
from bitgoeul.apps.services.models import Service
from bitgoeul.kit.refusals import TooMany

ROUTE_SECONDS = 0.5
_routes: dict[str, tuple[float, Service | None]] = {}


def _service(slug: str) -> Service | None:
    """The service of this address, looked up at most twice a second per process."""
    known = _routes.get(slug)
    if known is not None and time.monotonic() - known[0] < ROUTE_SECONDS:
        return known[1]
    if len(_routes) > 10_000:
        _routes.clear()
    row = Service.objects.select_related("version__model").filter(slug=slug).first()
    _routes[slug] = (time.monotonic(), row)
    return row


def forget_routes() -> None:
    _routes.clear()


def server(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"name": "bitgoeul", "version": __version__, "extensions": []})


def live(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"live": True})


def ready(request: HttpRequest) -> JsonResponse:
    """Ready when every public service that should answer does."""
    waiting = Service.objects.filter(is_public=True, state=Service.State.STARTING).exists()
    return JsonResponse({"ready": not waiting}, status=503 if waiting else 200)


@csrf_exempt
def model(request: HttpRequest, slug: str, rest: str = "") -> HttpResponse:
    """Metadata, readiness and inference of one service: checked here, answered by its own process."""
    row = _service(slug)
    if row is None or not _may_ask(request, row):
        raise UnknownModel(model=slug)
    parts = rest.strip("/").split("/") if rest.strip("/") else []
    if parts[:1] == ["versions"] and len(parts) >= 2:
        if parts[1] != str(row.version.number):
            raise UnknownModel(model=f"{slug}/{parts[1]}")
        parts = parts[2:]
    match request.method, parts:
        case "POST", ["infer"]:
            return _infer(request, row)
        case "GET" | "HEAD", ["ready"]:
            is_live = row.state == Service.State.LIVE and asking.is_ready(places.socket(row.key))
            return JsonResponse({"name": slug, "ready": is_live}, status=200 if is_live else 503)
        case "GET" | "HEAD", []:
            return JsonResponse(metadata(row))
        case _, [] | ["ready"] | ["infer"]:
            return HttpResponse(status=405, headers={"Allow": "POST" if parts == ["infer"] else "GET"})
    raise UnknownModel(model=f"{slug}/{rest}"[:120])


def _may_ask(request: HttpRequest, service: Service) -> bool:
    if service.is_public:
        return True
    return queries.visible_to(request.actor).filter(pk=service.pk).exists()  # type: ignore[attr-defined]


def metadata(service: Service) -> dict[str, Any]:
    document = service.version.document
    return {
        "name": service.slug,
        "versions": [str(service.version.number)],
        "platform": "onnxruntime_onnx",
        **{
            role: [{key: item[key] for key in ("name", "datatype", "shape")} for item in document[role]]
            for role in ("inputs", "outputs")
        },
    }


def check_allowance(request: HttpRequest) -> None:
    """Raises: TooMany when this address asks more than visitors may."""
    if not ALLOWANCE.take(_visitor(request), settings.VISITOR_RATE):
        raise TooMany


def _visitor(request: HttpRequest) -> str:
    if settings.BEHIND_PROXY and (forwarded := request.headers.get("X-Forwarded-For")):
        return forwarded.rsplit(",", 1)[-1].strip()
    return str(request.META.get("REMOTE_ADDR", ""))


def _infer(request: HttpRequest, service: Service) -> HttpResponse:
    check_allowance(request)
    limit = settings.INFER_LIMIT
    length = request.headers.get("Content-Length") or "0"
    if not length.isdigit() or int(length) > limit:
        raise TooLarge(limit=limit)
    body = request.read(limit + 1)
    if len(body) > limit:
        raise TooLarge(limit=limit)
    answer = asking.send(service, "POST", f"/v2/models/{service.slug}/infer", body)
    if answer.status != 200:
        raise asking.refusal_of(json.loads(answer.body))
    return HttpResponse(answer.body, content_type="application/json")
