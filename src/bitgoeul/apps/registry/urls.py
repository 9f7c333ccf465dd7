from django.urls import path

from bitgoeul.apps.registry import views

app_name = "registry"
urlpatterns = [
    path("", views.catalogue, name="catalogue"),
    path("<slug:slug>/", views.model, name="model"),
    path("<slug:slug>/<int:number>/", views.version, name="version"),
    path("<slug:slug>/<int:number>/model.onnx", views.download, name="download"),
    path("<slug:slug>/<int:number>/withdraw", views.withdraw, name="withdraw"),
    path("<slug:slug>/<int:number>/reinstate", views.reinstate, name="reinstate"),
    path("<slug:slug>/share", views.share, name="share"),
]
