from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """The composition root: settings, urls, the Celery app, embedded services and their commands."""

    name = "config"
    verbose_name = "Configuration"

    def ready(self) -> None:
        from config import servers  # noqa: F401, PLC0415 (registers the check of the servers)
