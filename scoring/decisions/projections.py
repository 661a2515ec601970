"""Events, decisions, labels and routes as tables: what each entry of the log means for them."""

from collections.abc import Mapping
from typing import Any

from scoring.decisions.models import Amendment, Decision, Event, Label, Route
from scoring.log.entries import Entry
from scoring.log.projections import amend, fold_into, project
from scoring.sql.bulk_tables import Row
from scoring.timestamps import from_iso

MOST_REASON, MOST_ACTOR = 200, 80  # characters; the log has all of them
MOST_AMENDING_ACTOR = 160  # "user/" and a name of Django's


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
@project("event.retracted", Amendment)
def amendment_row(entry: Entry) -> Row:
    corrected = entry.type == "event.corrected"
    return {
        "position": entry.position,
        "event_position": entry.data["event_position"],
        "event_type": entry.data["type"],
        "event_stream": entry.stream,
        "kind": (Amendment.Kind.CORRECTION if corrected else Amendment.Kind.RETRACTION).value,
        "version": entry.data["version"],
        "reason": entry.data["reason"],
        "actor": entry.metadata.get("actor", "")[:MOST_AMENDING_ACTOR],
        "amended_at": entry.recorded_at,
    }


@project("decision.made", Decision)
@project("decision.revised", Decision)
def decision_row(entry: Entry) -> Row:
    return {
        "position": entry.position,
        "event_position": entry.data["event_position"],
        "event_type": entry.data["event_type"],
        "revision": entry.data["revision"],
        "seq": entry.data.get("seq"),
        "outcome": entry.data["outcome"],
        "score": entry.data.get("score"),
        "basis": entry.data["basis"],
        "cause": entry.data.get("cause") or "",
        "model": entry.data.get("model") or "",
        "arm": entry.data["arm"],
        "stake": entry.data["stake"],
        "decided_at": from_iso(entry.data["decided_at"]),
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
        "known_at": from_iso(entry.data["known_at"]),
    }


def in_conflict(label: Mapping[str, Any]) -> bool:
    """Whether the sources disagree after this entry.

    False for entries from before what every source says was logged with them (`said`): that cannot be told
    from one entry alone.
    """
    return len(set(label.get("said", {}).values())) > 1


@fold_into("route.changed", Route, key=lambda entry: entry.data["event_type"])
def changed_route(route: Row | None, entry: Entry) -> Row:
    return {
        "event_type": entry.data["event_type"],
        "version": entry.stream_version,
        "salt": entry.data["salt"],
        "unit": entry.data["unit"],
        "arms": entry.data["arms"],
        "experiment": entry.data["experiment"],
        "reason": entry.data["reason"][:MOST_REASON],
        "changed_by": entry.metadata.get("actor", "")[:MOST_ACTOR],
        "changed_at": entry.recorded_at,
    }
