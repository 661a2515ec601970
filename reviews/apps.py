from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    """The room for cases and verdicts, which will consume scoring's log; empty so far."""

    name = "reviews"
