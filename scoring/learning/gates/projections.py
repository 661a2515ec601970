"""Gates as a table: how each entry of a stream `gate/{event type}` changes its row."""

from typing import Any

from scoring.learning.models import StoredGate
from scoring.log.entries import Entry
from scoring.log.projections import fold_into
from scoring.sql.bulk_tables import Row

MAX_ACTOR = 80  # characters; the log has all of them


def event_type_of(entry: Entry) -> str:
    return str(entry.data["event_type"])


def actor_of(entry: Entry) -> str:
    return str(entry.metadata.get("actor", ""))[:MAX_ACTOR]


@fold_into("gate.requested", StoredGate, key=event_type_of)
def requested_gate(gate: Row | None, entry: Entry) -> Row:
    return {
        **(gate or _default(entry)),
        "requested": entry.data["criteria"],
        "requested_by": actor_of(entry),
        "requested_at": entry.recorded_at,
        "reason": entry.data["reason"],
    }


@fold_into("gate.approved", StoredGate, key=event_type_of)
def approved_gate(gate: Row | None, entry: Entry) -> Row:
    return {
        **(gate or _default(entry)),
        **_not_requested(),
        "version": entry.data["version"],
        "criteria": entry.data["criteria"],
        "changed_by": entry.data["requested_by"],
        "approved_by": actor_of(entry),
        "changed_at": entry.recorded_at,
    }


@fold_into("gate.rejected", StoredGate, key=event_type_of)
def rejected_gate(gate: Row | None, entry: Entry) -> Row:
    return {**(gate or _default(entry)), **_not_requested()}


def _not_requested() -> dict[str, Any]:
    return {"requested": [], "requested_by": "", "requested_at": None, "reason": ""}


def _default(entry: Entry) -> dict[str, Any]:
    return {
        "event_type": event_type_of(entry),
        "version": 0,
        "criteria": [],
        "changed_by": "",
        "approved_by": "",
        "changed_at": None,
        **_not_requested(),
    }
