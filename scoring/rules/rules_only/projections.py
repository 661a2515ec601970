"""The switch "rules only" as a table: how an entry of the ruleset changes the row of its event type."""

from scoring.log.entries import Entry
from scoring.log.projections import fold_into
from scoring.rules.rules_only.models import RulesOnlySwitch
from scoring.rules.rules_only.switch import CHANGED
from scoring.sql.bulk_tables import Row

MAX_REASON, MAX_ACTOR = 500, 80  # characters; the log has all of them


def event_type_of(entry: Entry) -> str:
    return str(entry.data["event_type"])


@fold_into(CHANGED, RulesOnlySwitch, key=event_type_of)
def changed_switch(before: Row | None, entry: Entry) -> Row:
    return {
        "event_type": event_type_of(entry),
        "on": entry.data["on"],
        "reason": str(entry.data["reason"])[:MAX_REASON],
        "ruleset": entry.stream_version,
        "changed_by": str(entry.metadata.get("actor", ""))[:MAX_ACTOR],
        "changed_at": entry.recorded_at,
    }
