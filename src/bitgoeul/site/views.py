"""The pages that belong to no single capability."""

from __future__ import annotations

import sys
from http import HTTPStatus

import structlog
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import DisallowedHost, RequestDataTooBig
from django.db import DatabaseError, OperationalError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from bitgoeul.apps.people.commands import edit_profile
from bitgoeul.kit.refusals import NotFound, Refusal, answer, wants_page
from bitgoeul.site import counts, desk, errors, gallery, mine, openapi
from bitgoeul.site.operations import processes
from bitgoeul.site.shell import THEMES, address, came_from, places, safe_return

YEAR = 365 * 24 * 3600


def home(request: HttpRequest) -> HttpResponse:
    """The hub in one screen."""
    live = counts.live()
    services = live.get("services", {}).get("rows", [])
    return render(request, "site/home.html", {"counts": live, "services": services})


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


# Switching language or colours harms nobody, so no token is asked for: public pages stay free of cookies.
@csrf_exempt
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    chosen = request.POST.get("language", "")
    response = HttpResponseRedirect(safe_return(request, request.POST.get("next", ""), came_from(request)))
    if chosen in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            chosen,
            max_age=YEAR,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )
        _remember_language(request, chosen)
    return response


def _remember_language(request: HttpRequest, chosen: str) -> None:
    """A signed-in reader's mail comes in the language chosen last."""
    if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
        edit_profile(by=request.actor, name=request.user.name, language=chosen)  # type: ignore[attr-defined]


@csrf_exempt
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    chosen = request.POST.get("theme", "")
    response = HttpResponseRedirect(safe_return(request, request.POST.get("next", ""), came_from(request)))
    if chosen in THEMES:
        response.set_cookie(
            "theme", chosen, max_age=YEAR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
        )
    return response


@login_required
def my(request: HttpRequest) -> HttpResponse:
    return render(request, "site/my.html", mine.everything_of(request.actor))  # type: ignore[attr-defined]


def operators_desk(request: HttpRequest) -> HttpResponse:
    """Nothing is here for anybody else, and nothing says that there is something."""
    if not request.actor.is_operator:  # type: ignore[attr-defined]
        raise NotFound
    return render(request, "site/desk.html", desk.everything_for(request.actor))  # type: ignore[attr-defined]


def design(request: HttpRequest) -> HttpResponse:
    """Every component on one page, with the data of ``gallery``."""
    return render(request, "site/design.html", gallery.everything(request))


def api_docs(request: HttpRequest) -> HttpResponse:
    return render(request, "site/api_docs.html", {"groups": openapi.groups(), "api": openapi.about()})


@cache_control(public=True, max_age=86400)
def robots(request: HttpRequest) -> HttpResponse:
    lines = [
        "User-agent: *",
        "Disallow: /my/",
        "Disallow: /desk/",
        "Disallow: /accounts/",
        f"Sitemap: {settings.URL}/sitemap.xml",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@cache_control(public=True, max_age=3600)
def sitemap(request: HttpRequest) -> HttpResponse:
    paths = ["/", *[path for path, _key, _word in places()], address("api_docs")]
    return render(
        request,
        "site/sitemap.xml",
        {"addresses": [settings.URL + path for path in paths]},
        content_type="application/xml",
    )


# Error pages
def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if isinstance(exception, DisallowedHost):
        # No page can be drawn for a host that is not ours: it would link to that host.
        return HttpResponse(
            str(errors.Unreadable.title), status=400, content_type="text/plain; charset=utf-8"
        )
    too_large = isinstance(exception, RequestDataTooBig)
    return answer(request, errors.TooLarge() if too_large else errors.Unreadable())


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return answer(request, errors.FormExpired())


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return answer(request, errors.FormExpired())


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return answer(request, NotFound())


def server_error(request: HttpRequest) -> HttpResponse:
    """Rendered without the database, the session or the reader: whichever of them broke."""
    kind, error, _trace = sys.exc_info()
    refusal: Refusal = errors.Unavailable() if isinstance(error, OperationalError) else errors.Broken()
    structlog.get_logger("bitgoeul.request").error(
        "broke", path=request.path, kind=kind.__name__ if kind else "", exc_info=True
    )
    if not wants_page(request):
        return answer(request, refusal)
    page = render_to_string("ui/broken.html", {"refusal": refusal})
    response = HttpResponse(page, status=refusal.status)
    if isinstance(refusal, errors.Unavailable):
        response["Retry-After"] = "30"
    return response
