"""Every address of the hub.  A capability answers under its own word."""

from __future__ import annotations

from django.urls import include, path

from bitgoeul.site import capabilities, views
from bitgoeul.site.api import api

urlpatterns = [
    path("", views.home, name="home"),
    path("healthz", views.healthz, name="healthz"),
    path("", include("django_prometheus.urls")),
    path("api/", api.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("accounts/", include("allauth.urls")),
    path("_allauth/", include("allauth.headless.urls")),
    path("", include("allauth.idp.urls")),
    *[path(f"{name}/", include(f"bitgoeul.apps.{name}.urls")) for name in capabilities.having("urls")],
]
