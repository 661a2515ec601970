"""Refused requests by status and reason, and their share."""

from datetime import UTC, datetime

from monitoring.operations.alert_metrics import refused_shares
from monitoring.operations.requests import refused_requests

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = {
    ("problem", "422", "invalid-event"): 30.0,
    ("problem", "401", "invalid-api-key"): 50.0,
    ("problem", "429", "lane-behind"): 1.0,
    ("events", "append"): 900.0,
}
RECENT = {
    ("problem", "422", "invalid-event"): 20.0,
    ("problem", "422", "unknown-event-type"): 5.0,
    ("events", "append"): 75.0,
}


def test_the_most_frequent_of_the_last_minutes_comes_first() -> None:
    found = refused_requests(RECENT, {**HOUR, ("problem", "422", "unknown-event-type"): 5.0})
    assert [(each.status, each.reason, each.recent, each.hour) for each in found] == [
        ("422", "invalid-event", 20, 30),
        ("422", "unknown-event-type", 5, 5),
        ("401", "invalid-api-key", 0, 50),
        ("429", "lane-behind", 0, 1),
    ]
    assert "API key" in found[2].remedy


def test_each_status_has_its_share_of_what_was_sent() -> None:
    shares = {each.scope["status"]: each for each in refused_shares(RECENT, now=NOW)}
    assert shares["422"].value == 0.25
    assert shares["422"].rows == 100
    assert shares["422"].because.startswith("Most often invalid-event.")
    assert shares["401"].value == 0
    assert shares["401"].because == ""


def test_without_requests_there_is_no_share() -> None:
    assert {each.value for each in refused_shares({}, now=NOW)} == {None}
