"""The nightly candidates: past events of entities whose risk has risen since they were decided.

The batch finds them by risk profiles; which of them a reviewer gets, and when, is decided at each claim, by
the score of the latest champion and the age of the case.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from reviews.models import Case
from reviews.queue.sampling import latest_decisions, open_cases
from reviews.queue.sources.drawing import is_drawn
from reviews.queue.sources.opening import room_left
from reviews.queue.sources.settings import CANDIDATE, SourceSettings
from reviews.queue.sources.stored import review_sources
from scoring.batch.risk.models import RiskProfile
from scoring.decisions.models import Decision
from scoring.intake.models import Event

WITHIN: Final = timedelta(days=7)  # older events are no candidates
MAX_PROFILES: Final = 2_000  # those with the highest risk


def open_candidates(*, now: datetime) -> dict[str, int]:
    """Open the cases of the candidates of each event type with this source; how many, by event type."""
    settings = review_sources.by_type()
    on = [name for name, each in settings.items() if each.source(CANDIDATE).share]
    return {name: _open(name, settings, now=now) for name in on}


def _open(name: str, settings: Mapping[str, SourceSettings], *, now: datetime) -> int:
    room = room_left(settings, name, CANDIDATE, now=now)
    streams = _streams_without_case(name, list(risen_events(name, settings[name].rise)), now=now)
    chosen = [stream for stream in streams if is_drawn(CANDIDATE, stream, settings[name])]
    return open_cases(Case.Why.CANDIDATE, latest_decisions(chosen[: max(room, 0)]), now=now)


def risen_events(name: str, rise: float) -> Iterator[int]:
    """The strongest events of entities whose risk rose by `rise` in its last version, the riskiest first."""
    profiles = RiskProfile.objects.filter(view__startswith=f"{name}.").order_by("-score")[:MAX_PROFILES]
    for events, history in profiles.values_list("events", "history_scores"):
        if len(history) > 1 and history[-1] - history[-2] >= rise:
            yield from (int(position) for position, *_ in events)


def _streams_without_case(name: str, events: Sequence[int], *, now: datetime) -> list[str]:
    """Those of these events that were decided within the last days and have no case: their streams."""
    recent = Decision.objects.filter(
        event_position__in=events, event_type=name, revision=0, decided_at__gt=now - WITHIN
    )
    known = set(recent.values_list("event_position", flat=True))
    known -= set(Case.objects.filter(pk__in=known).values_list("pk", flat=True))
    found = Event.objects.in_bulk(known)
    return [found[event].stream for event in dict.fromkeys(events) if event in found]
