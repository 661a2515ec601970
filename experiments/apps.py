from importlib import import_module

from django.apps import AppConfig


class ExperimentsConfig(AppConfig):
    """Comparisons of models on split traffic: design, exposures, statistics, pages."""

    name = "experiments"

    def ready(self) -> None:
        # Imported here because they need the models that Django has loaded by now.
        import_module("experiments.projections")
        register = import_module("scoring.log.consumers.registry").register
        register(import_module("experiments.results.exposures").EXPOSURES)
        register(import_module("experiments.design.interruptions").INTERRUPTIONS)
