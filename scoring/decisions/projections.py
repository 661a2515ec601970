"""Decisions as a table: the row of each log entry."""

from scoring.decisions.models import Decision
from scoring.log.entries import Entry
from scoring.log.projections import project
from scoring.sql.bulk_tables import Row
from scoring.timestamps import from_iso


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
