"""Minute and hour windows: log entries counted by event type and time."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple

import orjson
from django.db import connection

from monitoring.models import HourlyWindow, MinuteWindow, TrafficWindow
from monitoring.windows.latency_histogram import bin_of
from scoring.catalog.outcomes import BASIC_OUTCOMES
from scoring.catalog.registry import event_type, event_types
from scoring.intake.models import Amendment
from scoring.log.consumers.registry import Consumer
from scoring.log.entries import Entry
from scoring.log.read import read_positions, read_streams
from scoring.rules.rules_only.switch import RULES_ONLY
from scoring.sql.bulk_tables import mogrify_rows
from scoring.timestamps import MICROSECOND, from_iso

MINUTES_KEPT = timedelta(days=3)  # the overview reads two hours; the rest is for investigating incidents

SUMS = (
    *("received", "decided_allow", "decided_review", "decided_block"),
    *("stake_allow", "stake_review", "stake_block", "fallbacks", "revised", "parked"),
    *("labels", "positives", "fraud_stake", "latency_us_sum"),
)
MAXIMA = ("latency_us_max",)
BY_OUTCOME = ("decided_other", "stake_other")
COLUMNS = ("event_type", "start", *SUMS, *MAXIMA, *BY_OUTCOME, "latency")

_ADD_LATENCY = """
latency = (SELECT coalesce(array_agg(coalesce(t.a, 0) + coalesce(t.b, 0) ORDER BY t.i), '{}')
           FROM unnest(w.latency, EXCLUDED.latency) WITH ORDINALITY AS t (a, b, i))
"""
ADD_BY_NAME = """
{column} = (SELECT coalesce(jsonb_object_agg(t.outcome, t.amount), '{{}}')
            FROM (SELECT outcome, sum(amount::bigint) AS amount
                  FROM (SELECT * FROM jsonb_each_text(w.{column})
                        UNION ALL SELECT * FROM jsonb_each_text(EXCLUDED.{column})) AS e (outcome, amount)
                  GROUP BY outcome) AS t)
"""
_UPDATES = ", ".join(
    [
        *(f"{column} = w.{column} + EXCLUDED.{column}" for column in SUMS),
        *(f"{column} = greatest(w.{column}, EXCLUDED.{column})" for column in MAXIMA),
        *(ADD_BY_NAME.format(column=column) for column in BY_OUTCOME),
        _ADD_LATENCY,
    ]
)


class WindowKey(NamedTuple):
    """A window's event type and start, UTC."""

    event_type: str
    start: datetime


class WindowCounts:
    """What entries add to one window."""

    def __init__(self) -> None:
        self.amounts: dict[str, int] = dict.fromkeys((*SUMS, *MAXIMA), 0)
        self.others: dict[str, dict[str, int]] = {column: {} for column in BY_OUTCOME}
        self.latencies: dict[int, int] = defaultdict(int)  # bin -> decisions

    def add(self, column: str, amount: int = 1) -> None:
        self.amounts[column] += amount

    def add_outcome(self, outcome: str, stake: int) -> None:
        """Count a decision and its amount under its outcome."""
        if outcome in BASIC_OUTCOMES:
            self.add(f"decided_{outcome}")
            self.add(f"stake_{outcome}", stake)
        else:
            self._add_other("decided_other", outcome, 1)
            self._add_other("stake_other", outcome, stake)

    def _add_other(self, column: str, outcome: str, amount: int) -> None:
        amounts = self.others[column]
        amounts[outcome] = amounts.get(outcome, 0) + amount

    def add_latency(self, latency_us: int) -> None:
        self.amounts["latency_us_sum"] += latency_us
        self.amounts["latency_us_max"] = max(self.amounts["latency_us_max"], latency_us)
        self.latencies[bin_of(latency_us)] += 1

    def include(self, other: "WindowCounts") -> None:
        """Add the counts of another window."""
        for column in SUMS:
            self.amounts[column] += other.amounts[column]
        for column in MAXIMA:
            self.amounts[column] = max(self.amounts[column], other.amounts[column])
        for column, amounts in other.others.items():
            for outcome, amount in amounts.items():
                self._add_other(column, outcome, amount)
        for place, decisions in other.latencies.items():
            self.latencies[place] += decisions

    def histogram(self) -> list[int]:
        return [self.latencies.get(index, 0) for index in range(max(self.latencies, default=-1) + 1)]


Windows = dict[WindowKey, WindowCounts]
Stakes = Mapping[
    int, int
]  # position of a label entry -> the event's stake, if it changes whether the event is positive


def to_hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def to_minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def count_entries(
    entries: Iterable[Entry],
    *,
    start_of: Callable[[datetime], datetime] = to_hour,
    stakes: Stakes | None = None,
) -> Windows:
    """What `entries` add to each window."""
    windows: Windows = defaultdict(WindowCounts)
    # Consecutive entries usually share a window, and times compare faster than they hash.
    for key, neighbors in groupby(entries, key=lambda entry: _window_of(entry, start_of)):
        counts = windows[key]
        for entry in neighbors:
            _add(counts, entry, stakes or {})
    return dict(windows)


def sum_to_hours(minutes: Windows) -> Windows:
    """Sum minute windows to hour windows."""
    hours: Windows = defaultdict(WindowCounts)
    for key, counts in minutes.items():
        hours[WindowKey(key.event_type, to_hour(key.start))].include(counts)
    return dict(hours)


def _window_of(entry: Entry, start_of: Callable[[datetime], datetime]) -> WindowKey:
    if entry.type.startswith("label."):
        moment = from_iso(entry.data["known_at"]) if entry.data.get("history") else entry.recorded_at
        return WindowKey(entry.data["event"].split("/", 1)[0], start_of(moment))
    if entry.type == "event.received" and entry.data.get("history"):
        return WindowKey(entry.data["type"], start_of(from_iso(entry.data["occurred_at"])))
    return WindowKey(entry.stream.split("/", 1)[0], start_of(entry.recorded_at))


def _add(counts: WindowCounts, entry: Entry, stakes: Stakes) -> None:
    match entry.type:
        case "event.received":
            counts.add("received")
        case "decision.made":
            _add_decision(counts, entry.data)
        case "decision.revised":
            counts.add("revised")
        case "event.parked":
            counts.add("parked")
        case "label.recorded" | "label.retracted":
            change = positive_change(entry)
            counts.add("labels")
            counts.add("positives", change)
            counts.add("fraud_stake", change * stakes.get(entry.position, 0))


def _add_decision(counts: WindowCounts, decision: Mapping[str, Any]) -> None:
    counts.add_outcome(decision["outcome"], decision.get("stake") or 0)
    # A decision by rules only is what people chose: no model failed.
    counts.add("fallbacks", decision["basis"] == "fallback" and decision.get("cause") != RULES_ONLY)
    if decision.get("waited", True):  # absent from old decisions
        took = from_iso(decision["decided_at"]) - from_iso(decision["received_at"])
        # A worker's clock may be behind the web process's (readiness reports it); never count a negative
        # latency.
        counts.add_latency(max(took // MICROSECOND, 0))


def positive_change(entry: Entry) -> int:
    """1 for a label entry that makes its event positive, -1 for one that undoes that, else 0."""
    kind = event_types().get(entry.data["event"].split("/", 1)[0])
    if kind is None:  # no longer in the catalog
        return 0
    positive = kind.labels.positive
    return (entry.data["effective"] == positive) - (entry.data["previous"] == positive)


def read_stakes(entries: Iterable[Entry]) -> dict[int, int]:
    """The stakes of events that label entries made positive or no longer positive, by the entry's position.

    A label before its event has no stake, also when counted again: only events before the label's place in
    the log are read.
    """
    changing = [entry for entry in entries if entry.type.startswith("label.") and positive_change(entry)]
    versions = _read_versions({entry.data["event"] for entry in changing})
    stakes = {}
    for entry in changing:
        earlier = [each for each in versions.get(entry.data["event"], ()) if each.cursor < entry.cursor]
        if earlier:
            data = max(earlier, key=lambda each: each.stream_version).data
            stakes[entry.position] = event_type(data["type"]).stake(data["fields"]) or 0
    return stakes


def _read_versions(streams: Set[str]) -> dict[str, list[Entry]]:
    """The receipts and corrections of events, by stream."""
    received = read_streams(sorted(streams), version=1)
    corrected = Amendment.objects.filter(event_stream__in=streams, kind=Amendment.Kind.CORRECTION)
    for entry in read_positions(list(corrected.values_list("position", flat=True))):
        received[entry.stream].append(entry)
    return received


def add_to_windows(entries: Sequence[Entry], *, now: datetime) -> None:
    """Add `entries` to the hour windows and the minute windows still kept, in the caller's transaction."""
    minutes = count_entries(entries, start_of=to_minute, stakes=read_stakes(entries))
    kept_since = to_minute(now - MINUTES_KEPT)
    _write(HourlyWindow, sum_to_hours(minutes))
    _write(MinuteWindow, {key: counts for key, counts in minutes.items() if key.start >= kept_since})


def _write(model: type[TrafficWindow], windows: Windows) -> None:
    if not windows:
        return
    table = model._meta.db_table
    rows = [_row(key, windows[key]) for key in sorted(windows)]  # sorted, so that two writers cannot deadlock
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} AS w ({', '.join(COLUMNS)}) VALUES {mogrify_rows(cursor, rows)}"  # noqa: S608
            f" ON CONFLICT (event_type, start) DO UPDATE SET {_UPDATES}"
        )


def _row(key: WindowKey, counts: WindowCounts) -> tuple[Any, ...]:
    """The values of `COLUMNS`."""
    return (
        *key,
        *(counts.amounts[column] for column in (*SUMS, *MAXIMA)),
        *(orjson.dumps(counts.others[column]).decode() for column in BY_OUTCOME),
        counts.histogram(),
    )


def empty_windows() -> None:
    """Delete all windows before the log is counted again."""
    HourlyWindow.objects.all().delete()
    MinuteWindow.objects.all().delete()


def prune_minutes(*, now: datetime) -> int:
    """Delete minute windows past their retention; returns how many."""
    return MinuteWindow.objects.filter(start__lt=to_minute(now - MINUTES_KEPT)).delete()[0]


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
