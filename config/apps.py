from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """The composition root: settings, urls, the Celery app, embedded services and their commands."""

    name = "config"
    verbose_name = "Configuration"
