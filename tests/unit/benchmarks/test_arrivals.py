"""The load generator's figures leave out no late request and count no lost request as fast."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.arrivals import (
    Outcome,
    backlog_at,
    holds,
    is_backlog_growing,
    percentile,
    poisson_arrivals,
    summary,
)


def outcome_of(*, due: np.ndarray, latency: np.ndarray, status: int = 201) -> Outcome:
    return Outcome(due=due, sent=due, done=due + latency, status=np.full(len(due), status))


def steady(rate: float, seconds: float, latency: float) -> Outcome:
    due = np.arange(0.0, seconds, 1 / rate)
    return outcome_of(due=due, latency=np.full(len(due), latency))


def test_arrivals_are_reproducible_and_have_the_requested_mean_rate():
    drawn = poisson_arrivals(rate=400, seconds=50, seed=3)
    assert (drawn == poisson_arrivals(rate=400, seconds=50, seed=3)).all()
    assert (np.diff(drawn) >= 0).all()
    assert drawn[0] >= 0
    assert drawn[-1] < 50
    assert len(drawn) == pytest.approx(20_000, rel=0.03)  # four standard deviations


def test_gaps_between_arrivals_are_exponential():
    gaps = np.diff(poisson_arrivals(rate=400, seconds=50, seed=3))
    assert gaps.std() == pytest.approx(gaps.mean(), rel=0.05)  # evenly spaced: 0


def test_latency_counts_from_when_a_request_was_due_not_from_when_it_was_sent():
    stalled = Outcome(
        due=np.array([0.0, 1.0]),
        sent=np.array([0.0, 3.0]),
        done=np.array([3.0, 3.1]),
        status=np.array([201, 201]),
    )
    assert stalled.latency_ms.tolist() == pytest.approx([3000, 2100])
    assert stalled.lag_ms.tolist() == pytest.approx([0, 2000])


def test_a_request_without_a_response_is_slower_than_any_other():
    outcome = Outcome(
        due=np.zeros(100),
        sent=np.zeros(100),
        done=np.r_[np.full(98, 0.01), np.inf, np.inf],
        status=np.r_[np.full(98, 201), 0, 0],
    )
    figures = summary(outcome)
    assert figures["p95_ms"] == 10
    assert figures["p99_ms"] == np.inf
    assert figures["undecided"] == 2


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=300), st.sampled_from([50, 95, 99, 100]))
def test_a_percentile_is_the_smallest_value_that_its_share_does_not_exceed(values: list[float], share: float):
    found = percentile(np.array(values), share)
    assert found in values
    assert np.mean(np.array(values) <= found) >= share / 100 - 1e-9
    assert np.mean(np.array(values) < found) < share / 100


@pytest.mark.parametrize("status", [0, 202, 429, 503])
def test_a_rate_with_an_undecided_request_is_not_sustained(status: int):
    quick = steady(100, 5, 0.005)
    assert holds(quick)
    some = quick.status.copy()
    some[17] = status
    assert not holds(Outcome(quick.due, quick.sent, quick.done, some))


def test_at_most_one_percent_of_requests_may_be_slow():
    latency = np.full(500, 0.01)
    latency[:5] = 0.4
    assert holds(outcome_of(due=np.arange(500) / 100, latency=latency))
    latency[:6] = 0.4
    assert not holds(outcome_of(due=np.arange(500) / 100, latency=latency))


def test_a_server_ten_percent_too_slow_has_a_growing_backlog():
    due = np.arange(0.0, 10.0, 1 / 300)
    falling_behind = outcome_of(due=due, latency=0.005 + due * 0.1)
    assert is_backlog_growing(falling_behind)
    assert not holds(falling_behind)


def test_open_requests_answered_in_time_are_not_a_backlog():
    in_time = steady(400, 10, 0.120)
    assert backlog_at(in_time, 5.0) == pytest.approx(48, abs=1)
    assert not is_backlog_growing(in_time)
