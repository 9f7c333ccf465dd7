from django.urls import path

from bitgoeul.apps.credits import views

app_name = "credits"

urlpatterns = [
    path("", views.index, name="index"),
    path("<slug:slug>/", views.detail, name="detail"),
    path("<slug:slug>/grant/", views.grant, name="grant"),
    path("<slug:slug>/reverse/", views.reverse_transfer, name="reverse"),
]
