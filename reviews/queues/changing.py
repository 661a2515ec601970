"""Defining, changing and retiring review queues: the only writer of their streams."""

from datetime import datetime
from typing import Any

from reviews.models.queues import ReviewQueue
from reviews.queues.definition import QueueDefinition, check_definition
from reviews.queues.errors import QueueChangedMeanwhile, QueueExists, QueueUnchanged, QueueUnknown
from scoring.admin_kit.history import HistoryLine, history_lines
from scoring.catalog.parsing.reasons import clean_reason
from scoring.log.append import append
from scoring.log.entries import Entry, NewEntry
from scoring.log.read import last_version, read_stream


def create_queue(
    *,
    name: str,
    event_type: str,
    condition: str,
    actor: str,
    now: datetime,
    reason: str = "",
    **terms: Any,
) -> ReviewQueue:
    """Define a new queue; it takes the cases that open from now on.

    `terms`: other members of `QueueDefinition`. Raises QueueInvalid, QueueExists, UnknownEventType,
    EventTypeNotScored, and StreamConflict after a concurrent change.
    """
    definition = QueueDefinition(name, event_type, condition, **terms)
    check_definition(definition)
    if last_version(stream_of(name)):
        raise QueueExists(name)
    return _define(definition, version=0, reason=reason, actor=actor, now=now)


def change_queue(
    definition: QueueDefinition, *, based_on: int, reason: str, actor: str, now: datetime
) -> ReviewQueue:
    """Store a new version of a queue, and take a retired one into use again.

    `based_on`: the version that the author saw. Cases stay where they were routed; `reroute_cases` moves
    them. Raises QueueInvalid, QueueUnknown, QueueChangedMeanwhile, QueueUnchanged, and StreamConflict.
    """
    check_definition(definition)
    queue = ReviewQueue.objects.filter(pk=definition.name).first()
    if queue is None:
        raise QueueUnknown(definition.name)
    if queue.number != based_on:
        raise QueueChangedMeanwhile(definition.name, based_on=based_on, newest=queue.number)
    if not queue.retired and definition == QueueDefinition.of(queue.terms):
        raise QueueUnchanged(definition.name)
    return _define(definition, version=queue.number, reason=reason, actor=actor, now=now)


def retire_queue(name: str, *, reason: str, actor: str, now: datetime) -> ReviewQueue:
    """Route no more cases to a queue; those in it stay. Raises QueueUnknown, and StreamConflict."""
    queue = ReviewQueue.objects.in_use().filter(pk=name).first()
    if queue is None:
        raise QueueUnknown(name)
    data = {"name": name, "reason": clean_reason(reason)}
    _append(name, "review_queue.retired", data, version=queue.number, actor=actor, now=now)
    queue.refresh_from_db()
    return queue


def queue_history(name: str) -> list[HistoryLine]:
    """The latest changes of a queue for pages, newest first."""
    return history_lines(read_stream(stream_of(name)), _change_text)


def stream_of(name: str) -> str:
    return f"review_queue/{name}"


def _change_text(entry: Entry) -> str:
    return "Retired" if entry.type == "review_queue.retired" else f"Version {entry.stream_version}"


def _define(
    definition: QueueDefinition, *, version: int, reason: str, actor: str, now: datetime
) -> ReviewQueue:
    data = {**definition.as_data(), "reason": clean_reason(reason)}
    _append(definition.name, "review_queue.defined", data, version=version, actor=actor, now=now)
    return ReviewQueue.objects.get(pk=definition.name)


def _append(
    name: str, entry_type: str, data: dict[str, Any], *, version: int, actor: str, now: datetime
) -> Entry:
    new = NewEntry(
        stream=stream_of(name),
        expected_version=version,
        type=entry_type,
        data=data,
        metadata={"actor": actor},
    )
    return append([new], now=now)[0]
