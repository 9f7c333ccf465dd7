from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PeopleConfig(AppConfig):
    name = "bitgoeul.apps.people"
    label = "people"
    verbose_name = _("Accounts and organisations")
    default_auto_field = "django.db.models.BigAutoField"
