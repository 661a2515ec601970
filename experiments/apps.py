from django.apps import AppConfig


class ExperimentsConfig(AppConfig):
    """Comparisons of models and policies; consumes scoring's log."""

    name = "experiments"
