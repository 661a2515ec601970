from django.apps import AppConfig


class ExperimentsConfig(AppConfig):
    """The room for comparisons of models and policies, on scoring's log; empty so far."""

    name = "experiments"
