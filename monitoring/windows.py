"""Hourly windows: the entries of the log counted by event type and hour."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from monitoring.models import HourlyWindow
from scoring.log.consumers import Consumer
from scoring.log.entries import Entry
from scoring.log.tables import mogrify_rows
from scoring.timestamps import MICROSECOND, from_iso

COUNTED = (
    *("received", "decided_allow", "decided_review", "decided_block", "fallbacks", "revised", "parked"),
    *("labels", "latency_us_sum"),
)
MAXIMA = ("latency_us_max",)

_TABLE = HourlyWindow._meta.db_table
_ADDED = ", ".join(f"{column} = w.{column} + EXCLUDED.{column}" for column in COUNTED)
_RAISED = ", ".join(f"{column} = greatest(w.{column}, EXCLUDED.{column})" for column in MAXIMA)
_INSERT = f"INSERT INTO {_TABLE} AS w (event_type, hour, {', '.join((*COUNTED, *MAXIMA))}) VALUES "  # noqa: S608
_ON_CONFLICT = f" ON CONFLICT (event_type, hour) DO UPDATE SET {_ADDED}, {_RAISED}"


class WindowKey(NamedTuple):
    """An hour (its first moment, UTC) of an event type."""

    event_type: str
    hour: datetime


Amounts = dict[str, int]


def count_entries(entries: Iterable[Entry]) -> dict[WindowKey, Amounts]:
    """What `entries` add to each window: sums for `COUNTED`, the largest value for `MAXIMA`."""
    windows: dict[WindowKey, Amounts] = defaultdict(lambda: dict.fromkeys((*COUNTED, *MAXIMA), 0))
    for entry in entries:
        event_type, moment = _place(entry)
        window = windows[WindowKey(event_type, moment.replace(minute=0, second=0, microsecond=0))]
        for column, amount in _amounts(entry):
            window[column] = max(window[column], amount) if column in MAXIMA else window[column] + amount
    return dict(windows)


def _place(entry: Entry) -> tuple[str, datetime]:
    """The event type and the moment to which an entry belongs."""
    if entry.type.startswith("label."):
        moment = from_iso(entry.data["known_at"]) if entry.data.get("history") else entry.recorded_at
        return entry.data["event"].split("/", 1)[0], moment
    if entry.type == "event.received" and entry.data.get("history"):
        return entry.data["type"], from_iso(entry.data["occurred_at"])
    return entry.stream.split("/", 1)[0], entry.recorded_at


def _amounts(entry: Entry) -> Iterator[tuple[str, int]]:
    match entry.type:
        case "event.received":
            yield "received", 1
        case "decision.made":
            latency = from_iso(entry.data["decided_at"]) - from_iso(entry.data["received_at"])
            latency_us = latency // MICROSECOND
            yield f"decided_{entry.data['outcome']}", 1
            yield "fallbacks", entry.data["basis"] == "fallback"
            yield "latency_us_sum", latency_us
            yield "latency_us_max", latency_us
        case "decision.revised":
            yield "revised", 1
        case "event.parked":
            yield "parked", 1
        case "label.recorded" | "label.retracted":
            yield "labels", 1


def add_to_windows(entries: Sequence[Entry], *, now: datetime) -> None:
    """Add `entries` to the hourly windows, in the caller's transaction."""
    windows = count_entries(entries)
    rows = [
        (*key, *(windows[key][column] for column in (*COUNTED, *MAXIMA)))
        for key in sorted(windows)  # in one order, so that two writers cannot deadlock
    ]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT + mogrify_rows(cursor, rows) + _ON_CONFLICT)


def empty_windows() -> None:
    """Forget every window, for the log to be counted again."""
    HourlyWindow.objects.all().delete()


WINDOWS = Consumer(
    name="monitoring.windows",
    types=frozenset(
        {
            *("event.received", "event.parked", "decision.made", "decision.revised"),
            *("label.recorded", "label.retracted"),
        }
    ),
    handle=add_to_windows,
    reset=empty_windows,
)
