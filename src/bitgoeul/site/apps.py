from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "bitgoeul.site"
    label = "site"
