"""Exploration as a table: how an entry of the ruleset changes the row of its event type."""

from scoring.log.entries import Entry
from scoring.log.projections import fold_into
from scoring.rules.exploration.models import StoredExploration
from scoring.rules.exploration.settings import Exploration
from scoring.sql.bulk_tables import Row

MAX_REASON, MAX_ACTOR = 500, 80  # characters; the log has all of them


def event_type_of(entry: Entry) -> str:
    return str(entry.data["event_type"])


@fold_into("exploration.changed", StoredExploration, key=event_type_of)
def changed_exploration(before: Row | None, entry: Entry) -> Row:
    return {
        **Exploration.of(entry.data).as_data(),
        "reason": str(entry.data.get("reason", ""))[:MAX_REASON],
        "ruleset": entry.stream_version,
        "changed_by": str(entry.metadata.get("actor", ""))[:MAX_ACTOR],
        "changed_at": entry.recorded_at,
    }
