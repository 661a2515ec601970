"""The results of the continuous check: features, and aspects of decisions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Sum

from scoring.replay.models import ASPECTS, AspectConsistency, FeatureConsistency


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A feature of which `mismatched` of `compared` logged values were not reproduced."""

    event_type: str
    feature: str
    compared: int
    mismatched: int


@dataclass(frozen=True, slots=True)
class AspectCheck:
    """An aspect of decisions (one of ASPECTS): `mismatched` of `compared` were not reproduced.

    `example`: the latest difference, None if there is none.
    """

    event_type: str
    aspect: str
    compared: int
    mismatched: int
    example: Mapping[str, Any] | None = None


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


def read_aspects(*, since: datetime, event_type: str = "") -> list[AspectCheck]:
    """The aspects of decisions since then that were compared, by event type and in the order of ASPECTS."""
    rows = AspectConsistency.objects.filter(hour__gte=since).order_by("hour")
    if event_type:
        rows = rows.filter(event_type=event_type)
    found: dict[tuple[str, str], AspectCheck] = {}
    for row in rows:
        key = (row.event_type, row.aspect)
        before = found.get(key, AspectCheck(*key, 0, 0))
        found[key] = AspectCheck(
            *key,
            before.compared + row.compared,
            before.mismatched + row.mismatched,
            row.example or before.example,
        )
    return [found[key] for key in sorted(found, key=lambda each: (each[0], ASPECTS.index(each[1])))]
