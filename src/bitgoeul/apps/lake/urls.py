from __future__ import annotations

from django.urls import path

from bitgoeul.apps.lake import views

app_name = "lake"

urlpatterns = [
    path("", views.index, name="index"),
    path("new/", views.new, name="new"),
    path("query/", views.query, name="query"),
    path("query/result.<str:kind>", views.query_file, name="query_file"),
    path("save/", views.save, name="save"),
    path("<slug:slug>/", views.dataset, name="dataset"),
    path("<slug:slug>/edit/", views.edit, name="edit"),
    path("<slug:slug>/access/", views.access, name="access"),
    path("<slug:slug>/access/<str:access>/end/", views.end_access, name="end_access"),
    path("<slug:slug>/publish/", views.publish, name="publish"),
    path("<slug:slug>/dcat.jsonld", views.dataset_dcat, name="dcat"),
    path("<slug:slug>/<int:number>/", views.dataset, name="version"),
    path("<slug:slug>/<int:number>/retry/", views.retry, name="retry"),
    path("<slug:slug>/<int:number>/withdraw/", views.withdraw, name="withdraw"),
    path("<slug:slug>/<int:number>/<str:table>.<str:kind>", views.download, name="download"),
]
