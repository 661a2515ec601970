from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    """Windows over what happened; consumes the log of every other app."""

    name = "monitoring"
