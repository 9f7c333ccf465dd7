from django.urls import path

from bitgoeul.apps.record import views

app_name = "record"

urlpatterns = [
    path("", views.index, name="index"),
    path("facts/<int:fact_id>/", views.fact, name="fact"),
    path("verifier.py", views.verifier, name="verifier"),
]
