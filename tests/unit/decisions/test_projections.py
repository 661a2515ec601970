"""What the tables of decisions keep of an entry, and where they cut it off."""

from typing import Any

import pytest

from scoring.decisions.projections import decision_row
from scoring.intake.models import Amendment
from scoring.intake.projections import (
    amendment_row,
    corrected_event,
    event_row,
    in_conflict,
    label_row,
    retracted_event,
)
from scoring.log.entries import Entry, NewEntry
from scoring.registry.projections import changed_route
from scoring.timestamps import from_iso
from tests.factories.log import NOW, as_read, decided, labeled, received, route_changed

RECEIPT = as_read(received("T-1"))


def amendment(kind: str, *, actor: str = "", **data: Any) -> Entry:
    said = {"event_position": 7, "type": "payment", "version": 2, "reason": "why", **data}
    return as_read(NewEntry(RECEIPT.stream, 1, kind, said), position=9)._replace(metadata={"actor": actor})


def test_a_receipt_from_before_history_was_said_is_of_a_live_event_in_its_first_version() -> None:
    data = {name: value for name, value in RECEIPT.data.items() if name != "history"}
    row = event_row(RECEIPT._replace(data=data))
    assert (row["history"], row["versions"], row["retracted_at"]) == (False, 1, None)


def test_a_correction_moves_the_event_and_a_retraction_only_marks_it() -> None:
    moved = amendment("event.corrected", occurred_at="2026-02-01T00:00:00Z")
    row = corrected_event(event_row(RECEIPT), moved)
    assert (row["occurred_at"], row["versions"], row["retracted_at"]) == (
        from_iso("2026-02-01T00:00:00Z"), 2, None,
    )  # fmt: skip
    assert retracted_event(row, amendment("event.retracted")) == row | {"retracted_at": NOW}


@pytest.mark.parametrize(
    ("entry_type", "kind"),
    [("event.corrected", Amendment.Kind.CORRECTION), ("event.retracted", Amendment.Kind.RETRACTION)],
)
def test_an_amendment_names_its_kind_its_event_and_who_made_it(entry_type: str, kind: str) -> None:
    row = amendment_row(amendment(entry_type, actor="user/ann"))
    assert (row["kind"], row["event_stream"], row["event_position"]) == (kind, RECEIPT.stream, 7)
    assert (row["position"], row["version"], row["actor"], row["amended_at"]) == (9, 2, "user/ann", NOW)


def test_long_reasons_and_names_are_cut_to_what_their_columns_hold() -> None:
    entry = as_read(route_changed(1, reason="r" * 300))._replace(metadata={"actor": "a" * 300})
    route = changed_route(None, entry)
    assert (len(route["reason"]), len(route["changed_by"])) == (200, 80)
    assert len(amendment_row(amendment("event.retracted", actor="a" * 300))["actor"]) == 160


def test_a_decision_keeps_what_it_was_made_of() -> None:
    row = decision_row(as_read(decided(RECEIPT, seq=5, cause="corrected")))
    assert (row["seq"], row["score"], row["model"], row["cause"]) == (5, 0.25, "payment-1", "corrected")
    assert (row["arm"], row["stake"], row["basis"]) == ("champion", 1234, "model")


def test_a_label_keeps_what_held_before_and_after_it() -> None:
    row = label_row(as_read(labeled(RECEIPT.stream, previous="legitimate", effective="fraud")))
    assert (row["previous"], row["effective"], row["event_stream"]) == ("legitimate", "fraud", RECEIPT.stream)


@pytest.mark.parametrize(
    ("said", "conflict"),
    [
        ({}, False),
        ({"a": "fraud"}, False),
        ({"a": "fraud", "b": "fraud"}, False),
        ({"a": "fraud", "b": "legitimate"}, True),
    ],
)
def test_sources_disagree_when_they_say_different_things(said: dict[str, str], conflict: bool) -> None:
    assert in_conflict({"said": said}) is conflict
