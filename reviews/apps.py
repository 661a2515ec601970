from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    """Cases and verdicts; consumes scoring's log."""

    name = "reviews"
