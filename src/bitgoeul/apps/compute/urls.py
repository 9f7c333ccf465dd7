from django.urls import path

from bitgoeul.apps.compute import views

app_name = "compute"
urlpatterns = [
    path("", views.index, name="index"),
    path("new/", views.new, name="new"),
    path("new/<slug:name>/", views.submit, name="submit"),
    path("estimate/", views.estimate, name="estimate"),
    path("jobs/<int:job_id>/", views.job, name="job"),
    path("jobs/<int:job_id>/live/", views.live, name="live"),
    path("jobs/<int:job_id>/log.txt", views.log, name="log"),
    path("jobs/<int:job_id>/cancel/", views.cancel, name="cancel"),
    path("jobs/<int:job_id>/retry/", views.retry, name="retry"),
    path("jobs/<int:job_id>/outputs/<path:name>", views.output, name="output"),
]
