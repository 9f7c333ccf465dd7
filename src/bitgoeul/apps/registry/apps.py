from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "bitgoeul.apps.registry"
    label = "registry"
