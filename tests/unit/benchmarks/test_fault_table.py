"""The table of injected faults: a row says when a fault was found, by which alert, and what was done."""

from typing import Any

from benchmarks.faults.table import fault_row, quiet_text

ALERT = {
    "rule": "quality.out_of_range_share",
    "because": "amount of payment events from north is outside its usual range",
    "after": 2.0,
    "resolved": 26.0,
    "actions": [],
    "done": [],
}


def result(**changed: Any) -> dict[str, Any]:
    found = {"fault": "cents", "lasts": 24.0, "recovers": 48.0, "named": ALERT, "fired": [ALERT], "trips": []}
    return found | changed


def test_a_named_fault() -> None:
    row = fault_row(result())
    assert "2.0 h | `quality.out_of_range_share` | “amount of payment events" in row
    assert row.endswith("| told to its owner | 2.0 h |")


def test_an_alert_that_does_not_name_the_cause() -> None:
    assert "2.0 h, misnamed" in fault_row(result(named=None))


def test_a_fault_without_an_alert() -> None:
    assert "| not found |" in fault_row(result(named=None, fired=[]))


def test_what_was_done_comes_before_what_is_offered() -> None:
    alert = ALERT | {"actions": ["retrain"]}
    assert "offers `retrain`" in fault_row(result(named=alert))
    assert "Training 3 is queued" in fault_row(
        result(named=alert | {"done": ["retrain: Training 3 is queued"]})
    )


def test_quiet_days() -> None:
    quiet = {"days": 60, "events": 60_000, "fired": []}
    assert quiet_text(quiet) == "In 60 quiet days with 60,000 events no alert fired."
    assert "1 alert fired: `quality.out_of_range_share` after 2.0 h" in quiet_text(quiet | {"fired": [ALERT]})
