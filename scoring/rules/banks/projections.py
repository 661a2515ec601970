"""Banks, their items and matches as tables: how entries of the ruleset, and decisions, change their rows."""

from typing import Any

from scoring.log.entries import Entry
from scoring.log.projections import amend_each, fold_into, project_each
from scoring.rules.banks.definitions import ADDED, ARCHIVED, DEFINED, REMOVED, bank_definition_of
from scoring.rules.banks.models import Bank, BankItem, BankMatch, bits_of_hex, item_id
from scoring.rules.ruleset.definition_rows import actor_of, archived, defined, removed
from scoring.sql.bulk_tables import Row
from scoring.timestamps import from_iso

MAX_REVISIONS = MAX_MATCHES = 1_000  # of an event; of a decision


def bank_of(entry: Entry) -> str:
    """The key of the bank that an entry concerns."""
    return str(entry.data["bank"] if entry.type in (ADDED, REMOVED) else entry.data["name"])


@fold_into(DEFINED, Bank, key=bank_of)
def defined_bank(row: Row | None, entry: Entry) -> Row:
    definition = bank_definition_of(entry.data).as_data()
    kept = {"size": 0, "frames": 0, "items_changed_at": None}
    return defined(row, entry, definition=definition, kept=kept)


@fold_into(ARCHIVED, Bank, key=bank_of)
def archived_bank(row: Row | None, entry: Entry) -> Row:
    return archived(row, entry)


@fold_into(ADDED, Bank, key=bank_of)
def grown_bank(row: Row | None, entry: Entry) -> Row:
    frames = sum(len(item.get("frames", ())) for item in entry.data["items"])
    return _resized(row or {}, len(entry.data["items"]), frames, entry)


@fold_into(REMOVED, Bank, key=bank_of)
def shrunk_bank(row: Row | None, entry: Entry) -> Row:
    frames = sum(item.get("frames", 0) for item in entry.data["items"])
    return _resized(row or {}, -len(entry.data["items"]), -frames, entry)


def _resized(row: Row, items: int, frames: int, entry: Entry) -> Row:
    return {
        **row,
        "size": row["size"] + items,
        "frames": row["frames"] + frames,
        "items_changed_at": entry.recorded_at,
    }


@project_each(ADDED, BankItem)
def bank_items(entry: Entry) -> list[Row]:
    return [
        {
            "id": item_id(entry.stream_version, index),
            "bank_name": entry.data["bank"],
            "hash": bits_of_hex(item["hash"]),
            "frames": "\n".join(item.get("frames", ())),
            "quality": item["quality"],
            "source": item["source"],
            "reason": item["reason"],
            "tags": item["tags"],
            "media": item["media"],
            "expires_at": from_iso(item["expires_at"]) if item["expires_at"] else None,
            "added_version": entry.stream_version,
            "added_by": actor_of(entry),
            "added_at": entry.recorded_at,
            "removed_version": None,
            "removed_by": "",
            "removed_at": None,
            "removed_reason": "",
        }
        for index, item in enumerate(entry.data["items"])
    ]


def removed_item_ids(entry: Entry) -> list[int]:
    return [item_id(item["added"], item["index"]) for item in entry.data["items"]]


@amend_each(REMOVED, BankItem, keys=removed_item_ids)
def removed_item(row: Row, entry: Entry) -> Row:
    return removed(row, entry)


@project_each("decision.made", BankMatch)
@project_each("decision.revised", BankMatch)
def bank_matches(entry: Entry) -> list[Row]:
    """The matches that a decision recorded; none for nearly all."""
    if not (findings := entry.data.get("findings")):
        return []
    found = [each for each in findings if each["kind"] == "bank"]
    return [_match(entry, place, each) for place, each in enumerate(found[:MAX_MATCHES])]


def _match(entry: Entry, place: int, finding: dict[str, Any]) -> Row:
    data = entry.data
    return {
        "id": match_id(data["event_position"], data["revision"], place),
        "bank_name": finding["name"],
        "item": finding["item"],
        "media": finding["media"],
        "distance": finding["distance"],
        "match": finding.get("match", ""),
        "query_share": finding.get("query_share"),
        "known_share": finding.get("known_share"),
        "event_position": data["event_position"],
        "event_type": data["event_type"],
        "event_stream": entry.stream,
        "outcome": finding["outcome"],
        "decided": data["outcome"],
        "decided_at": from_iso(data["decided_at"]),
    }


def match_id(event: int, revision: int, place: int) -> int:
    """The key of a match: the position of its event, the revision of the decision, and its place there."""
    return (event * MAX_REVISIONS + revision) * MAX_MATCHES + place
