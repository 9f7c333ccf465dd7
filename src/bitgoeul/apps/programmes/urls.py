from django.urls import path

from bitgoeul.apps.programmes import views

app_name = "programmes"
urlpatterns = [
    path("", views.index, name="index"),
    path("applications/", views.applications, name="applications"),
    path("applications/<str:application_id>/", views.application, name="application"),
    path("applications/<str:application_id>/answers/", views.answers, name="answers"),
    path("applications/<str:application_id>/review/", views.review, name="review"),
    path("applications/<str:application_id>/withdraw/", views.withdraw, name="withdraw"),
    path("applications/<str:application_id>/decide/", views.decide, name="decide"),
    path("desk/", views.desk, name="desk"),
    path("desk/programmes/new/", views.new_programme, name="new_programme"),
    path("desk/calls/new/", views.new_call, name="new_call"),
    path("desk/calls/<slug:slug>/", views.edit_call, name="edit_call"),
    path("desk/calls/<slug:slug>/open/", views.open_call, name="open_call"),
    path("desk/calls/<slug:slug>/close/", views.close_call, name="close_call"),
    path("<slug:slug>/", views.call, name="call"),
    path("<slug:slug>/apply/", views.apply, name="apply"),
]
