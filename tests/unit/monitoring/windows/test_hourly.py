"""What log entries add to minute and hour windows."""

from datetime import timedelta

from monitoring.windows.hourly import count_entries, sum_to_hours, to_minute
from monitoring.windows.latency_histogram import bin_of
from scoring.log.entries import NewEntry
from scoring.timestamps import from_iso
from tests.factories.log import NOW, decided, labeled, received
from tests.unit.log.test_projections import as_read

HOUR = NOW.replace(minute=0)
EVENT = as_read(received("T-1"))


def test_entries_count_in_the_hour_they_were_recorded_by_event_type() -> None:
    refund = as_read(received("R-1", type="refund"))
    later = EVENT._replace(recorded_at=NOW + timedelta(minutes=30))

    windows = count_entries([EVENT, EVENT, refund, later])

    assert {key: counts.amounts["received"] for key, counts in windows.items()} == {
        ("payment", HOUR): 2,
        ("refund", HOUR): 1,
        ("payment", HOUR + timedelta(hours=1)): 1,
    }


def test_minutes_are_counted_separately() -> None:
    entries = [EVENT._replace(recorded_at=NOW + timedelta(seconds=seconds)) for seconds in (-1, 0, 59, 60)]

    windows = count_entries(entries, start_of=to_minute)

    assert {key.start: counts.amounts["received"] for key, counts in windows.items()} == {
        NOW - timedelta(minutes=1): 1,
        NOW: 2,
        NOW + timedelta(minutes=1): 1,
    }


def test_hours_are_the_sums_of_their_minutes() -> None:
    made = [
        as_read(decided(EVENT, decided_at=NOW + timedelta(milliseconds=2**number), outcome=outcome))
        for number, outcome in enumerate(("allow", "review", "block", "allow"))
    ]
    entries = [
        entry._replace(recorded_at=NOW + timedelta(minutes=20 * number))
        for number, entry in enumerate([*made, EVENT])
    ]

    summed = sum_to_hours(count_entries(entries, start_of=to_minute))

    counted = count_entries(entries)
    assert summed.keys() == counted.keys()
    assert len(summed) == 2
    for key, counts in counted.items():
        assert summed[key].amounts == counts.amounts
        assert summed[key].histogram() == counts.histogram()


def test_history_counts_at_its_event_time_and_its_labels_when_they_became_known() -> None:
    event = as_read(received("T-1", history=True, occurred=1))
    event.data["occurred_at"] = "2025-12-24T18:20:00Z"
    label = as_read(labeled(EVENT.stream, history=True))
    label.data["known_at"] = "2026-01-06T09:59:59Z"

    windows = count_entries([event, label])

    assert windows["payment", from_iso("2025-12-24T18:00:00Z")].amounts["received"] == 1
    assert windows["payment", from_iso("2026-01-06T09:00:00Z")].amounts["labels"] == 1


def test_first_decisions_count_by_outcome_with_latency_and_revisions_separately() -> None:
    slow = as_read(decided(EVENT, outcome="review", decided_at=NOW + timedelta(seconds=2), basis="fallback"))
    fast = as_read(decided(EVENT))
    windows = count_entries([fast, fast, slow, as_read(decided(EVENT, revision=1))])

    counts = windows["payment", HOUR]
    amounts = counts.amounts
    assert (amounts["decided_allow"], amounts["decided_review"], amounts["decided_block"]) == (2, 1, 0)
    assert (amounts["fallbacks"], amounts["revised"]) == (1, 1)
    assert (amounts["latency_us_sum"], amounts["latency_us_max"]) == (2_016_000, 2_000_000)
    histogram = counts.histogram()
    assert (histogram[bin_of(8_000)], histogram[bin_of(2_000_000)], sum(histogram)) == (2, 1, 3)
    assert len(histogram) == bin_of(2_000_000) + 1


def test_decisions_without_a_waiting_client_have_no_latency() -> None:
    bulk = as_read(decided(EVENT, decided_at=NOW + timedelta(seconds=2), waited=False))
    counts = count_entries([as_read(decided(EVENT, waited=True)), bulk])["payment", HOUR]

    assert counts.amounts["decided_allow"] == 2
    assert (sum(counts.histogram()), counts.amounts["latency_us_max"]) == (1, 8_000)


def test_stakes_are_summed_by_outcome_and_events_without_an_amount_add_none() -> None:
    made = [
        decided(EVENT, outcome="block", stake=700),
        decided(EVENT, outcome="block", stake=50),
        decided(EVENT, outcome="allow", stake=None),
    ]
    amounts = count_entries(as_read(entry) for entry in made)["payment", HOUR].amounts

    assert (amounts["stake_allow"], amounts["stake_review"], amounts["stake_block"]) == (0, 0, 750)


def test_outcomes_that_only_some_types_declare_are_counted_by_name() -> None:
    made = [
        decided(EVENT, outcome="challenge", stake=700),
        decided(EVENT, outcome="challenge", stake=50),
        decided(EVENT, outcome="limit", stake=None),
    ]
    minutes = count_entries((as_read(entry) for entry in made), start_of=to_minute)

    assert sum_to_hours(minutes)["payment", HOUR].others == {
        "decided_other": {"challenge": 2, "limit": 1},
        "stake_other": {"challenge": 750, "limit": 0},
    }


def test_labels_count_and_positive_ones_add_their_stake_until_retracted() -> None:
    label = as_read(labeled(EVENT.stream))
    confirmed = as_read(labeled(EVENT.stream, version=2, previous="fraud"))
    cleared = as_read(labeled(EVENT.stream, version=3, previous="fraud", effective="legitimate"))
    entries = [entry._replace(position=number) for number, entry in enumerate((label, confirmed, cleared), 1)]
    stakes = {1: 1_234, 3: 1_234}

    first = count_entries(entries[:2], stakes=stakes)["payment", HOUR].amounts
    after = count_entries(entries, stakes=stakes)["payment", HOUR].amounts

    assert (first["labels"], first["positives"], first["fraud_stake"]) == (2, 1, 1_234)
    assert (after["labels"], after["positives"], after["fraud_stake"]) == (3, 0, 0)


def test_parked_events_count() -> None:
    parked = as_read(NewEntry(EVENT.stream, 1, "event.parked", {"position": 1, "error": "x"}))
    assert count_entries([parked])["payment", HOUR].amounts["parked"] == 1
