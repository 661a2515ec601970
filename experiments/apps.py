from importlib import import_module

from django.apps import AppConfig


class ExperimentsConfig(AppConfig):
    """A/B tests of models: design, exposures, statistics, pages. Consumes the log."""

    name = "experiments"

    def ready(self) -> None:
        # Imported here because these modules need loaded models.
        import_module("experiments.projections")
        register = import_module("scoring.log.consumers.registry").register
        register(import_module("experiments.results.exposures").EXPOSURES)
        register(import_module("experiments.design.interruptions").INTERRUPTIONS)
