from django.urls import path

from bitgoeul.apps.capacity import views

app_name = "capacity"

urlpatterns = [
    path("", views.index, name="index"),
    path("new/", views.open_pool, name="new"),
    path("claims/<int:claim_id>/confirm/", views.confirm, name="confirm"),
    path("claims/<int:claim_id>/release/", views.release, name="release"),
    path("places/<int:place_id>/leave/", views.leave, name="leave"),
    path("<slug:slug>/", views.pool, name="pool"),
    path("<slug:slug>/claim/", views.claim, name="claim"),
    path("<slug:slug>/wait/", views.wait, name="wait"),
    path("<slug:slug>/desk/", views.desk, name="desk"),
    path("<slug:slug>/desk/state/", views.change_state, name="state"),
    path("<slug:slug>/desk/capacity/", views.change_capacity, name="capacity"),
    path("<slug:slug>/desk/units/", views.add_units, name="units"),
    path("<slug:slug>/desk/units/<int:unit_id>/", views.serve_unit, name="unit"),
]
