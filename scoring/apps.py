from importlib import import_module

from django.apps import AppConfig


class ScoringConfig(AppConfig):
    """Events in, decisions out, labels back, models learnt."""

    name = "scoring"

    def ready(self) -> None:
        # Imported for what they register: tables that the log folds its entries into, how old entries are
        # read, a consumer and a system check.
        for room in ("intake", "decisions", "registry", "learning", "batch"):
            import_module(f"scoring.{room}.projections")
        for room in ("decisions", "registry"):
            import_module(f"scoring.{room}.upcasters")
        import_module("scoring.checks")
        register = import_module("scoring.log.consumers.registry").register
        register(import_module("scoring.decisions.shadow").SHADOW)
