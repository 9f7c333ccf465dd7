from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RecordConfig(AppConfig):
    name = "bitgoeul.apps.record"
    label = "record"
    verbose_name = _("Public record")
    default_auto_field = "django.db.models.BigAutoField"
