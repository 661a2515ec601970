"""A lane's order as entries of the log, and what an item of it means to the kernel."""

from typing import Any

import numpy as np
import pytest

from scoring.lanes.order import (
    Effect,
    LaneHead,
    LaneRun,
    effect_item,
    event_item,
    head_after,
    label_delta,
    label_item,
    reordered_entry,
    sequenced_entry,
)
from scoring.timestamps import from_iso, to_micros

HEAD = LaneHead("commerce", order=2, version=5, position=70, seq=40, clock_us=1_000)
EVENT = {"type": "payment", "occurred_at": "2026-03-01T12:00:00Z", "fields": {"card": "c-1"}}
AT = to_micros(from_iso(EVENT["occurred_at"]))


def test_an_entry_assigns_the_next_seqs_and_builds_on_the_head() -> None:
    entry = sequenced_entry(HEAD, positions=[80, 75], clock_us=2_000)
    assert (entry.stream, entry.expected_version, entry.type) == ("lane/commerce", 5, "lane.sequenced")
    assert entry.data == {"order": 2, "first_seq": 41, "count": 2, "clock_us": 2_000}
    assert np.frombuffer(entry.packed or b"", dtype="<i8").tolist() == [80, 75]


def test_effects_are_written_by_their_place_in_the_entry_in_order() -> None:
    effects = {43: Effect("event", 75, 0, 9), 41: Effect("undo", 9, 0, 9)}
    entry = sequenced_entry(HEAD, positions=[80, 81, 82], clock_us=0, effects=effects)
    assert entry.data["effects"] == [[0, "undo", 9, 0, 9], [2, "event", 75, 0, 9]]


@pytest.mark.parametrize(("clock_us", "reached"), [(999, 1_000), (1_001, 1_001)])
def test_the_clock_of_a_lane_never_goes_back(clock_us: int, reached: int) -> None:
    assert sequenced_entry(HEAD, positions=[1], clock_us=clock_us).data["clock_us"] == reached
    head = head_after(HEAD, position=90, count=3, clock_us=clock_us)
    assert head == LaneHead("commerce", order=2, version=6, position=90, seq=43, clock_us=reached)
    assert head.cursor == "43:90"


def test_a_new_order_is_named_by_the_version_that_begins_it_and_starts_at_seq_one() -> None:
    entry = reordered_entry(HEAD, reason="older history")
    assert (entry.stream, entry.expected_version, entry.type) == ("lane/commerce", 5, "lane.reordered")
    assert entry.data == {"order": 6, "first_seq": 1, "count": 0, "clock_us": 0, "reason": "older history"}


def test_a_run_is_cut_at_a_head_with_its_effects() -> None:
    effects = {seq: Effect("event", seq, 0, seq) for seq in (41, 42, 43)}
    run = LaneRun(np.array([80, 81, 82]), head_after(HEAD, position=90, count=3, clock_us=0), effects)
    assert run.first_seq == 41
    part = run.up_to(LaneHead("commerce", seq=42))
    assert (part.positions.tolist(), list(part.effects), part.head.seq) == ([80, 81], [41, 42], 42)


@pytest.mark.parametrize(
    ("previous", "effective", "delta"),
    [
        (None, "fraud", 1),
        ("legitimate", "fraud", 1),
        ("fraud", "legitimate", -1),
        ("fraud", None, -1),
        ("fraud", "fraud", 0),
        (None, "legitimate", 0),
        (None, None, 0),
    ],
)
def test_a_label_changes_the_number_of_positives_of_its_event(
    previous: str | None, effective: str | None, delta: int
) -> None:
    label = {"previous": previous, "effective": effective}
    assert label_delta(label, type_name="payment") == delta
    item = label_item(3, label, EVENT)
    assert (item.seq, item.kind, item.positive_delta) == (3, "label", delta)
    assert (item.type, item.occurred_at_us, item.fields) == ("payment", AT, EVENT["fields"])


@pytest.mark.parametrize(
    ("signals", "fields"),
    [(None, {"card": "c-1"}), ({"note_length": 4}, {"card": "c-1", "note_length": 4})],
)
def test_the_signals_of_texts_are_folded_with_the_fields(signals: Any, fields: Any) -> None:
    version = {**EVENT, "signals": signals} if signals else EVENT
    undo = effect_item(8, Effect("undo", 10, -2, 10), version)
    assert event_item(8, version).fields == undo.fields == fields
    assert (undo.seq, undo.kind, undo.positive_delta, undo.occurred_at_us) == (8, "undo", -2, AT)
    assert (event_item(8, version).kind, event_item(8, version).positive_delta) == ("event", 0)
