"""Guardrails as tables: how each entry of a stream `guardrail/{event type}` changes a row."""

from monitoring.models import GuardrailTrip, StoredGuardrails
from scoring.log.entries import Entry
from scoring.log.projections import fold_into, project
from scoring.sql.bulk_tables import Row

MAX_REASON, MAX_ACTOR = 500, 80  # characters; the log has all of them


def event_type_of(entry: Entry) -> str:
    return str(entry.data["event_type"])


@fold_into("guardrail.changed", StoredGuardrails, key=event_type_of)
def changed_guardrails(before: Row | None, entry: Entry) -> Row:
    return {
        "event_type": event_type_of(entry),
        "settings": {name: entry.data[name] for name in ("on", "watch_hours", "guardrails")},
        "reason": entry.data["reason"][:MAX_REASON],
        "changed_by": str(entry.metadata.get("actor", ""))[:MAX_ACTOR],
        "changed_at": entry.recorded_at,
    }


@project("guardrail.tripped", GuardrailTrip)
def tripped_guardrail(entry: Entry) -> Row:
    return {
        "position": entry.position,
        "event_type": event_type_of(entry),
        "model": entry.data["model"],
        "role": entry.data["role"],
        "since_route": entry.data["since_route"],
        "action": entry.data["action"],
        "why_not": entry.data["why_not"][:MAX_REASON],
        "figures": entry.data["figures"],
        "tripped_at": entry.recorded_at,
    }
