"""The projection of saved queries."""

from reviews.models.investigation import SavedQuery
from scoring.log.entries import Entry
from scoring.log.projections import fold_into
from scoring.sql.bulk_tables import Row


def query_name(entry: Entry) -> str:
    return str(entry.data["name"])


@fold_into("saved_query.saved", SavedQuery, key=query_name)
def saved_query(_: Row | None, entry: Entry) -> Row:
    return {
        "name": entry.data["name"],
        "event_type": entry.data["event_type"],
        "parameters": entry.data["parameters"],
        "description": entry.data["description"],
        "owner": entry.data["owner"],
        "shared_with": entry.data["shared_with"],
        "saved_at": entry.recorded_at,
        "deleted": False,
    }


@fold_into("saved_query.deleted", SavedQuery, key=query_name)
def deleted_query(query: Row | None, _: Entry) -> Row:
    if query is None:
        raise ValueError("a query that was never saved is deleted")
    return {**query, "deleted": True}
