"""Events, their amendments and labels as tables: how each log entry changes its row."""

from collections.abc import Mapping
from typing import Any

from scoring.intake.models import Amendment, Event, Label
from scoring.log.entries import Entry
from scoring.log.projections import amend, project
from scoring.sql.bulk_tables import Row
from scoring.timestamps import from_iso

AMENDMENT_KINDS = {
    "event.corrected": Amendment.Kind.CORRECTION,
    "event.enriched": Amendment.Kind.ENRICHMENT,
    "event.retracted": Amendment.Kind.RETRACTION,
}
MAX_ACTOR = 160  # characters: "user/" and a Django user name


@project("event.received", Event)
def event_row(entry: Entry) -> Row:
    return {
        "position": entry.position,
        "type": entry.data["type"],
        "source": entry.data["source"],
        "external_id": entry.data["id"],
        "occurred_at": from_iso(entry.data["occurred_at"]),
        "received_at": entry.recorded_at,
        "history": entry.data.get("history", False),
        "versions": 1,
        "retracted_at": None,
    }


def amended_event(entry: Entry) -> int:
    """The key of the event that a correction or retraction concerns."""
    return int(entry.data["event_position"])


@amend("event.corrected", Event, key=amended_event)
def corrected_event(event: Row, entry: Entry) -> Row:
    return {
        **event,
        "occurred_at": from_iso(entry.data["occurred_at"]),
        "versions": entry.data["version"],
    }


@amend("event.retracted", Event, key=amended_event)
def retracted_event(event: Row, entry: Entry) -> Row:
    return {**event, "retracted_at": entry.recorded_at}


@project("event.corrected", Amendment)
@project("event.enriched", Amendment)
@project("event.retracted", Amendment)
def amendment_row(entry: Entry) -> Row:
    return {
        "position": entry.position,
        "event_position": entry.data["event_position"],
        "event_type": entry.data["type"],
        "event_stream": entry.stream,
        "kind": AMENDMENT_KINDS[entry.type].value,
        "version": entry.data["version"],
        "reason": entry.data.get("reason", ""),
        "actor": entry.metadata.get("actor", "")[:MAX_ACTOR],
        "amended_at": entry.recorded_at,
    }


@project("label.recorded", Label)
@project("label.retracted", Label)
def label_row(entry: Entry) -> Row:
    return {
        "position": entry.position,
        "event_stream": entry.data["event"],
        "source": entry.data["source"],
        "value": entry.data["value"],
        "previous": entry.data["previous"],
        "effective": entry.data["effective"],
        "conflict": in_conflict(entry.data),
        "policies": entry.data.get("policies", []),
        "effective_policies": entry.data.get("effective_policies", []),
        "known_at": from_iso(entry.data["known_at"]),
    }


def in_conflict(label: Mapping[str, Any]) -> bool:
    """Whether the sources disagree after this entry.

    False for entries from before what every source says was logged with them (`said`): that cannot be told
    from one entry alone.
    """
    return len(set(label.get("said", {}).values())) > 1
