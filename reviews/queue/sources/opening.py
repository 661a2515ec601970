"""The sources of decided events, within their caps, as the consumer of decisions opens cases."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.db.models import Count

from reviews.models import Case
from reviews.queue.sources.drawing import source_of, within_caps
from reviews.queue.sources.settings import NAMES, SourceSettings
from reviews.queue.sources.stored import review_sources
from scoring.log.entries import Entry


def sources_of(decisions: Sequence[Entry], *, now: datetime) -> dict[str, str]:
    """The source of each of these first decisions that becomes a case by one, by stream.

    One query while no event type has sources, two at most.
    """
    settings = review_sources.by_type()
    drawn = [
        (entry.stream, name, source)
        for entry in decisions
        if (name := entry.data["event_type"]) in settings
        and (source := source_of(entry.data, entry.stream, settings[name]))
    ]
    if not drawn:
        return {}
    return within_caps(drawn, settings, opened_today(settings, now=now))


def opened_today(names: Collection[str], *, now: datetime) -> dict[tuple[str, str], int]:
    """How many cases of these event types each source has opened since midnight UTC."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    opened = Case.objects.filter(event_type__in=names, why__in=NAMES, opened_at__gte=midnight)
    counted = opened.values_list("event_type", "why").annotate(Count("pk")).order_by()
    return {(name, why): count for name, why, count in counted}


def room_left(settings: Mapping[str, SourceSettings], name: str, source: str, *, now: datetime) -> int:
    """How many more cases a source may open today."""
    return settings[name].source(source).per_day - opened_today([name], now=now).get((name, source), 0)
