"""One JSON API, one OpenAPI document."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.translation import gettext as _
from ninja import NinjaAPI, Schema
from ninja.errors import HttpError, ValidationError
from ninja.renderers import BaseRenderer

from bitgoeul import __version__
from bitgoeul.kit.refusals import Forbidden, Invalid, NotFound, Refusal, answer
from bitgoeul.site import capabilities


class Json(BaseRenderer):
    """JSON with Hangul as it is."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        return json.dumps(data, cls=DjangoJSONEncoder, ensure_ascii=False).encode()


class Problem(Schema):
    """RFC 9457 problem details, which every refusal answers with."""

    type: str
    title: str
    status: int
    code: str
    detail: str = ""
    facts: dict[str, Any] = {}
    errors: dict[str, list[str]] = {}


class CsrfFailed(Forbidden):
    pass


def _nothing(*_args: Any, **_kwargs: Any) -> HttpResponse:
    return HttpResponse()


def guard(request: HttpRequest) -> bool:
    """Let everybody in; doors and policies decide.  A browser's cookie must prove where the request began."""
    by_cookie = request.COOKIES.get("sessionid") and not (
        request.headers.get("Authorization") or request.headers.get("X-Session-Token")
    )
    if by_cookie and request.method not in {"GET", "HEAD", "OPTIONS"}:
        check = CsrfViewMiddleware(lambda _request: HttpResponse())
        check.process_request(request)
        if check.process_view(request, _nothing, (), {}) is not None:
            raise CsrfFailed
    return True


api = NinjaAPI(
    title="Bitgoeul",
    version=__version__,
    description="One hub from data to a certified AI service.",
    docs_url=None,
    openapi_url="openapi.json",
    renderer=Json(),
    auth=guard,
    urls_namespace="api",
)


@api.exception_handler(Refusal)
def refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    return answer(request, refusal)


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    found: dict[str, list[str]] = {}
    for item in error.errors:
        place = ".".join(
            str(part) for part in item["loc"] if part not in {"body", "query", "path", "payload"}
        )
        found.setdefault(place or "body", []).append(str(item["msg"]))
    return answer(request, Invalid(found))


@api.exception_handler(HttpError)
def http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    if error.status_code == 404:
        return answer(request, NotFound())
    return answer(request, Invalid({"body": [_("The request could not be read.")]}))


for _name in capabilities.having("api"):
    api.add_router(f"/{_name}", import_module(f"bitgoeul.apps.{_name}.api").router)


def _document_refusals(document: Mapping[str, Any]) -> None:
    """Every operation may answer with a problem; say so once for all."""
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    schemas = document["components"].setdefault("schemas", {})
    schemas.setdefault("Problem", Problem.model_json_schema())
    for path in document["paths"].values():
        for operation in path.values():
            operation["responses"].setdefault("default", {"description": "A refusal", "content": content})
            for status in (400, 401, 402, 403, 404, 409, 413, 422, 429, 503):
                operation["responses"].setdefault(status, {"description": "A refusal", "content": content})


_plain_schema = api.get_openapi_schema


def _schema_with_refusals(*args: Any, **kwargs: Any) -> Any:
    document = _plain_schema(*args, **kwargs)
    _document_refusals(document)
    return document


api.get_openapi_schema = _schema_with_refusals  # type: ignore[method-assign]
