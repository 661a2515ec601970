from django.apps import AppConfig


class ScoringConfig(AppConfig):
    """Events in, decisions out, labels back, models learnt."""

    name = "scoring"
