"""Receive corrections and retractions: another entry of the event's stream, never an overwrite.

The lane undoes the version before and applies the corrected one, which is decided again. After a retraction
nothing of the event counts any more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from scoring.catalog.parsing.card_numbers import mask_card_numbers
from scoring.catalog.registry import event_type
from scoring.intake.amending.appending import append_amendment
from scoring.intake.answers import answer_for, current_version, is_undecided, retraction_in
from scoring.intake.errors import (
    EventAlreadyRetracted,
    EventNotFound,
    EventVersionConflict,
)
from scoring.intake.receive import Submission, differing_fields, received_entry, vault_items
from scoring.lanes import queue as pending
from scoring.lanes.amendments import CORRECTED, RETRACTED
from scoring.log import vault
from scoring.log.entries import Entry
from scoring.log.read import read_stream
from scoring.log.retry import append_retrying
from scoring.signals import lane_notifications
from scoring.signals.reply_channels import ReplyChannel, open_reply_channel

MAX_REASON_LENGTH = 200

AmendmentStatus = Literal["recorded", "unchanged", "replayed"]


@dataclass(frozen=True, slots=True)
class AmendmentReceipt:
    """The outcome of a correction or retraction, and everything known about the event.

    `unchanged`: the event already read like the correction. `replayed`: the same amendment was recorded
    before. `is_undecided`: the corrected event has no decision yet.
    """

    status: AmendmentStatus
    answer: dict[str, Any]
    is_undecided: bool


def correct_event(
    submission: Submission,
    *,
    source: str,
    reason: str,
    now: datetime,
    version: int | None = None,
    wait: float | None = None,
    actor: str = "",
) -> AmendmentReceipt:
    """Change an event's fields or time, and have it decided again.

    `submission`: the whole event as it should read, with its type and id. `version`: the version that is
    being corrected, to be checked. With `wait` (seconds) the call returns as soon as the corrected event is
    decided. Raises EventNotFound, EventAlreadyRetracted, EventStillHistory, EventVersionConflict.
    """
    sent, reason = received_entry(submission, source=source), mask_card_numbers(reason)
    channel = open_reply_channel() if wait else None

    def correct() -> list[Entry] | None:
        """Append the correction; returns the event's stream when there is nothing to correct."""
        stream = _read_amendable(sent.stream)
        held = current_version(stream)
        if not differing_fields(held.data, sent.data):
            return stream
        if version is not None and version != held.data.get("version", 1):
            raise EventVersionConflict(sent.stream, given=version, found=held.data.get("version", 1))
        data = _corrected_data(held, sent.data, stream[0], reason)
        vault.store(vault_items([submission]))
        append_amendment(stream, CORRECTED, data, channel=channel, now=now, actor=actor)
        return None

    # The event may be decided, corrected or retracted meanwhile.
    unchanged = append_retrying(correct)
    if unchanged is not None:
        return _repeated(unchanged, channel, wait)
    return _answered(sent.stream, "recorded", channel, wait)


def retract_event(stream_name: str, *, reason: str, now: datetime, actor: str = "") -> AmendmentReceipt:
    """Retract an event that did not happen or should not have been sent.

    It leaves the counts of its entities, its case is closed, no model learns from it, and it gets no further
    decision. Retracting it again for the same reason is `replayed`. Raises EventNotFound,
    EventAlreadyRetracted, EventStillHistory.
    """
    reason = mask_card_numbers(reason)

    def retract() -> AmendmentStatus:
        stream = read_stream(stream_name)
        retraction = retraction_in(stream)
        if retraction and retraction.data["reason"] == reason:
            return "replayed"
        stream = _amendable(stream_name, stream)
        data = _about(stream[0]) | {"version": _version_of(current_version(stream)), "reason": reason}
        append_amendment(stream, RETRACTED, data, now=now, actor=actor)
        return "recorded"

    return AmendmentReceipt(append_retrying(retract), answer_for(stream_name), is_undecided=False)


def _read_amendable(name: str) -> list[Entry]:
    return _amendable(name, read_stream(name))


def _amendable(name: str, stream: list[Entry]) -> list[Entry]:
    if not stream:
        raise EventNotFound(name)
    if retraction := retraction_in(stream):
        raise EventAlreadyRetracted(name, reason=retraction.data["reason"], at=retraction.recorded_at)
    return stream


def _corrected_data(held: Entry, sent: Mapping[str, Any], received: Entry, reason: str) -> dict[str, Any]:
    """The data of a receipt as it should have been, and what differs from the version before."""
    return {
        **sent,
        **_about(received),
        "history": received.data["history"],
        "version": _version_of(held) + 1,
        "changed": differing_fields(held.data, sent),
        "reason": reason,
    }


def _about(received: Entry) -> dict[str, Any]:
    names = ("type", "source", "id")
    return {"event_position": received.position, **{name: received.data[name] for name in names}}


def _version_of(entry: Entry) -> int:
    return int(entry.data.get("version", 1))


def _repeated(stream: Sequence[Entry], channel: ReplyChannel | None, wait: float | None) -> AmendmentReceipt:
    """The receipt of a correction that changes nothing; the client waits as if it had made it."""
    version = current_version(stream)
    status: AmendmentStatus = "replayed" if version.type == CORRECTED else "unchanged"
    if channel and is_undecided(stream):
        pending.wait_for_queued([version.position], wake_token=channel.token)
        lane_notifications.notify_lanes({event_type(version.data["type"]).lane})
    return _answered(version.stream, status, channel, wait)


def _answered(
    name: str, status: AmendmentStatus, channel: ReplyChannel | None, wait: float | None
) -> AmendmentReceipt:
    if channel and wait and is_undecided(read_stream(name)):
        channel.collect(count=1, seconds=wait)
    return AmendmentReceipt(status, answer_for(name), is_undecided=is_undecided(read_stream(name)))
