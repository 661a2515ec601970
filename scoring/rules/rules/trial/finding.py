"""Finding the events that an expression is tried on: one by its id, or the latest."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from scoring.catalog.registry import scored_types
from scoring.intake.models import Event
from scoring.intake.senders import known_senders
from scoring.log.read import read_streams
from scoring.rules.rules.trial.decided_events import DecidedEvent, FeatureColumns, read_decided_events
from scoring.rules.rules.trial.sample import latest_events

LATEST: Final = 8  # events that an expression is tried on unless one is named
MAX_DIGITS: Final = 18  # of a position in the log, which has 64 bits


@dataclass(frozen=True, slots=True)
class FoundEvents:
    """Events to try an expression on. `other_type`: that of the event asked for, if it is of another type."""

    events: list[DecidedEvent]
    other_type: str = ""


def find_events(event_type: str, wanted: str) -> FoundEvents:
    """The events that `wanted` names: by their sender's id, their stream or their position in the log.

    The latest events of the type if `wanted` is empty. Several senders may have used one id.
    """
    if not wanted:
        return FoundEvents(latest_events(event_type, limit=LATEST))
    streams = list(read_streams([*_streams_named(wanted)], version=1))
    own = [stream for stream in sorted(streams) if stream.startswith(f"{event_type}/")]
    events = read_decided_events(own, columns=FeatureColumns(event_type))
    return FoundEvents(events, "" if own or not streams else streams[0].partition("/")[0])


def _streams_named(wanted: str) -> Iterator[str]:
    """The streams of events that `wanted` could name."""
    yield wanted
    senders = known_senders()
    for event_type in scored_types():
        yield from (f"{event_type}/{sender}/{wanted}" for sender in senders)
    if wanted.isascii() and wanted.isdigit() and len(wanted) <= MAX_DIGITS:
        yield from (event.stream for event in Event.objects.filter(pk=int(wanted)))
