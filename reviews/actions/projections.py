"""The projection of actions: the latest version of each."""

from reviews.models.actions import CaseAction
from scoring.log.entries import Entry
from scoring.log.projections import fold_into
from scoring.sql.bulk_tables import Row

MAX_ACTOR = 80  # characters; the log has all of them


def name_of(entry: Entry) -> str:
    return str(entry.data["name"])


@fold_into("case_action.defined", CaseAction, key=name_of)
def defined_action(action: Row | None, entry: Entry) -> Row:
    terms = {name: value for name, value in entry.data.items() if name not in ("reason", "host")}
    return {"name": entry.data["name"], "terms": terms, "retired": False, **_change(entry)}


@fold_into("case_action.retired", CaseAction, key=name_of)
def retired_action(action: Row | None, entry: Entry) -> Row:
    """Raises `ValueError` if no `case_action.defined` came before it."""
    if action is None:
        raise ValueError(f"{entry.stream} does not begin with case_action.defined")
    return {**action, "retired": True, **_change(entry)}


def _change(entry: Entry) -> Row:
    return {
        "number": entry.stream_version,
        "changed_by": str(entry.metadata.get("actor", ""))[:MAX_ACTOR],
        "changed_at": entry.recorded_at,
    }
