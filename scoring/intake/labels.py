"""Receive labels from reviewers, chargebacks and other systems: append and queue them for their lanes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Literal

from django.db import transaction

from scoring.catalog.registry import event_type
from scoring.errors import ScoringError
from scoring.intake.errors import (
    InvalidRequest,
    LabelChangedTooOften,
    LabelNotFound,
    RequestProblem,
    TooManyLabelSources,
)
from scoring.intake.label_sources import (
    NOTHING_NAMED,
    PEOPLE,
    KnownAt,
    NamedPolicies,
    canonical_source,
    effective_source,
    named_after,
    named_by_source,
    policy_keys,
)
from scoring.lanes import held_labels
from scoring.lanes import queue as pending
from scoring.lanes.entry_types import LABEL_TYPES
from scoring.log.append import append
from scoring.log.entries import Entry, NewEntry
from scoring.log.read import read_streams
from scoring.log.retry import append_retrying
from scoring.signals import lane_notifications
from scoring.timestamps import from_iso, to_iso

LabelStatus = Literal["recorded", "held", "unchanged"]


# Bounds on one event, for each entry carries what every source says, and its stream is read as a whole.
MAX_SOURCES = 20
MAX_CHANGES = 1_000


@dataclass(frozen=True, slots=True)
class LabelStatement:
    """What one source says of one event; `value` None takes back what this source said before.

    A positive label without policies says that any of them may be broken.
    """

    event_type: str
    event_id: str
    value: str | None
    label_source: str  # in its one spelling, however it was given
    known_at: datetime | None = None
    policies: tuple[str, ...] = ()  # those that a positive label names, sorted

    def __post_init__(self) -> None:
        object.__setattr__(self, "label_source", canonical_source(self.label_source))


@dataclass(frozen=True, slots=True)
class LabelReceipt:
    """The outcome of one statement, and the label that the log holds now.

    `held`: the event has not arrived; the label is applied when it does. `unchanged`: the source had said the
    same before, at `known_at` and with `reported_at`. `refused` says why nothing was recorded: the statement
    retracts a label that does not exist, was known before its event, or exceeds a limit.
    """

    event_stream: str
    status: LabelStatus
    effective: str | None
    known_at: datetime | None
    reported_at: datetime | None = None
    refused: ScoringError | None = None


def record_labels(
    statements: Sequence[LabelStatement],
    *,
    source: str,
    now: datetime,
    actor: str = "",
    held_capacity: int | None = None,
    history: bool = False,
) -> list[LabelReceipt]:
    """Append labels and retractions for one sender's events; returns one receipt each, in order.

    A live label is known at its receipt. An earlier time given by the sender is kept as `reported_at` only;
    otherwise a label could affect decisions that never knew it. A refused statement gives the reason in its
    receipt and does not affect the others. Of labels whose event has not arrived at most `held_capacity` are
    held (None: any number).

    With `history` a statement counts from its `known_at` on, as if it had been recorded then; this needs the
    permission to change the past. Its event must have arrived and must not have later labels.
    """
    record = partial(
        _record, statements, source=source, now=now, actor=actor, held_capacity=held_capacity, history=history
    )
    receipts = append_retrying(record)
    lanes = {event_type(statement.event_type).lane for statement in statements}
    # The caller's transaction may end later.
    transaction.on_commit(partial(lane_notifications.notify_lanes, lanes))
    return receipts


def said_by_source(entries: Sequence[Entry]) -> dict[str, str]:
    """The label of each source after the given entries of one label stream."""
    said: dict[str, str] = {}
    for entry in entries:
        if entry.type in LABEL_TYPES:
            said = _fold(said, canonical_source(entry.data["source"]), entry.data["value"])
    return said


def said_at_by_source(entries: Sequence[Entry]) -> dict[str, datetime]:
    """When the latest label of each source became known, by the entries of one label stream."""
    return {
        canonical_source(entry.data["source"]): from_iso(entry.data["known_at"])
        for entry in entries
        if entry.type in LABEL_TYPES
    }


def effective_after(entries: Sequence[Entry]) -> str | None:
    """The effective label after the entries of one label stream, as they say it."""
    last = next((entry for entry in reversed(entries) if entry.type in LABEL_TYPES), None)
    return last.data["effective"] if last else None


def label_entry(
    *,
    event_stream: str,
    version: int,
    said: Mapping[str, str],
    said_at: KnownAt,
    previous: str | None,
    value: str | None,
    label_source: str,
    known_at: datetime,
    reported_at: datetime | None = None,
    history: bool = False,
    actor: str = "",
    policies: Sequence[str] = (),
    named: NamedPolicies = NOTHING_NAMED,
) -> NewEntry:
    """The next entry of a label stream whose `version` entries amount to `said`, `said_at` and `named`.

    `previous`: the label that the last of them made effective, also by an earlier order of precedence. The
    entry carries the labels of all sources after it (`said`), so that a conflict is visible in one entry; and
    likewise the policies, if any source names one.
    """
    label_source = canonical_source(label_source)
    after = _fold(said, label_source, value)
    source = effective_source(after, {**said_at, label_source: known_at})
    data = {
        "event": event_stream,
        "value": value,
        "source": label_source,
        "known_at": to_iso(known_at),
        "previous": previous,
        "effective": None if source is None else after[source],
        "said": after,
        "history": history,
        **policy_keys(named, label_source, value, policies, effective=source),
    }
    if source is not None and len(after) > 1:
        data["effective_source"] = source
    if reported_at is not None and reported_at != known_at:
        data["reported_at"] = to_iso(reported_at)
    return NewEntry(
        stream=f"label/{event_stream}",
        expected_version=version,
        type="label.retracted" if value is None else "label.recorded",
        data=data,
        metadata={"actor": actor} if actor else {},
    )


@dataclass(frozen=True, slots=True)
class _Spoken:
    """When a source last labeled an event, and since when it claims to have known."""

    known_at: datetime
    reported_at: datetime | None


@dataclass(slots=True)
class _LabelStream:
    """The labels of one event so far; `take` adds to them."""

    event_stream: str
    version: int
    said: dict[str, str]
    spoken: dict[str, _Spoken]
    named: NamedPolicies
    effective: str | None

    @classmethod
    def read(cls, event_stream: str, entries: Sequence[Entry]) -> "_LabelStream":
        spoken = {
            canonical_source(entry.data["source"]): _spoken_in(entry.data)
            for entry in entries
            if entry.type in LABEL_TYPES
        }
        return cls(
            event_stream,
            len(entries),
            said_by_source(entries),
            spoken,
            named_by_source(entries, LABEL_TYPES),
            effective_after(entries),
        )

    def says_already(self, statement: LabelStatement) -> bool:
        """Whether the statement's source says exactly this now."""
        source = statement.label_source
        return self.said.get(source) == statement.value and self.named.get(source, ()) == statement.policies

    def receipt(self, statement: LabelStatement, status: LabelStatus) -> LabelReceipt:
        spoken = self.spoken[statement.label_source]
        return LabelReceipt(self.event_stream, status, self.effective, spoken.known_at, spoken.reported_at)

    def refused(self, error: ScoringError) -> LabelReceipt:
        return LabelReceipt(self.event_stream, "unchanged", self.effective, None, refused=error)

    def refusal(self, statement: LabelStatement) -> ScoringError | None:
        """Why a statement cannot be recorded in this stream. The limits do not apply to reviewers."""
        source = statement.label_source
        if statement.value is None and source not in self.spoken:
            return LabelNotFound(self.event_stream, source)
        if source == PEOPLE or self.says_already(statement):
            return None
        if source not in self.said and len(self.said) >= MAX_SOURCES:
            return TooManyLabelSources(self.event_stream, MAX_SOURCES)
        if self.version >= MAX_CHANGES:
            return LabelChangedTooOften(self.event_stream, MAX_CHANGES)
        return None

    def refusal_of_past(self, statement: LabelStatement, event: Entry | None) -> ScoringError | None:
        """Why a statement cannot count from a time in the past."""
        if event is None:
            problem = "has not arrived, so its labels cannot apply from a past time"
            return InvalidRequest([RequestProblem("event_id", problem, None)])
        latest = max((spoken.known_at for spoken in self.spoken.values()), default=None)
        if statement.known_at is None or latest is None or statement.known_at >= latest:
            return None
        since = to_iso(latest)
        problem = f"is before the latest label of the event ({since})"
        return InvalidRequest([RequestProblem("known_at", problem, f"from {since} on")])

    def take(self, statement: LabelStatement, *, now: datetime, actor: str, history: bool) -> NewEntry | None:
        """The entry that a statement adds, or None if its source already says the same."""
        source = statement.label_source
        if self.says_already(statement):
            return None
        entry = label_entry(
            event_stream=self.event_stream,
            version=self.version,
            said=self.said,
            said_at={name: each.known_at for name, each in self.spoken.items()},
            previous=self.effective,
            value=statement.value,
            label_source=source,
            known_at=(statement.known_at if history else None) or now,
            reported_at=statement.known_at,
            history=history and statement.known_at is not None,
            actor=actor,
            policies=statement.policies,
            named=self.named,
        )
        self.version += 1
        self.said, self.effective = entry.data["said"], entry.data["effective"]
        self.named = named_after(self.named, source, statement.policies)
        self.spoken[source] = _spoken_in(entry.data)
        return entry


def _record(
    statements: Sequence[LabelStatement],
    *,
    source: str,
    now: datetime,
    actor: str,
    held_capacity: int | None,
    history: bool,
) -> list[LabelReceipt]:
    streams = [f"{statement.event_type}/{source}/{statement.event_id}" for statement in statements]
    stored = read_streams([f"label/{stream}" for stream in streams])
    label_streams = {
        stream: _LabelStream.read(stream, stored.get(f"label/{stream}", ())) for stream in streams
    }
    received = {stream: entry for stream, (entry,) in read_streams(sorted(set(streams)), version=1).items()}
    capacity = _HeldCapacity(source, held_capacity)
    entries: list[NewEntry] = []
    receipts: list[LabelReceipt] = []
    for stream, statement in zip(streams, statements, strict=True):
        own, event = label_streams[stream], received.get(stream)
        refusal = (
            _known_too_early(statement, event)
            or (own.refusal_of_past(statement, event) if history else None)
            or own.refusal(statement)
            or capacity.refusal(own, statement, event)
        )
        if refusal:
            receipts.append(own.refused(refusal))
            continue
        entry = own.take(statement, now=now, actor=actor, history=history)
        entries += [entry] if entry else []
        status: LabelStatus = "held" if event is None else "recorded"
        receipts.append(own.receipt(statement, status if entry else "unchanged"))
    if entries:
        _append(entries, received=received, now=now)
    return receipts


@dataclass(slots=True)
class _HeldCapacity:
    """How many more labels may be held for events that have not arrived (None: any number)."""

    source: str
    left: int | None

    def refusal(
        self, own: _LabelStream, statement: LabelStatement, event: Entry | None
    ) -> ScoringError | None:
        """Why a new label cannot be held, else counts it. Retractions are always accepted."""
        if event or self.left is None or statement.value is None or own.says_already(statement):
            return None
        if self.left == 0:
            return held_labels.too_many_held_error(self.source)
        self.left -= 1
        return None


def _known_too_early(statement: LabelStatement, event: Entry | None) -> InvalidRequest | None:
    """Why a statement cannot have been known at its time, if its event has arrived."""
    if event is None or statement.known_at is None:
        return None
    occurred_at = event.data["occurred_at"]
    if statement.known_at >= from_iso(occurred_at):
        return None
    problem = RequestProblem("known_at", f"is before the event ({occurred_at})", f"from {occurred_at} on")
    return InvalidRequest([problem])


def _append(entries: Sequence[NewEntry], *, received: Mapping[str, Entry], now: datetime) -> None:
    """Append label entries and queue them; labels of events that were not `received` yet are held."""
    waiting = pending.unsequenced_history([event.position for event in received.values()])
    with_history = {stream for stream, event in received.items() if event.position in waiting}
    held = {entry.data["event"] for entry in entries} - received.keys()
    pending.enqueue_labels(append(entries, now=now), held=held, with_history=with_history, now=now)


def _fold(said: Mapping[str, str], label_source: str, value: str | None) -> dict[str, str]:
    others = {name: label for name, label in said.items() if name != label_source}
    return others if value is None else {**others, label_source: value}


def _spoken_in(data: Mapping[str, Any]) -> _Spoken:
    reported = data.get("reported_at")
    return _Spoken(from_iso(data["known_at"]), from_iso(reported) if reported else None)
