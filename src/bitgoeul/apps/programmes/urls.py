from bitgoeul.apps.programmes.views import (
    applications,
    blueprints,
    calls,
    cases,
    desk,
    grants,
    panels,
    results,
    reviews,
)

app_name = "programmes"
urlpatterns = [
    *applications.PATHS,
    *blueprints.PATHS,
    *cases.PATHS,
    *desk.PATHS,
    *grants.PATHS,
    *reviews.PATHS,
    *panels.PATHS,
    *results.PATHS,
    *calls.PATHS,  # last: the name of a call may be any word that is not reserved
]
