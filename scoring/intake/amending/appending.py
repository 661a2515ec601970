"""Append an amendment of an event, and queue it for the event's lane."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from scoring.catalog.registry import event_type
from scoring.intake.answers import current_version
from scoring.intake.errors import EventStillHistory
from scoring.lanes import queue as pending
from scoring.lanes.amendments import CORRECTED, ENRICHED, RETRACTED, VERSIONS, awaits_media
from scoring.log.append import append
from scoring.log.entries import Entry, NewEntry
from scoring.signals import lane_notifications
from scoring.signals.reply_channels import ReplyChannel

PENDING_KINDS = {CORRECTED: "correction", ENRICHED: "enrichment", RETRACTED: "retraction"}


def append_amendment(
    stream: Sequence[Entry],
    entry_type: str,
    data: Mapping[str, Any],
    *,
    now: datetime,
    actor: str = "",
    channel: ReplyChannel | None = None,
) -> None:
    """Append the amendment and queue it behind the entries of the event that the lane has yet to apply.

    `stream`: all its entries; `data`: what the entry says. Parked entries are dequeued instead, and so are
    entries that would decide an old version again. Raises EventStillHistory, and StreamConflict if the event
    was changed meanwhile.
    """
    lane = event_type(data["type"]).lane
    versions = [entry.position for entry in stream if entry.type in VERSIONS]
    queued = pending.lock_event(versions)
    if any(each.state == "history" for each in queued):
        raise EventStillHistory(stream[0].stream)
    rescores = [each.position for each in queued if each.kind == "rescore"]
    unapplied = [each for each in queued if each.kind != "rescore"]
    dropped = [each.position for each in unapplied if each.state == "parked"]
    pending.complete([*dropped, *rescores])
    earlier = {position for entry in stream for position in entry.data.get("dropped", ())}
    # An event that was never applied needs no undoing.
    withdrawn = entry_type == RETRACTED and {*dropped, *earlier}.issuperset(versions)
    new = _entry_after(stream, entry_type, data, dropped=dropped, withdrawn=withdrawn, actor=actor)
    [entry] = append([new], now=now)
    if not withdrawn:
        own = pending.NORMAL if channel is None else pending.URGENT
        pending.enqueue_amendment(
            entry,
            kind=PENDING_KINDS[entry_type],
            lane=lane,
            priority=max([own, *(each.priority for each in unapplied if each.state == "ready")]),
            wake_token=channel.token if channel else None,
            now=now,
        )
    transaction.on_commit(lambda: lane_notifications.notify_lanes({lane}))


def _entry_after(
    stream: Sequence[Entry],
    entry_type: str,
    data: Mapping[str, Any],
    *,
    dropped: Sequence[int],
    withdrawn: bool,
    actor: str,
) -> NewEntry:
    """The amendment as the next entry of the stream."""
    held = current_version(stream)
    return NewEntry(
        stream=stream[0].stream,
        expected_version=stream[-1].stream_version,
        type=entry_type,
        data={
            **data,
            **({"dropped": list(dropped)} if dropped else {}),
            **({"withdrawn": True} if withdrawn else {}),
            **({"awaited": held.position} if awaits_media(held.data) else {}),
        },
        metadata={"actor": actor} if actor else {},
    )
