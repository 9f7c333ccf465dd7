from django.urls import path

from bitgoeul.apps.services import views

app_name = "services"
urlpatterns = [
    path("", views.catalogue, name="catalogue"),
    path("new/", views.deploy, name="deploy"),
    path("<slug:slug>/", views.service, name="service"),
    path("<slug:slug>/stop", views.stop, name="stop"),
    path("<slug:slug>/start", views.start, name="start"),
    path("<slug:slug>/redeploy", views.redeploy, name="redeploy"),
]
