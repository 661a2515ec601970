"""Breakers as tables: how each entry of a breaker, or of the ruleset, changes a row."""

from typing import Any

from scoring.log.entries import Entry
from scoring.log.projections import fold_into, project
from scoring.rules.breaker.models import BreakerChange, BreakerState, StoredBreakerSettings
from scoring.rules.breaker.settings import BreakerSettings
from scoring.sql.bulk_tables import Row
from scoring.timestamps import from_iso

MAX_REASON, MAX_ACTOR = 500, 80  # characters; the log has all of them
RESET = "reset"


def event_type_of(entry: Entry) -> str:
    return str(entry.data["event_type"])


def breaker_of(entry: Entry) -> str:
    return f"{entry.data['event_type']}/{entry.data['source']}"


def actor_of(entry: Entry) -> str:
    return str(entry.metadata.get("actor", ""))[:MAX_ACTOR]


@fold_into("breaker.changed", StoredBreakerSettings, key=event_type_of)
def changed_settings(before: Row | None, entry: Entry) -> Row:
    return {
        "event_type": event_type_of(entry),
        **BreakerSettings.of(entry.data).as_data(),
        "reason": str(entry.data.get("reason", ""))[:MAX_REASON],
        "ruleset": entry.stream_version,
        "changed_by": actor_of(entry),
        "changed_at": entry.recorded_at,
    }


@fold_into("breaker.tripped", BreakerState, key=breaker_of)
def tripped_breaker(breaker: Row | None, entry: Entry) -> Row:
    return {
        **(breaker or _never_opened(entry)),
        "version": entry.stream_version,
        "ruleset": entry.data["ruleset"],
        "since": from_iso(entry.data["since"]),
        "until": from_iso(entry.data["until"]),
        "tripped": entry.data,
    }


@fold_into("breaker.closed", BreakerState, key=breaker_of)
def closed_breaker(breaker: Row | None, entry: Entry) -> Row:
    cause = entry.data["cause"]
    closed = {**(breaker or _never_opened(entry)), "version": entry.stream_version}
    if cause == RESET:
        closed["counted_from"] = entry.position
    if closed["until"] is not None:
        closed |= {"until": None, "closed_at": entry.recorded_at, "closed_cause": cause, "closed_by": ""}
    return closed


@fold_into("breaker.reset", BreakerState, key=breaker_of)
def reset_breaker(breaker: Row | None, entry: Entry) -> Row:
    """Closed at once. The lane follows with its next micro-batch and appends `breaker.closed`."""
    return {
        **(breaker or _never_opened(entry)),
        "until": None,
        "counted_from": entry.position,
        "closed_at": entry.recorded_at,
        "closed_cause": RESET,
        "closed_by": actor_of(entry),
    }


def _never_opened(entry: Entry) -> dict[str, Any]:
    return {
        "key": breaker_of(entry),
        "event_type": event_type_of(entry),
        "source": entry.data["source"],
        "version": 0,
        "ruleset": 0,
        "since": None,
        "until": None,
        "counted_from": 0,
        "tripped": {},
        "closed_at": None,
        "closed_cause": "",
        "closed_by": "",
    }


@project("breaker.tripped", BreakerChange)
@project("breaker.closed", BreakerChange)
@project("breaker.reset", BreakerChange)
@project("breaker.changed", BreakerChange)
def change_row(entry: Entry) -> Row:
    return {
        "position": entry.position,
        "event_type": event_type_of(entry),
        "source": entry.data.get("source", ""),
        "change": entry.type.partition(".")[2],
        "data": entry.data,
        "actor": actor_of(entry),
        "changed_at": entry.recorded_at,
    }
