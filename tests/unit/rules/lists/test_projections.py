"""Entries of lists as rows, without a database."""

from scoring.log.entries import Entry
from scoring.log.projections import registered
from scoring.rules.lists.models import ListedValue, ValueList
from scoring.rules.lists.projections import (
    archived_list,
    defined_list,
    listed_values,
    removed_ids,
    removed_value,
)
from scoring.sql.bulk_tables import BulkTable
from tests.factories.lists import NOW, TOMORROW, definition


def entry(entry_type: str, data: dict[str, object], *, version: int = 3) -> Entry:
    return Entry(9, 1, 9, "ruleset", version, entry_type, 1, data, None, {"actor": "user/ana"}, NOW)


VALUES = [
    {"key": "00" * 16, "value": "card-1", "reason": "stolen", "expires_at": None, "tags": []},
    {
        "key": "ff" * 16,
        "value": "",
        "reason": "stolen",
        "expires_at": "2026-03-02T12:30:00Z",
        "tags": ["ring-7"],
    },
]
ADDED = entry("list.values_added", {"list": "stolen_cards", "values": VALUES})


def test_the_tables_of_lists_are_projections() -> None:
    tables = {projection.table.name for projection in registered()}
    assert {"scoring_valuelist", "scoring_listedvalue"} <= tables


def test_an_entry_makes_a_row_of_each_value() -> None:
    first, second = listed_values(ADDED)
    assert set(first) == set(BulkTable.of(ListedValue).columns)
    assert [first["id"], second["id"]] == [3000, 3001]
    assert second["key"] == b"\xff" * 16
    assert (first["expires_at"], second["expires_at"]) == (None, TOMORROW)
    assert (second["added_version"], second["added_by"], second["added_at"]) == (3, "user/ana", NOW)
    assert second["removed_version"] is None


def test_a_removal_ends_the_rows_that_it_names() -> None:
    removed = entry(
        "list.values_removed",
        {
            "list": "stolen_cards",
            "reason": "found again",
            "values": [{"key": "ff" * 16, "added": 3, "index": 1}],
        },
        version=5,
    )
    assert removed_ids(removed) == [3001]
    row = removed_value(listed_values(ADDED)[1], removed)
    assert set(row) == set(BulkTable.of(ListedValue).columns)
    assert (row["removed_version"], row["removed_by"], row["removed_reason"]) == (
        5,
        "user/ana",
        "found again",
    )


def test_a_list_is_defined_edited_archived_and_restored() -> None:
    created = entry("list.defined", definition().as_data(), version=1)
    edited = entry("list.defined", definition(title="Lost cards").as_data())._replace(metadata={"actor": "b"})
    archived = entry("list.archived", {"name": "stolen_cards", "reason": "unused"}, version=4)

    row = defined_list(None, created)
    assert set(row) == set(BulkTable.of(ValueList).columns)
    row = defined_list(row, edited)
    assert (row["title"], row["version"], row["defined_by"], row["changed_by"]) == (
        "Lost cards",
        3,
        "user/ana",
        "b",
    )
    row = archived_list(row, archived)
    assert (row["archived_at"], row["archive_reason"], row["title"]) == (NOW, "unused", "Lost cards")
    assert defined_list(row, edited)["archived_at"] is None
