"""The mismatches found by the continuous check."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Sum

from scoring.replay.models import FeatureConsistency


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A feature of which `mismatched` of `compared` logged values were not reproduced."""

    event_type: str
    feature: str
    compared: int
    mismatched: int


def read_mismatches(*, since: datetime) -> list[Mismatch]:
    """Features of decisions since then that were not always reproduced, by name."""
    rows = (
        FeatureConsistency.objects.filter(hour__gte=since)
        .values("event_type", "feature")
        .annotate(all_compared=Sum("compared"), all_mismatched=Sum("mismatched"))
        .filter(all_mismatched__gt=0)
        .order_by("event_type", "feature")
    )
    return [
        Mismatch(row["event_type"], row["feature"], row["all_compared"], row["all_mismatched"])
        for row in rows
    ]
