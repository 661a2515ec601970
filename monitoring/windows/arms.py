"""Hourly windows of the models of a route: what happened to the events that were assigned to each."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import numpy as np

from monitoring.models import ArmWindow
from monitoring.windows.binning import BinCounts, Reference, pack, unpack
from monitoring.windows.hourly import positive_change, to_hour
from monitoring.windows.latency_histogram import add_histograms, bin_of
from monitoring.windows.model_windows import read_references
from scoring.catalog.registry import event_types
from scoring.decisions.models import Decision
from scoring.log.consumers.registry import Consumer
from scoring.log.entries import Entry
from scoring.log.read import read_positions, read_streams
from scoring.registry.routes import RouteTable, arm_for, table_from
from scoring.timestamps import MICROSECOND, from_iso

MODEL, BLOCK = Decision.Basis.MODEL.value, "block"
TIMEOUT = "timeout"
FAILURES = frozenset({"model_failed", "model_unavailable", "feature_set_missing"})
SUMS = ("decided", "failed", "blocked", "right_blocks", "wrong_blocks", "waited")
COUNTED = (*SUMS, "latency", "scores")


class ArmHour(NamedTuple):
    """A model at a version of its event type's route, and the start of an hour, UTC."""

    event_type: str
    route: int
    model: str
    start: datetime


@dataclass
class ArmCounts:
    """What entries add to one window: the sums by column, latencies in microseconds, and scores."""

    sums: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SUMS, 0))
    latencies: list[int] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)


class RouteHistory:
    """The versions of an event type's route, from its entries in order."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._tables = {entry.stream_version: table_from(entry) for entry in entries}
        self._entries = entries

    def version(self, number: int) -> RouteTable | None:
        return self._tables.get(number)

    def in_force_at(self, entry: Entry) -> RouteTable | None:
        """The last version before an entry of the log."""
        earlier = [each for each in self._entries if each.cursor < entry.cursor]
        return self._tables[earlier[-1].stream_version] if earlier else None


Routes = Mapping[str, RouteHistory]  # by event type


def count_arms(
    entries: Iterable[Entry], *, routes: Routes, receipts: Mapping[int, Entry], decisions: Mapping[str, Entry]
) -> dict[ArmHour, ArmCounts]:
    """What first decisions and labels add to each window.

    `receipts`: those of events that were decided without a lane, by position. `decisions`: the first
    decisions on labeled events, by stream.
    """
    counts: dict[ArmHour, ArmCounts] = defaultdict(ArmCounts)
    for entry in entries:
        if entry.type != "decision.made":
            _add_label(counts, entry, decisions.get(entry.data["event"]), routes)
        elif (hour := _hour_of(entry, routes, receipts)) is not None:
            _add_decision(counts[hour], entry, hour.model)
    return dict(counts)


def _hour_of(decision: Entry, routes: Routes, receipts: Mapping[int, Entry]) -> ArmHour | None:
    """The window of a decision; None if no route was in force, or no model had a part in it."""
    data = decision.data
    history = routes.get(data["event_type"])
    if history is None:
        return None
    unit = data.get("unit", "")
    if (version := data.get("route")) is not None:
        route = history.version(version)
    else:
        route, receipt = history.in_force_at(decision), receipts.get(data["event_position"])
        if route is None or receipt is None:
            return None
        unit = str(receipt.data["fields"].get(route.unit) or "")
    if route is None:
        return None
    model = arm_for(route, unit).model
    return ArmHour(data["event_type"], route.version, model, to_hour(decision.recorded_at))


def _add_decision(counts: ArmCounts, decision: Entry, assigned: str) -> None:
    data = decision.data
    by_model = data["basis"] == MODEL and data["model"] == assigned
    counts.sums["decided"] += by_model
    counts.sums["failed"] += _has_failed(decision, assigned)
    counts.sums["blocked"] += by_model and _would_block(decision)
    if by_model:
        counts.scores.append(data["score"])
    if data.get("waited", True):
        took = from_iso(data["decided_at"]) - from_iso(data["received_at"])
        counts.sums["waited"] += 1
        counts.latencies.append(max(took // MICROSECOND, 0))


def _has_failed(decision: Entry, assigned: str) -> bool:
    """Whether the champion decided in place of a canary, or the failure policy in place of the champion."""
    data = decision.data
    if data["basis"] == MODEL:
        return bool(data["model"] != assigned)
    return data["cause"] in FAILURES


def _would_block(decision: Entry) -> bool:
    return (decision.data.get("initial") or decision.data["outcome"]) == BLOCK


def _add_label(
    counts: dict[ArmHour, ArmCounts], label: Entry, decision: Entry | None, routes: Routes
) -> None:
    if decision is None or decision.cursor > label.cursor or not _would_block(decision):
        return
    hour = _hour_of(decision, routes, {})
    if hour is None or decision.data["model"] != hour.model:
        return
    counts[hour].sums["right_blocks"] += positive_change(label)
    counts[hour].sums["wrong_blocks"] += _negative_change(label)


def _negative_change(label: Entry) -> int:
    """1 for a label entry that makes its event negative, -1 for one that undoes that, else 0."""
    kind = event_types().get(label.data["event"].split("/", 1)[0])
    if kind is None:  # no longer in the catalog
        return 0
    negative = kind.labels.negative
    return (label.data["effective"] == negative) - (label.data["previous"] == negative)


def add_to_arm_windows(entries: Sequence[Entry], *, now: datetime) -> None:
    """Add live decisions and labels to the windows of their models, in the caller's transaction."""
    entries = [entry for entry in entries if not entry.data.get("history")]
    labeled = {entry.data["event"] for entry in entries if entry.type != "decision.made"}
    seen = count_arms(
        entries,
        routes=_read_routes({_event_type_of(entry) for entry in entries}),
        receipts=_read_receipts(entries),
        decisions=dict(_first_decisions(labeled)),
    )
    if seen:
        _write(seen, read_references(hour.model for hour in seen))


def _event_type_of(entry: Entry) -> str:
    """The event type of a decision or label."""
    return str(entry.data.get("event_type") or entry.data["event"].split("/", 1)[0])


def _read_routes(names: Iterable[str]) -> dict[str, RouteHistory]:
    streams = read_streams([f"route/{name}" for name in sorted(names)])
    return {stream.removeprefix("route/"): RouteHistory(past) for stream, past in streams.items()}


def _read_receipts(entries: Iterable[Entry]) -> dict[int, Entry]:
    """The receipts of events that timed out, by position."""
    timed_out = [
        entry.data["event_position"]
        for entry in entries
        if entry.type == "decision.made"
        and entry.data.get("route") is None
        and entry.data["cause"] == TIMEOUT
    ]
    return {entry.position: entry for entry in read_positions(timed_out)} if timed_out else {}


def _first_decisions(streams: Iterable[str]) -> Iterator[tuple[str, Entry]]:
    for stream, entries in read_streams(sorted(streams)).items():
        made = next((entry for entry in entries if entry.type == "decision.made"), None)
        if made is not None:
            yield stream, made


def _write(seen: Mapping[ArmHour, ArmCounts], references: Mapping[str, Reference]) -> None:
    windows = _stored_windows(seen)
    for hour, added in seen.items():
        _add(windows[hour], added, references.get(hour.model))
    ArmWindow.objects.bulk_create(
        windows.values(),
        update_conflicts=True,
        unique_fields=["event_type", "model", "route", "start"],
        update_fields=COUNTED,
    )


def _stored_windows(seen: Iterable[ArmHour]) -> dict[ArmHour, ArmWindow]:
    """The windows of `seen`, stored or new; the locked cursor of the consumer keeps other writers out."""
    windows = {hour: ArmWindow(**hour._asdict()) for hour in seen}
    stored = ArmWindow.objects.filter(
        model__in={hour.model for hour in windows}, start__in={hour.start for hour in windows}
    )
    for window in stored:
        hour = ArmHour(window.event_type, window.route, window.model, window.start)
        if hour in windows:
            window.pk = None  # upserted by its natural key
            windows[hour] = window
    return windows


def _add(window: ArmWindow, added: ArmCounts, reference: Reference | None) -> None:
    for column, amount in added.sums.items():
        setattr(window, column, getattr(window, column) + amount)
    window.latency = add_histograms([window.latency, _histogram(added.latencies)])
    if reference is not None and added.scores:
        before = unpack(window.scores) if window.scores else np.zeros_like(reference.scores)
        window.scores = pack(before + reference.count_scores(np.array(added.scores)))


def _histogram(latencies: Iterable[int]) -> list[int]:
    bins = [bin_of(latency) for latency in latencies]
    return np.bincount(bins).tolist() if bins else []


def sum_scores(windows: Iterable[ArmWindow]) -> BinCounts:
    """The scores of a model's windows by bin, int64 [bins]; empty without any."""
    counted = [unpack(window.scores) for window in windows if window.scores]
    return np.sum(counted, axis=0) if counted else np.zeros(0, dtype=np.int64)


def empty_arm_windows() -> None:
    """Delete all windows before the log is counted again."""
    ArmWindow.objects.all().delete()


ARMS = Consumer(
    name="monitoring.arms",
    types=frozenset({"decision.made", "label.recorded", "label.retracted"}),
    handle=add_to_arm_windows,
    reset=empty_arm_windows,
)
