from importlib import import_module

from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    """Windows over what happened; consumes the log of every other app."""

    name = "monitoring"

    def ready(self) -> None:
        # Imported here because they need the models that Django has loaded by now.
        register = import_module("scoring.log.consumers.registry").register
        register(import_module("monitoring.windows.hourly").WINDOWS)
        register(import_module("monitoring.windows.model_windows").MODEL_WINDOWS)
        register(import_module("monitoring.windows.batch_views").BATCH_VIEWS)
