"""Models that exceeded a guardrail as a table."""

from monitoring.models import GuardrailTrip
from scoring.log.entries import Entry
from scoring.log.projections import project
from scoring.sql.bulk_tables import Row

MAX_REASON = 500  # characters; the log has all of them


@project("guardrail.tripped", GuardrailTrip)
def tripped_guardrail(entry: Entry) -> Row:
    return {
        "position": entry.position,
        "event_type": entry.data["event_type"],
        "model": entry.data["model"],
        "role": entry.data["role"],
        "since_route": entry.data["since_route"],
        "action": entry.data["action"],
        "why_not": entry.data["why_not"][:MAX_REASON],
        "figures": entry.data["figures"],
        "tripped_at": entry.recorded_at,
    }
