from bitgoeul.apps.programmes.views import applications, calls, desk

app_name = "programmes"
urlpatterns = [
    *applications.PATHS,
    *desk.PATHS,
    *calls.PATHS,  # last: the name of a call may be any word that is not reserved
]
