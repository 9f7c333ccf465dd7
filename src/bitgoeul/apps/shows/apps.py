from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ShowsConfig(AppConfig):
    name = "bitgoeul.apps.shows"
    label = "shows"
    verbose_name = _("Drone shows")
