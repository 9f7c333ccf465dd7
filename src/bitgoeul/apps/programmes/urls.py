from bitgoeul.apps.programmes.views import applications, calls, desk, panels, reviews

app_name = "programmes"
urlpatterns = [
    *applications.PATHS,
    *desk.PATHS,
    *reviews.PATHS,
    *panels.PATHS,
    *calls.PATHS,  # last: the name of a call may be any word that is not reserved
]
