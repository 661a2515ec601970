"""The projection of review queues: the latest version of each."""

from reviews.models.queues import ReviewQueue
from scoring.log.entries import Entry
from scoring.log.projections import fold_into
from scoring.sql.bulk_tables import Row

MAX_REASON, MAX_ACTOR = 500, 80  # characters; the log has all of them


def name_of(entry: Entry) -> str:
    return str(entry.data["name"])


@fold_into("review_queue.defined", ReviewQueue, key=name_of)
def defined_queue(queue: Row | None, entry: Entry) -> Row:
    data = entry.data
    return {
        "name": data["name"],
        "event_type": data["event_type"],
        "priority": data["priority"],
        "terms": {name: value for name, value in data.items() if name != "reason"},
        "retired": False,
        **_change(entry),
    }


@fold_into("review_queue.retired", ReviewQueue, key=name_of)
def retired_queue(queue: Row | None, entry: Entry) -> Row:
    """Raises `ValueError` if no `review_queue.defined` came before it."""
    if queue is None:
        raise ValueError(f"{entry.stream} does not begin with review_queue.defined")
    return {**queue, "retired": True, **_change(entry)}


def _change(entry: Entry) -> Row:
    return {
        "number": entry.stream_version,
        "reason": entry.data["reason"][:MAX_REASON],
        "changed_by": str(entry.metadata.get("actor", ""))[:MAX_ACTOR],
        "changed_at": entry.recorded_at,
    }
