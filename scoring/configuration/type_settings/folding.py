"""Settings by event type as tables: each change of a stream `{kind}/{event type}` replaces its row."""

from scoring.log.entries import Entry
from scoring.sql.bulk_tables import Row

MAX_REASON, MAX_ACTOR = 500, 80  # characters; the log has all of them


def event_type_of(entry: Entry) -> str:
    return str(entry.data["event_type"])


def changed_settings(before: Row | None, entry: Entry) -> Row:
    """The row after a change; for `scoring.log.projections.fold_into`, with `event_type_of` as its key."""
    return {
        "event_type": event_type_of(entry),
        "settings": {name: entry.data[name] for name in entry.data if name not in ("event_type", "reason")},
        "reason": entry.data["reason"][:MAX_REASON],
        "changed_by": str(entry.metadata.get("actor", ""))[:MAX_ACTOR],
        "changed_at": entry.recorded_at,
    }
