"""Every address of the hub.  A capability answers under its own word."""

from __future__ import annotations

from django.urls import include, path

from bitgoeul.site import capabilities, views
from bitgoeul.site.api import api

urlpatterns = [
    path("", views.home, name="home"),
    path("healthz", views.healthz, name="healthz"),
    path("language/", views.language, name="language"),
    path("theme/", views.theme, name="theme"),
    path("my/", views.my, name="my"),
    path("desk/", views.operators_desk, name="desk"),
    path("design/", views.design, name="design"),
    path("robots.txt", views.robots, name="robots"),
    path("sitemap.xml", views.sitemap, name="sitemap"),
    path("", include("django_prometheus.urls")),
    path("api/docs", views.api_docs, name="api_docs"),
    path("api/", api.urls),
    path("", include("bitgoeul.apps.services.protocol_urls")),
    path("accounts/", include("allauth.urls")),
    path("_allauth/", include("allauth.headless.urls")),
    path("", include("allauth.idp.urls")),
    *[path(f"{name}/", include(f"bitgoeul.apps.{name}.urls")) for name in capabilities.having("urls")],
]

handler400 = views.bad_request
handler403 = views.forbidden
handler404 = views.not_found
handler500 = views.server_error
