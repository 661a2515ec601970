from importlib import import_module

from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    """Cases and verdicts; consumes scoring's log and writes labels through its services."""

    name = "reviews"

    def ready(self) -> None:
        # Imported here because they need the models that Django has loaded by now.
        import_module("reviews.projections")
        register = import_module("scoring.log.consumers.registry").register
        register(import_module("reviews.queue.opening").CASES)
        register(import_module("reviews.console.entity_index").ENTITIES)
