from __future__ import annotations

from django.urls import path

from bitgoeul.apps.shows import editor, evenings, views

app_name = "shows"

urlpatterns = [
    path("", views.index, name="index"),
    path("new/", views.new, name="new"),
    path("flights/", evenings.flights, name="flights"),
    path("flights/<str:flight>/", evenings.flight, name="flight"),
    path("flights/<str:flight>/gate/", evenings.gate, name="gate"),
    path("flights/<str:flight>/rules/", evenings.rules, name="rules"),
    path("flights/<str:flight>/decide/", evenings.decide, name="decide"),
    path("flights/<str:flight>/permit/", evenings.permit, name="permit"),
    path("flights/<str:flight>/permit/<str:language>.pdf", evenings.permit_pdf, name="permit_pdf"),
    path("flights/<str:flight>/permit/<str:language>.zip", evenings.permit_zip, name="permit_zip"),
    path("flights/<str:flight>/permit/<int:attachment>/", evenings.attachment, name="attachment"),
    path("flights/<str:flight>/log/", evenings.log, name="log"),
    path("<slug:slug>/", views.show, name="show"),
    path("<slug:slug>/describe/", views.describe, name="describe"),
    path("<slug:slug>/make/", views.make, name="make"),
    path("<slug:slug>/import/", views.take_in, name="import"),
    path("<slug:slug>/unpublish/", views.unpublish, name="unpublish"),
    path("<slug:slug>/edit/", editor.edit, name="edit"),
    path("<slug:slug>/edit/scene/<int:number>/", editor.scene, name="edit_scene"),
    path("<slug:slug>/edit/scenes/", editor.scenes, name="edit_scenes"),
    path("<slug:slug>/edit/section/<str:name>/", editor.section, name="edit_section"),
    path("<slug:slug>/edit/step/", editor.step, name="edit_step"),
    path("<slug:slug>/edit/files/", editor.files, name="edit_files"),
    path("<slug:slug>/edit/story.json", editor.source, name="edit_source"),
    path("<slug:slug>/edit/preview/<int:number>/", editor.preview, name="edit_preview"),
    path("<slug:slug>/<int:number>/", views.version, name="version"),
    path("<slug:slug>/<int:number>/fly/", evenings.plan, name="plan"),
    path("<slug:slug>/<int:number>/progress/", views.progress, name="progress"),
    path("<slug:slug>/<int:number>/retry/", views.retry, name="retry"),
    path("<slug:slug>/<int:number>/film/", views.film, name="film"),
    path("<slug:slug>/<int:number>/filming/", views.filming, name="filming"),
    path("<slug:slug>/<int:number>/publish/", views.publish, name="publish"),
    path("<slug:slug>/<int:number>/files/<str:name>", views.file, name="file"),
]
