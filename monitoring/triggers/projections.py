"""Retraining triggers as a table: how each entry of a stream `trigger/{event type}` changes its row."""

from monitoring.models import StoredTriggers
from scoring.log.entries import Entry
from scoring.log.projections import fold_into
from scoring.sql.bulk_tables import Row

MAX_REASON, MAX_ACTOR = 500, 80  # characters; the log has all of them


def event_type_of(entry: Entry) -> str:
    return str(entry.data["event_type"])


@fold_into("trigger.changed", StoredTriggers, key=event_type_of)
def changed_triggers(before: Row | None, entry: Entry) -> Row:
    settings = ("on", "cool_down_hours", "max_a_day", "triggers")
    return {
        "event_type": event_type_of(entry),
        "settings": {name: entry.data[name] for name in settings},
        "reason": entry.data["reason"][:MAX_REASON],
        "changed_by": str(entry.metadata.get("actor", ""))[:MAX_ACTOR],
        "changed_at": entry.recorded_at,
    }
