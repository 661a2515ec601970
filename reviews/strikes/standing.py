"""The strikes that an author has, and how many still count in each window."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import F

from reviews.console.entity_index import entity_key
from reviews.models import EventEntity
from scoring.catalog.registry import event_types
from scoring.intake.models import Event
from scoring.log.read import read_positions
from scoring.timestamps import from_iso

WINDOWS = (7, 30, 90)  # days, as the features of content count them
MAX_STRIKES = 50


class StandingStrike(NamedTuple):
    """A strike that was not lifted. `content` is the id of the event that it was given for."""

    position: int
    at: datetime
    policy: str
    reason: str
    content: str


class Strikes(NamedTuple):
    """The strikes of an entity, latest first, and how many of them each window of days still counts."""

    standing: list[StandingStrike]
    lifted: int
    counts: Mapping[int, int]


def strikes_against(kind: str, value: str, *, now: datetime) -> Strikes:
    """The latest `MAX_STRIKES` strikes of an entity (`value` as in the log)."""
    types = {each.strikes for each in event_types().values() if each.strikes}
    own = EventEntity.objects.filter(entity=entity_key(kind, value)).values("position")
    found = Event.objects.filter(position__in=own, type__in=types).order_by(F("position").desc())
    latest = list(found[:MAX_STRIKES]) if types else []
    standing = [event.position for event in latest if event.retracted_at is None]
    strikes = [_strike(entry.position, entry.data) for entry in read_positions(standing)]
    strikes.sort(key=lambda strike: strike.at, reverse=True)
    counts = {days: sum(now - strike.at < timedelta(days=days) for strike in strikes) for days in WINDOWS}
    return Strikes(strikes, len(latest) - len(standing), counts)


def _strike(position: int, data: Mapping[str, Any]) -> StandingStrike:
    fields = data["fields"]
    return StandingStrike(
        position,
        from_iso(str(data["occurred_at"])),
        str(fields.get("policy", "")),
        str(fields.get("reason", "")),
        str(fields.get("content", "")),
    )
