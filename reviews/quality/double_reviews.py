"""Blind second reviews, counted for the noise of labels of models."""

from datetime import datetime

from django.db.models import Count, F, Q

from reviews.models.quality import GivenVerdict
from scoring.learning.noise.double_reviews import register_double_reviews
from scoring.learning.noise.estimating import DoubleReviews


@register_double_reviews
def count_second_reviews(event_type: str, until: datetime) -> DoubleReviews:
    """The events of a type with a second review, and those of which the label differs.

    Golden items do not count: their answer is not the verdict of one blind reviewer.
    """
    given = GivenVerdict.objects.filter(event_type=event_type, kind=GivenVerdict.Kind.SECOND)
    counted = given.filter(given_at__lte=until).aggregate(
        events=Count("pk"), differing=Count("pk", filter=~Q(verdict=F("standing")))
    )
    return DoubleReviews(**counted)
