"""How an account's events are told apart when an event names two accounts."""

from datetime import UTC, datetime
from typing import Any

import pytest

from reviews.console.entity_index import EntityRef
from reviews.console.event_details import HistoryRow
from reviews.pages import event_panels, history_table
from tests.contract.accounts import Move

ANN = EntityRef("account", "ann", "ann", False)


@pytest.fixture(autouse=True)
def moves(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (history_table, event_panels):
        monkeypatch.setattr(module, "event_type", lambda name: Move)


def row(position: int, **fields: Any) -> HistoryRow:
    at = datetime(2026, 3, position, tzinfo=UTC)
    return HistoryRow(
        position, f"move/bank/{position}", "move", str(position), at, fields, 1, "USD", "", None, None
    )


def test_a_transfer_is_named_by_both_accounts_in_their_direction() -> None:
    rows = [row(1, sender="ann", receiver="bob"), row(2, sender="cat", receiver="ann")]
    lines = history_table.lines_of(rows, ref=ANN)
    assert [line.names for line in lines] == [["cat", "ann"], ["ann", "bob"]]


def test_values_that_all_events_share_are_not_repeated() -> None:
    rows = [row(1, sender="ann", receiver="bob"), row(2, sender="ann", receiver="cat")]
    assert [line.names for line in history_table.lines_of(rows, ref=ANN)] == [["cat"], ["bob"]]


def test_two_entities_of_a_kind_are_named_by_their_role() -> None:
    refs = [ANN, EntityRef("account", "bob", "bob", False), EntityRef("device", "d", "d", False)]
    named = list(zip(("sender", "receiver", "device"), refs, strict=True))
    assert history_table._tab_words(named) == ["Sender", "Receiver", "Device"]
