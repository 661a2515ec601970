from importlib import import_module

from django.apps import AppConfig


class ScoringConfig(AppConfig):
    """Events in, decisions out, labels back, models learnt."""

    name = "scoring"

    def ready(self) -> None:
        # Imported for what they register: the log folds its entries into their tables.
        import_module("scoring.decisions.projections")
        import_module("scoring.learning.projections")
