from importlib import import_module

from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    """Windows of counts over the log, drift, the overview and the feature pages. Consumes the log."""

    name = "monitoring"

    def ready(self) -> None:
        # Imported here because these modules need loaded models.
        register = import_module("scoring.log.consumers.registry").register
        register(import_module("monitoring.windows.hourly").WINDOWS)
        register(import_module("monitoring.windows.model_windows").MODEL_WINDOWS)
        register(import_module("monitoring.windows.batch_views").BATCH_VIEWS)
