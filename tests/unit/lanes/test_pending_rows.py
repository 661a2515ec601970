"""Which entries still wait for their lane, and how."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from scoring.lanes.queue import LATER, NORMAL
from scoring.lanes.rebuild_queue import pending_rows
from scoring.log.entries import Entry, NewEntry
from tests.factories.log import NOW, as_read, labeled, received

STREAM = "payment/shop/T-1"


def rows(*entries: Entry, sequenced: tuple[int, ...] = (), **given: Any) -> list[dict[str, Any]]:
    return pending_rows(
        entries,
        sequenced=np.array(sorted(sequenced), dtype=np.int64),
        parked=given.get("parked", {}),
        received=given.get("received", {STREAM: 1}),
        lane_of={"payment": "commerce"}.__getitem__,
    )


@pytest.mark.parametrize(
    ("new", "received_streams", "parked", "kind", "state"),
    [
        (received("T-1"), {STREAM: 1}, {}, "event", "ready"),
        (received("T-1", history=True), {STREAM: 1}, {}, "event", "history"),
        (received("T-1"), {STREAM: 1}, {7: "broken"}, "event", "parked"),
        (labeled(STREAM), {STREAM: 1}, {}, "label", "ready"),
        (labeled(STREAM), {}, {}, "label", "held"),
        (labeled(STREAM, history=True), {STREAM: 1}, {}, "label", "history"),
        (labeled(STREAM, history=True), {}, {}, "label", "held"),
        (labeled(STREAM), {STREAM: 1}, {7: "broken"}, "label", "parked"),
    ],
    ids=[
        "a live event is ready",
        "an event of history waits until it is sequenced as such",
        "an event that could not be processed is parked",
        "a live label is ready",
        "a label whose event has not arrived is held",
        "a label of history waits until it became known",
        "a label of history whose event has not arrived is held",
        "a label that could not be processed is parked",
    ],
)
def test_the_state_of_a_pending_entry(
    new: NewEntry, received_streams: dict[str, int], parked: dict[int, str], kind: str, state: str
) -> None:
    [row] = rows(as_read(new), received=received_streams, parked=parked)

    assert (row["kind"], row["state"], row["lane"]) == (kind, state, "commerce")
    assert (row["position"], row["event_stream"], row["enqueued_at"]) == (7, STREAM, NOW)
    assert (row["due_at"] is not None) == new.data["history"]
    assert row["error"] == parked.get(7, "")


@pytest.mark.parametrize("history", [False, True])
@pytest.mark.parametrize(
    ("entry_type", "kind"), [("event.corrected", "correction"), ("event.retracted", "retraction")]
)
def test_a_correction_of_history_is_placed_by_its_receipt(entry_type: str, kind: str, history: bool) -> None:
    data = dict(received("T-1", history=history).data)
    amendment = as_read(NewEntry(STREAM, 1, entry_type, data))

    [row] = rows(amendment, received={})

    assert (row["kind"], row["state"], row["priority"], row["due_at"]) == (kind, "ready", NORMAL, None)
    assert (row["event_stream"], row["lane"], row["wake_token"]) == (STREAM, "commerce", None)


def test_history_is_due_at_its_own_time_and_a_label_at_its_known_at() -> None:
    event, label = as_read(received("T-1", history=True)), as_read(labeled(STREAM, history=True))

    assert [row["due_at"] for row in rows(event, label)] == [NOW - timedelta(minutes=1), NOW]


def test_sequenced_entries_are_not_pending() -> None:
    entries = [as_read(received(f"T-{position}"), position=position) for position in (1, 2, 3, 40)]

    assert [row["position"] for row in rows(*entries, sequenced=(40, 2, 99))] == [1, 3]
    assert [row["position"] for row in rows(*entries, sequenced=())] == [1, 2, 3, 40]


def test_a_label_before_its_event_in_the_log_is_processed_after_it() -> None:
    label = as_read(labeled(STREAM), position=7)

    assert rows(label, received={STREAM: 6})[0]["priority"] == NORMAL
    assert rows(label, received={STREAM: 8})[0]["priority"] == LATER
