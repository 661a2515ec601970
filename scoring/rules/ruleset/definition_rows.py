"""Rows of lists and hash banks, and of what is in them: who changed them and when. Pure."""

from scoring.log.entries import Entry
from scoring.sql.bulk_tables import Row

MAX_ACTOR = 160  # characters; the columns' length


def actor_of(entry: Entry) -> str:
    return str(entry.metadata.get("actor", ""))[:MAX_ACTOR]


def defined(row: Row | None, entry: Entry, *, definition: Row, kept: Row) -> Row:
    """The row of a thing with this definition; it is not archived any more.

    `row`: as it was, None for a new thing. `kept`: columns that a definition leaves as they are, with their
    values in a new row.
    """
    first = row or {"defined_by": actor_of(entry), "defined_at": entry.recorded_at, **kept}
    return {
        **definition,
        "version": entry.stream_version,
        "defined_by": first["defined_by"],
        "defined_at": first["defined_at"],
        "changed_by": actor_of(entry),
        "changed_at": entry.recorded_at,
        "archived_at": None,
        "archive_reason": "",
        **{name: first[name] for name in kept},
    }


def archived(row: Row | None, entry: Entry) -> Row:
    """The row of a thing that is archived."""
    return {
        **(row or {}),
        "version": entry.stream_version,
        "changed_by": actor_of(entry),
        "changed_at": entry.recorded_at,
        "archived_at": entry.recorded_at,
        "archive_reason": entry.data["reason"],
    }


def removed(row: Row, entry: Entry) -> Row:
    """The row of a value or item that is removed."""
    return {
        **row,
        "removed_version": entry.stream_version,
        "removed_by": actor_of(entry),
        "removed_at": entry.recorded_at,
        "removed_reason": entry.data["reason"],
    }
