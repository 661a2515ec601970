"""Settings by event type as tables: each change of a stream `{kind}/{event type}` replaces its row."""

from monitoring.models import StoredGuardrails, StoredTriggers
from scoring.log.entries import Entry
from scoring.log.projections import fold_into
from scoring.sql.bulk_tables import Row

MAX_REASON, MAX_ACTOR = 500, 80  # characters; the log has all of them


def event_type_of(entry: Entry) -> str:
    return str(entry.data["event_type"])


@fold_into("guardrail.changed", StoredGuardrails, key=event_type_of)
@fold_into("trigger.changed", StoredTriggers, key=event_type_of)
def changed_settings(before: Row | None, entry: Entry) -> Row:
    return {
        "event_type": event_type_of(entry),
        "settings": {name: entry.data[name] for name in entry.data if name not in ("event_type", "reason")},
        "reason": entry.data["reason"][:MAX_REASON],
        "changed_by": str(entry.metadata.get("actor", ""))[:MAX_ACTOR],
        "changed_at": entry.recorded_at,
    }
