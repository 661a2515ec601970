"""Entries to rows, without a database."""

from datetime import datetime
from typing import Any

import pytest

from scoring.decisions.models import Decision
from scoring.decisions.projections import decision_row
from scoring.intake.models import Event, Label
from scoring.intake.projections import event_row, label_row
from scoring.log.projections import RowProjection, project, project_each, registered
from scoring.registry.models import ModelVersion, Route
from scoring.registry.projections import changed_route, trained_version
from scoring.sql.bulk_tables import BulkTable, copy_text
from tests.factories.log import NOW, as_read, decided, labeled, model_trained, received, route_changed

EVENT = as_read(received("T-1"))


@pytest.mark.parametrize(
    ("model", "row"),
    [
        (Event, event_row(EVENT)),
        (Decision, decision_row(as_read(decided(EVENT)))),
        (Label, label_row(as_read(labeled(EVENT.stream)))),
        (ModelVersion, trained_version(None, as_read(model_trained(1)))),
        (Route, changed_route(None, as_read(route_changed(1)))),
    ],
)
def test_a_row_has_every_column_of_its_table_and_no_other(model: Any, row: dict[str, Any]) -> None:
    assert set(row) == set(BulkTable.of(model).columns)


def test_times_come_from_the_entry() -> None:
    row = event_row(EVENT)
    assert row["received_at"] == NOW
    assert row["occurred_at"] == received("T-1").data["occurred_at"]


def test_a_decision_without_a_model_has_empty_columns_not_missing_ones() -> None:
    row = decision_row(
        as_read(decided(EVENT, basis="no_model", model=None, score=None, cause=None, seq=None))
    )
    assert (row["model"], row["score"], row["cause"], row["seq"]) == ("", None, "", None)


def test_a_route_follows_its_last_change() -> None:
    first = changed_route(None, as_read(route_changed(1)))
    second = changed_route(first, as_read(route_changed(2, salt="other")))
    assert (second["version"], second["salt"]) == (2, "other")


def test_entries_of_other_types_are_not_projected() -> None:
    projection = RowProjection(
        BulkTable.of(Event), rows_of={"event.received": lambda entry: [event_row(entry)]}
    )
    entries = [EVENT, as_read(labeled(EVENT.stream)), EVENT._replace(position=9)]
    assert [row["position"] for row in projection.rows(entries)] == [7, 9]


def test_a_type_has_one_projection_per_table() -> None:
    with pytest.raises(ValueError, match="already has"):
        project("event.received", Event)(event_row)


def test_an_entry_makes_and_amends_several_rows() -> None:
    projection = RowProjection(
        BulkTable.of(Event),
        keyed_by_position=False,
        rows_of={"event.received": lambda entry: [{"position": n} for n in entry.data["made"]]},
        amend_of={
            "event.corrected": (lambda entry: entry.data["ended"], lambda row, entry: {**row, "ended": True})
        },
    )
    made = EVENT._replace(data={"made": [1, 2, 3]})
    ended = EVENT._replace(type="event.corrected", data={"ended": [1, 3]})

    rows = {row["position"]: row for row in projection.rows([made])}

    assert projection.keys([made, ended]) == {1, 3}
    assert [row.get("ended", False) for row in projection.fold(rows, [ended]).values()] == [True, False, True]


def test_rows_of_one_table_have_keys_of_one_kind() -> None:
    with pytest.raises(ValueError, match="keys of another kind"):
        project_each("event.listed", Event)(lambda entry: [])


def test_the_projections_of_scoring_are_registered_when_django_is_ready() -> None:
    assert {projection.table.name for projection in registered()} >= {
        *("scoring_decision", "scoring_event", "scoring_label", "scoring_modelversion", "scoring_route")
    }


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "\\N"),
        ("plain", "plain"),
        ("\\N", "\\\\N"),
        ("a\tb\nc\rd\\e", "a\\tb\\nc\\rd\\\\e"),
        (True, "t"),
        (False, "f"),
        (12, "12"),
        (0.1, "0.1"),
        (b"\x00\xff", "\\\\x00ff"),
        (datetime.fromisoformat("2026-03-01T12:30:00.000001+00:00"), "2026-03-01T12:30:00.000001+00:00"),
    ],
)
def test_values_are_written_as_copy_reads_them(value: Any, text: str) -> None:
    assert copy_text(value) == text


def test_an_unsupported_copy_value_raises_type_error() -> None:
    with pytest.raises(TypeError, match="dict"):
        copy_text({})
