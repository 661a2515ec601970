"""Lists and listed values as tables: how each entry of the ruleset changes their rows."""

from scoring.log.entries import Entry
from scoring.log.projections import amend_each, fold_into, project_each
from scoring.rules.lists.definitions import ADDED, ARCHIVED, DEFINED, REMOVED
from scoring.rules.lists.models import ListedValue, ValueList, value_id
from scoring.rules.ruleset.definition_rows import actor_of, archived, defined, removed
from scoring.sql.bulk_tables import Row
from scoring.timestamps import from_iso

DEFINITION = ("name", "title", "description", "action", "kind", "match", "code", "sentence")


def list_of(entry: Entry) -> str:
    """The key of the list that an entry concerns."""
    return str(entry.data["list"] if entry.type in (ADDED, REMOVED) else entry.data["name"])


@fold_into(DEFINED, ValueList, key=list_of)
def defined_list(row: Row | None, entry: Entry) -> Row:
    definition = {name: entry.data[name] for name in DEFINITION}
    return defined(row, entry, definition=definition, kept={"size": 0, "values_changed_at": None})


@fold_into(ARCHIVED, ValueList, key=list_of)
def archived_list(row: Row | None, entry: Entry) -> Row:
    return archived(row, entry)


@fold_into(ADDED, ValueList, key=list_of)
def grown_list(row: Row | None, entry: Entry) -> Row:
    return _resized(row or {}, len(entry.data["values"]), entry)


@fold_into(REMOVED, ValueList, key=list_of)
def shrunk_list(row: Row | None, entry: Entry) -> Row:
    return _resized(row or {}, -len(entry.data["values"]), entry)


def _resized(row: Row, by: int, entry: Entry) -> Row:
    return {**row, "size": row["size"] + by, "values_changed_at": entry.recorded_at}


@project_each(ADDED, ListedValue)
def listed_values(entry: Entry) -> list[Row]:
    return [
        {
            "id": value_id(entry.stream_version, index),
            "list_name": entry.data["list"],
            "key": bytes.fromhex(value["key"]),
            "value": value["value"],
            "reason": value["reason"],
            "tags": value["tags"],
            "expires_at": from_iso(value["expires_at"]) if value["expires_at"] else None,
            "added_version": entry.stream_version,
            "added_by": actor_of(entry),
            "added_at": entry.recorded_at,
            "removed_version": None,
            "removed_by": "",
            "removed_at": None,
            "removed_reason": "",
        }
        for index, value in enumerate(entry.data["values"])
    ]


def removed_ids(entry: Entry) -> list[int]:
    return [value_id(value["added"], value["index"]) for value in entry.data["values"]]


@amend_each(REMOVED, ListedValue, keys=removed_ids)
def removed_value(row: Row, entry: Entry) -> Row:
    return removed(row, entry)
