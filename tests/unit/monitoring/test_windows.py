"""What entries add to the hourly windows."""

from dataclasses import replace
from datetime import timedelta

from monitoring.windows import count_entries
from scoring.log.entries import NewEntry
from scoring.timestamps import from_iso
from tests.factories.log import NOW, decided, labelled, received
from tests.unit.log.test_projections import as_read

HOUR = NOW.replace(minute=0)
EVENT = as_read(received("T-1"))


def test_entries_count_in_the_hour_they_were_recorded_by_event_type() -> None:
    refund = as_read(received("R-1", type="refund"))
    later = replace(EVENT, recorded_at=NOW + timedelta(minutes=30))

    windows = count_entries([EVENT, EVENT, refund, later])

    assert {key: amounts["received"] for key, amounts in windows.items()} == {
        ("payment", HOUR): 2,
        ("refund", HOUR): 1,
        ("payment", HOUR + timedelta(hours=1)): 1,
    }


def test_history_counts_in_the_hour_it_happened_and_its_labels_when_they_became_known() -> None:
    event = as_read(received("T-1", history=True, occurred=1))
    event.data["occurred_at"] = "2025-12-24T18:20:00Z"
    label = as_read(labelled(EVENT.stream, history=True))
    label.data["known_at"] = "2026-01-06T09:59:59Z"

    windows = count_entries([event, label])

    assert windows["payment", from_iso("2025-12-24T18:00:00Z")]["received"] == 1
    assert windows["payment", from_iso("2026-01-06T09:00:00Z")]["labels"] == 1


def test_first_decisions_count_by_outcome_with_their_latency_and_revisions_apart() -> None:
    slow = as_read(decided(EVENT, outcome="review", decided_at=NOW + timedelta(seconds=2), basis="fallback"))
    windows = count_entries([as_read(decided(EVENT)), slow, as_read(decided(EVENT, revision=1))])

    amounts = windows["payment", HOUR]
    assert (amounts["decided_allow"], amounts["decided_review"], amounts["decided_block"]) == (1, 1, 0)
    assert (amounts["fallbacks"], amounts["revised"]) == (1, 1)
    assert (amounts["latency_us_sum"], amounts["latency_us_max"]) == (2_008_000, 2_000_000)


def test_parked_events_count() -> None:
    parked = as_read(NewEntry(EVENT.stream, 1, "event.parked", {"position": 1, "error": "x"}))
    assert count_entries([parked])["payment", HOUR]["parked"] == 1
