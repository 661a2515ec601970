"""When decisions count as slow, and what an alert says of a consumer that does not run."""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from monitoring.metrics.metric import Observation
from monitoring.models import MinuteWindow
from monitoring.operations import alert_metrics
from monitoring.windows.latency_histogram import bin_of
from monitoring.windows.traffic import RecentTraffic
from scoring.log.consumers.status import ConsumerHealth
from scoring.signals.telemetry import BUCKETS

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
WAIT = 0.5  # seconds, of clients
FAST, SLOW = 0.01, 2.0


def minute_of(seconds: Sequence[float], *, ago: int = 2) -> MinuteWindow:
    """A minute in which decisions took so long."""
    latency = [0] * (bin_of(round(1e6 * max(seconds))) + 1)
    for each in seconds:
        latency[bin_of(round(1e6 * each))] += 1
    return MinuteWindow(event_type="payment", start=NOW - timedelta(minutes=ago), latency=latency)


def observed(monkeypatch: pytest.MonkeyPatch, windows: Sequence[MinuteWindow]) -> Observation:
    """What is observed of the latency, given minutes."""
    monkeypatch.setattr(
        alert_metrics, "recent_traffic", lambda now, minutes: {"payment": RecentTraffic(windows, now=now)}
    )
    monkeypatch.setattr(alert_metrics, "read_readings", lambda now, minutes: minutes)
    monkeypatch.setattr(
        alert_metrics, "why_slow", lambda minutes: f"Redis has been slow for {minutes} minutes."
    )
    (found,) = alert_metrics.observe_latency(now=NOW)
    return found


def latency_of(monkeypatch: pytest.MonkeyPatch, seconds: Sequence[float]) -> Observation:
    """What is observed of decisions that took so long."""
    return observed(monkeypatch, [minute_of(seconds)])


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
    assert latency_of(monkeypatch, [SLOW] * 5).because == "Redis has been slow for 5 minutes."
    assert latency_of(monkeypatch, [FAST] * 5).because == ""


def test_few_decisions_are_judged_over_more_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    found = observed(monkeypatch, [minute_of([SLOW], ago=ago) for ago in (1, 4, 7, 9, 12, 30)])

    assert (found.rows, found.since) == (5, NOW - timedelta(minutes=15))
    assert found.low is not None
    assert found.low > WAIT
    assert found.because == "Redis has been slow for 15 minutes."


@pytest.mark.parametrize(
    ("waits", "minutes", "is_surely_slow"),
    [
        ({5: [SLOW] * 5}, 5, True),
        ({5: [FAST] * 5}, 5, False),
        ({5: [SLOW], 15: [SLOW] * 6}, 15, True),  # few clients: more minutes
        ({5: [SLOW], 15: [SLOW], 60: [SLOW] * 2 + [FAST] * 8}, 60, False),
    ],
)
def test_waits_of_clients_are_judged_over_as_many_minutes_as_it_takes(
    monkeypatch: pytest.MonkeyPatch, waits: dict[int, list[float]], minutes: int, is_surely_slow: bool
) -> None:
    def counts(minutes: int, *, now: float) -> dict[tuple[str, ...], float]:
        places = [("bucket", "wait", str(bisect_left(BUCKETS, each))) for each in waits[minutes]]
        return {place: float(places.count(place)) for place in places}

    monkeypatch.setattr(alert_metrics, "read_recent", counts)
    monkeypatch.setattr(alert_metrics, "read_readings", lambda now, minutes: minutes)
    monkeypatch.setattr(alert_metrics, "why_slow", lambda minutes: "Redis is slow.")

    (found,) = alert_metrics.observe_wait(now=NOW)

    assert (found.rows, found.since) == (len(waits[minutes]), NOW - timedelta(minutes=minutes))
    assert found.low is not None
    assert (found.low > WAIT) is is_surely_slow


def test_without_waiting_clients_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alert_metrics, "read_recent", lambda minutes, *, now: {})

    (found,) = alert_metrics.observe_wait(now=NOW)

    assert (found.value, found.rows) == (None, 0)


def test_slow_minutes_of_the_past_do_not_count_while_enough_clients_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = observed(monkeypatch, [minute_of([FAST] * 5), minute_of([SLOW] * 50, ago=12)])

    assert found.rows == 5
    assert found.high is not None
    assert found.high < WAIT


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
