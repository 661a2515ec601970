"""The reports of users by the event that they are about, kept as a table of their own for the figures."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from reviews.console.reports import CONTENT
from reviews.models import EventReport
from scoring.catalog.registry import event_types
from scoring.lanes.amendments import RECEIVED, RETRACTED, VERSIONS
from scoring.log.consumers.registry import Consumer
from scoring.log.entries import Entry


def follow_reports(entries: Sequence[Entry], *, now: datetime) -> None:
    """Keep which events each report is about, in the caller's transaction.

    The latest version of a report counts, from the receipt of the first; a retracted one does not.
    """
    reported = _reported_types()
    latest = {_receipt_of(entry): entry for entry in entries if entry.data["type"] in reported}
    if not latest:
        return
    earlier = EventReport.objects.filter(position__in=latest)
    received = dict(earlier.values_list("position", "received_at"))
    received |= {entry.position: entry.recorded_at for entry in entries if entry.type == RECEIVED}
    earlier.delete()
    EventReport.objects.bulk_create(
        EventReport(
            position=position, event_stream=stream, received_at=received.get(position, entry.recorded_at)
        )
        for position, entry in latest.items()
        for stream in _streams_in(entry, reported)
    )


def forget() -> None:
    """Empty the table, to build it again."""
    EventReport.objects.all().delete()


def _reported_types() -> Mapping[str, Sequence[str]]:
    """The event types that reports of each type are about."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, kind in event_types().items():
        if kind.reports:
            found[kind.reports].append(name)
    return found


def _streams_in(entry: Entry, reported: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """The streams of the events that a report names; none of a retracted report."""
    content = None if entry.type == RETRACTED else entry.data["fields"].get(CONTENT)
    if content is not None:
        for name in reported[entry.data["type"]]:
            yield f"{name}/{entry.data['source']}/{content}"


def _receipt_of(entry: Entry) -> int:
    """The position of the receipt of the event that an entry concerns."""
    return entry.position if entry.type == RECEIVED else entry.data["event_position"]


REPORTS = Consumer(
    name="reviews.reports",
    types=VERSIONS | {RETRACTED},
    handle=follow_reports,
    reset=forget,
)
