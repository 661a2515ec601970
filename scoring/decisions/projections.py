"""Decisions as a table: the row of each log entry."""

from collections.abc import Mapping
from typing import Any

from scoring.decisions.models import Decision
from scoring.log.entries import Entry
from scoring.log.projections import project
from scoring.rules.exploration.drawing import was_let_through
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
        "decided_by": entry.data.get("decided_by") or _decided_without_rules(entry.data),
        "initial": entry.data.get("initial", ""),
        "propensity": _propensity(entry.data.get("exploration")),
        "stake": entry.data["stake"],
        "decided_at": from_iso(entry.data["decided_at"]),
    }


def _decided_without_rules(data: Mapping[str, Any]) -> str:
    """What decided an event when there were no lists and rules."""
    return "model" if data["basis"] == "model" else "policy"


def _propensity(exploration: Mapping[str, Any] | None) -> float | None:
    """The propensity of an event that exploration let through."""
    return float(exploration["propensity"]) if exploration and was_let_through(exploration) else None
