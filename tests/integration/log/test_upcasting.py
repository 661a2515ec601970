"""Entries of old releases, read by current code."""

import pytest
from django.db import connection

from scoring.log import upcasters
from scoring.log.append import append
from scoring.log.entries import NewEntry
from scoring.log.errors import UnknownSchemaVersion
from scoring.log.read import read_stream
from tests.factories.log import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _two_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """`thing.done` has its third schema version: `name` was split, then `last` was renamed `family`."""
    monkeypatch.setattr(upcasters, "_steps", {})
    monkeypatch.setattr(upcasters, "_current", {})

    @upcasters.upcast("thing.done", from_version=1)
    def split_name(data: upcasters.Data) -> upcasters.Data:
        first, last = data["name"].split(" ")
        return {"first": first, "last": last}

    @upcasters.upcast("thing.done", from_version=2)
    def rename_last(data: upcasters.Data) -> upcasters.Data:
        return {"first": data["first"], "family": data["last"]}


def _write_as(version: int, data: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO scoring_logentry"
            " (epoch, stream, stream_version, type, schema_version, data, metadata, recorded_at)"
            " VALUES (1, 'thing/1', 1, 'thing.done', %s, %s, '{}', %s)",
            [version, data, NOW],
        )


def test_an_old_payload_is_upcast_in_two_steps() -> None:
    _write_as(1, '{"name":"Ada Lovelace"}')

    [entry] = read_stream("thing/1")

    assert entry.data == {"first": "Ada", "family": "Lovelace"}
    assert entry.schema_version == 3


def test_new_entries_are_written_in_the_current_schema() -> None:
    data = {"first": "Ada", "family": "Lovelace"}
    [written] = append([NewEntry("thing/1", 0, "thing.done", data)], now=NOW)

    assert written.schema_version == 3
    assert read_stream("thing/1") == [written]


def test_an_entry_of_a_later_release_names_type_stream_and_version() -> None:
    _write_as(4, "{}")

    with pytest.raises(UnknownSchemaVersion, match=r"thing.done in stream 'thing/1': schema version 4"):
        read_stream("thing/1")
