"""Labels in: what people, chargebacks and other systems say of an event, appended and queued for its lane."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Literal

from django.db import transaction

from scoring.catalog.registry import event_type
from scoring.decisions import doorbell, pending
from scoring.errors import LabelNotFound, StreamConflict
from scoring.log.append import append
from scoring.log.entries import Entry, NewEntry
from scoring.log.read import read_streams
from scoring.timestamps import from_iso, to_iso

MOST_TRIES = 5

LabelStatus = Literal["recorded", "held", "unchanged"]

# What a label stream says; one may also hold `label.parked`.
SAID = ("label.recorded", "label.retracted")

# Who outranks whom when sources disagree about one event; a source that is not listed ranks lowest.
PRECEDENCE = ("review", "chargeback", "network", "customer")


@dataclass(frozen=True, slots=True)
class LabelStatement:
    """What one source says of one event; `value` None takes back what this source said before."""

    event_type: str
    event_id: str
    value: str | None
    label_source: str
    known_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LabelReceipt:
    """What became of one statement.

    `held`: the event has not arrived; the label is applied when it does. `unchanged`: it had been said
    before, at `known_at`. `missing` is set, and nothing was recorded, when it takes back what was never said.
    """

    event_stream: str
    status: LabelStatus
    effective: str | None
    known_at: datetime | None
    missing: LabelNotFound | None = None


def record_labels(
    statements: Sequence[LabelStatement], *, source: str, now: datetime, actor: str = ""
) -> list[LabelReceipt]:
    """Append labels and retractions of one sender's events; one receipt each, in order.

    A live label's known-at is its receipt: an earlier time given by the sender is kept as `reported_at` only,
    or a label could reach back into decisions that never knew it. A retraction of nothing is `missing` in its
    receipt and loses none of the others.
    """
    for attempt in range(MOST_TRIES):
        try:
            receipts = _record(statements, source=source, now=now, actor=actor)
            break
        except StreamConflict:
            if attempt == MOST_TRIES - 1:
                raise
    lanes = {event_type(statement.event_type).lane for statement in statements}
    transaction.on_commit(partial(doorbell.ring_lanes, lanes))  # the caller's transaction may end later
    return receipts


def effective_label(said: Mapping[str, str]) -> str | None:
    """The label that holds, given what each source says now (by source): the highest-ranking source's."""
    return said[min(said, key=_rank)] if said else None


def said_by_source(entries: Sequence[Entry]) -> dict[str, str]:
    """What each source says after the given entries of one label stream."""
    said: dict[str, str] = {}
    for entry in entries:
        if entry.type in SAID:
            said = _fold(said, entry.data["source"], entry.data["value"])
    return said


def label_entry(
    *,
    event_stream: str,
    version: int,
    said: Mapping[str, str],
    value: str | None,
    label_source: str,
    known_at: datetime,
    reported_at: datetime | None = None,
    history: bool = False,
    actor: str = "",
) -> NewEntry:
    """The next entry of a label stream that holds `said` after `version` entries.

    It carries what every source says after it (`said`), so that a conflict shows without the others.
    """
    after = _fold(said, label_source, value)
    data = {
        "event": event_stream,
        "value": value,
        "source": label_source,
        "known_at": to_iso(known_at),
        "previous": effective_label(said),
        "effective": effective_label(after),
        "said": after,
        "history": history,
    }
    if reported_at is not None and reported_at != known_at:
        data["reported_at"] = to_iso(reported_at)
    return NewEntry(
        stream=f"label/{event_stream}",
        expected_version=version,
        type="label.retracted" if value is None else "label.recorded",
        data=data,
        metadata={"actor": actor} if actor else {},
    )


def _record(
    statements: Sequence[LabelStatement], *, source: str, now: datetime, actor: str
) -> list[LabelReceipt]:
    streams = [f"{statement.event_type}/{source}/{statement.event_id}" for statement in statements]
    stored = read_streams([f"label/{stream}" for stream in streams])
    versions = {stream: len(stored.get(f"label/{stream}", ())) for stream in streams}
    said = {stream: said_by_source(stored.get(f"label/{stream}", ())) for stream in streams}
    known = _known_at_by_source(stored)
    entries: list[NewEntry] = []
    receipts: list[LabelReceipt] = []
    for stream, statement in zip(streams, statements, strict=True):
        speaker = (f"label/{stream}", statement.label_source)
        changed = said[stream].get(statement.label_source) != statement.value
        if changed:
            entry = label_entry(
                event_stream=stream,
                version=versions[stream],
                said=said[stream],
                value=statement.value,
                label_source=statement.label_source,
                known_at=now,
                reported_at=statement.known_at,
                actor=actor,
            )
            entries.append(entry)
            versions[stream] += 1
            said[stream] = _fold(said[stream], statement.label_source, statement.value)
            known[speaker] = now
        missing = None if speaker in known else LabelNotFound(stream, statement.label_source)
        status: LabelStatus = "recorded" if changed else "unchanged"
        receipts.append(
            LabelReceipt(stream, status, effective_label(said[stream]), known.get(speaker), missing)
        )
    held = _append(entries, streams=set(streams), now=now)
    return [
        replace(receipt, status="held")
        if receipt.status == "recorded" and receipt.event_stream in held
        else receipt
        for receipt in receipts
    ]


def _append(entries: Sequence[NewEntry], *, streams: set[str], now: datetime) -> set[str]:
    """Append and queue label entries; returns those of `streams` whose event has not arrived."""
    with transaction.atomic():
        received = read_streams(sorted(streams), version=1)
        held = streams - received.keys()
        if entries:
            waiting = pending.waiting_as_history([entry.position for (entry,) in received.values()])
            with_history = {stream for stream, (entry,) in received.items() if entry.position in waiting}
            pending.enqueue_labels(append(entries, now=now), held=held, with_history=with_history, now=now)
    return held


def _fold(said: Mapping[str, str], label_source: str, value: str | None) -> dict[str, str]:
    others = {name: label for name, label in said.items() if name != label_source}
    return others if value is None else {**others, label_source: value}


def _known_at_by_source(stored: Mapping[str, Sequence[Entry]]) -> dict[tuple[str, str], datetime]:
    """When each source last said something, by label stream and source."""
    return {
        (stream, entry.data["source"]): from_iso(entry.data["known_at"])
        for stream, entries in stored.items()
        for entry in entries
        if entry.type in SAID
    }


def _rank(label_source: str) -> tuple[int, str]:
    rank = PRECEDENCE.index(label_source) if label_source in PRECEDENCE else len(PRECEDENCE)
    return rank, label_source
