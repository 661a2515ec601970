"""Bulk actions as a table: how each log entry changes its row."""

from reviews.models import BulkAction
from scoring.jobs.steps import fold_jobs, number_of
from scoring.log.entries import Entry
from scoring.log.projections import fold_into
from scoring.sql.bulk_tables import Row

NOTHING_DONE: Row = {"done": [], "left_out": [], "result": {}}


def own_columns(entry: Entry) -> Row:
    names = ("kind", "terms", "items", "found", "parameters", "reason", "undoes")
    return {**{name: entry.data[name] for name in names}, "size": len(entry.data["items"]), **NOTHING_DONE}


fold_jobs("bulk_action", BulkAction, own=own_columns, result="result")


@fold_into("bulk_action.applied", BulkAction, key=number_of)
def applied(action: Row | None, entry: Entry) -> Row:
    """What a step did is added to what the steps before it did."""
    if action is None:
        raise ValueError("a bulk action that was never requested did something")
    return {
        **action,
        "done": [*action["done"], *entry.data["done"]],
        "left_out": [*action["left_out"], *entry.data["left_out"]],
    }
