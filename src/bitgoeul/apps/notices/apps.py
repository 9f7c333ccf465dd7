from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NoticesConfig(AppConfig):
    name = "bitgoeul.apps.notices"
    label = "notices"
    verbose_name = _("Inbox")
    default_auto_field = "django.db.models.BigAutoField"
