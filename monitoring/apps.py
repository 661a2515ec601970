from importlib import import_module

from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    """Windows over what happened; consumes the log of every other app."""

    name = "monitoring"

    def ready(self) -> None:
        # Imported here because they need the models that Django has loaded by now.
        register = import_module("scoring.log.consumers").register
        register(import_module("monitoring.windows").WINDOWS)
        register(import_module("monitoring.model_windows").MODEL_WINDOWS)
        register(import_module("monitoring.batch_views").BATCH_VIEWS)
