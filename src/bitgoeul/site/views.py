"""The pages that belong to no single capability."""

from __future__ import annotations

from http import HTTPStatus

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from bitgoeul.site.operations import processes


def home(request: HttpRequest) -> HttpResponse:
    return render(request, "site/home.html")


def healthz(request: HttpRequest) -> JsonResponse:
    """Whether this process can answer, whether it reaches its database, and whether the others live.

    Only the first two decide the status: a hub without its worker still answers, late but truly.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        database = "ok"
    except DatabaseError:
        database = "unreachable"
    others = {name: processes.present(name).state for name in ("worker", "runner")}
    whole = "ok" if {database, *others.values()} == {"ok"} else "degraded"
    status = HTTPStatus.OK if database == "ok" else HTTPStatus.SERVICE_UNAVAILABLE
    return JsonResponse({"status": whole, "web": "ok", "database": database, **others}, status=status)
