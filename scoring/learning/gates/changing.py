"""Changes of an event type's gate: requested by one person, approved or rejected by another.

requested --(approved by somebody else)--> holds for the next trainings
requested --(rejected, or withdrawn by its author)--> gone
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from scoring.catalog.parsing.reasons import clean_reason
from scoring.catalog.registry import scored_type
from scoring.learning.errors import NoteRequired
from scoring.learning.gates.criteria import Gate, check_gate
from scoring.learning.gates.errors import (
    GateChangeRequested,
    GateUnchanged,
    NoGateChange,
    OtherGateChange,
    OwnGateChange,
)
from scoring.learning.models import StoredGate
from scoring.log.append import append
from scoring.log.entries import Entry, NewEntry
from scoring.log.read import last_version


def gate_of(event_type: str) -> Gate:
    """The gate that holds for an event type: the approved one, or the default."""
    row = StoredGate.objects.filter(pk=event_type).first()
    return gate_in(row)


def gate_in(row: StoredGate | None) -> Gate:
    """The gate that holds, given its row."""
    return Gate.of(row.criteria, version=row.version) if row and row.version else Gate()


def requested_in(row: StoredGate | None) -> Gate | None:
    """The gate that is requested, given its row, with the version that it would have."""
    return Gate.of(row.requested, version=row.version + 1) if row and row.requested else None


def request_gate(event_type: str, gate: Gate, *, reason: str, actor: str, now: datetime) -> Entry:
    """Ask for other criteria. Nothing changes until another person approves them.

    Raises GateInvalid, GateUnchanged, GateChangeRequested, NoteRequired, UnknownEventType,
    EventTypeNotScored, and StreamConflict after a concurrent change.
    """
    version = stream_version(event_type)  # read before the row, so that a change between them conflicts
    check_request(event_type, gate, StoredGate.objects.filter(pk=event_type).first(), reason=reason)
    data = {"criteria": gate.as_data(), "reason": clean_reason(reason)}
    return _append(event_type, "gate.requested", data, version=version, actor=actor, now=now)


def check_request(event_type: str, gate: Gate, row: StoredGate | None, *, reason: str) -> None:
    """Refuse criteria that may not be requested, given the row of the present gate.

    Raises what `request_gate` does, but for StreamConflict.
    """
    scored_type(event_type)
    require_note(event_type, reason, "changed")
    check_gate(event_type, gate)
    if row and row.requested:
        raise GateChangeRequested(event_type, by=row.requested_by)
    if gate.criteria == gate_in(row).criteria:
        raise GateUnchanged(event_type)


def check_approval(event_type: str, *, requested_by: str, actor: str) -> None:
    """Raises OwnGateChange if the person who would approve a change requested it."""
    if requested_by == actor:
        raise OwnGateChange(event_type, actor=actor)


def approve_gate(event_type: str, *, seen: int, actor: str, now: datetime) -> Entry:
    """Let the requested criteria hold from the next training on.

    `seen`: the `stream_version` of the gate when the request was read, so that no other one is approved
    unseen. Raises NoGateChange, OtherGateChange, OwnGateChange.
    """
    with transaction.atomic():
        row = _requested(event_type)
        if stream_version(event_type) != seen:
            raise OtherGateChange(event_type)
        check_approval(event_type, requested_by=row.requested_by, actor=actor)
        data = {
            "criteria": row.requested,
            "version": row.version + 1,
            "reason": row.reason,
            "requested_by": row.requested_by,
        }
        return _append(event_type, "gate.approved", data, version=seen, actor=actor, now=now)


def reject_gate(event_type: str, *, reason: str, actor: str, now: datetime) -> Entry:
    """Drop the requested criteria; their author may do so too. Raises NoGateChange, NoteRequired."""
    require_note(event_type, reason, "rejected")
    with transaction.atomic():
        _requested(event_type)
        data, version = {"reason": clean_reason(reason)}, stream_version(event_type)
        return _append(event_type, "gate.rejected", data, version=version, actor=actor, now=now)


def require_note(event_type: str, reason: str, judgment: str) -> None:
    """Raises NoteRequired for a blank reason."""
    if not reason.strip():
        raise NoteRequired(name=f"the gate of {event_type}", judgment=judgment)


def _requested(event_type: str) -> StoredGate:
    """The row of a gate with a requested change, locked until the transaction ends."""
    row = StoredGate.objects.select_for_update().filter(pk=event_type).first()
    if row is None or not row.requested:
        raise NoGateChange(event_type)
    return row


def stream_version(event_type: str) -> int:
    """How many requests and judgments the gate of an event type has had."""
    return last_version(f"gate/{event_type}")


def _append(
    event_type: str, entry_type: str, data: Mapping[str, Any], *, version: int, actor: str, now: datetime
) -> Entry:
    new = NewEntry(
        stream=f"gate/{event_type}",
        expected_version=version,
        type=entry_type,
        data={"event_type": event_type, **data},
        metadata={"actor": actor},
    )
    return append([new], now=now)[0]
