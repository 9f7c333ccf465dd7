"""Mounted at `/v2` by the site."""

from django.urls import path

from bitgoeul.apps.services import protocol

app_name = "protocol"
urlpatterns = [
    path("v2", protocol.server),
    path("v2/", protocol.server),
    path("v2/health/live", protocol.live),
    path("v2/health/ready", protocol.ready),
    path("v2/models/<slug:slug>", protocol.model, name="model"),
    path("v2/models/<slug:slug>/<path:rest>", protocol.model),
]
