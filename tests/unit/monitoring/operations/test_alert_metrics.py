"""When decisions count as slow, and what an alert says of a consumer that does not run."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from monitoring.metrics.metric import Observation
from monitoring.models import MinuteWindow
from monitoring.operations import alert_metrics
from monitoring.windows.latency_histogram import bin_of
from monitoring.windows.traffic import RecentTraffic
from scoring.log.consumers.status import ConsumerHealth

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
WAIT = 0.5  # seconds, of clients
FAST, SLOW = 0.01, 2.0


def latency_of(monkeypatch: pytest.MonkeyPatch, seconds: Sequence[float]) -> Observation:
    """What is observed of decisions that took so long."""
    latency = [0] * (bin_of(round(1e6 * max(seconds))) + 1)
    for each in seconds:
        latency[bin_of(round(1e6 * each))] += 1
    window = MinuteWindow(event_type="payment", start=NOW - timedelta(minutes=2), latency=latency)
    monkeypatch.setattr(
        alert_metrics, "recent_traffic", lambda now: {"payment": RecentTraffic([window], now=now)}
    )
    monkeypatch.setattr(alert_metrics, "read_readings", lambda now: None)
    monkeypatch.setattr(alert_metrics, "why_slow", lambda readings: "Redis is slow.")
    (found,) = alert_metrics.observe_latency(now=NOW)
    return found


@pytest.mark.parametrize(
    ("seconds", "is_surely_slow"),
    [
        ([FAST] * 9 + [SLOW], False),  # one of ten says little about 1 % of all
        ([FAST] * 3 + [SLOW] * 7, True),
        ([SLOW] * 5, True),
        ([FAST] * 495 + [SLOW] * 5, False),
        ([FAST] * 480 + [SLOW] * 20, True),
    ],
)
def test_decisions_are_slow_if_chance_does_not_explain_it(
    monkeypatch: pytest.MonkeyPatch, seconds: list[float], is_surely_slow: bool
) -> None:
    found = latency_of(monkeypatch, seconds)
    assert found.low is not None
    assert (found.low > WAIT) is is_surely_slow
    assert found.rows == len(seconds)


def test_the_slow_stage_is_the_likely_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    assert latency_of(monkeypatch, [SLOW] * 5).because == "Redis is slow."
    assert latency_of(monkeypatch, [FAST] * 5).because == ""


@pytest.mark.parametrize(
    ("lag", "error", "age", "because"),
    [
        (0, "", 0, ""),
        (3, "", 600, "reviews.cases last read the log at 2026-03-02 13:55 UTC"),
        (3, "Traceback:\nValueError: x", 600, "It has stopped: ValueError: x"),
    ],
)
def test_a_consumer_without_entries_has_no_age(
    monkeypatch: pytest.MonkeyPatch, lag: int, error: str, age: float, because: str
) -> None:
    consumer = ConsumerHealth("reviews.cases", error, None, NOW - timedelta(minutes=10), lag)
    monkeypatch.setattr(alert_metrics, "consumer_health", lambda max_lag: [consumer])
    (found,) = alert_metrics.observe_age(now=NOW)
    assert found.value == age
    assert found.because.startswith(because)
    assert bool(found.because) == bool(because)
