from django.apps import AppConfig


class ServicesConfig(AppConfig):
    name = "bitgoeul.apps.services"
    label = "services"
