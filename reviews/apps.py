from importlib import import_module

from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    """Cases and verdicts. Consumes the log; records labels through the services of intake."""

    name = "reviews"

    def ready(self) -> None:
        # Imported here because these modules need loaded models.
        import_module("reviews.projections")
        register = import_module("scoring.log.consumers.registry").register
        register(import_module("reviews.queue.opening").CASES)
        register(import_module("reviews.console.entity_index").ENTITIES)
