"""The order of the queue, and which events are sampled."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviews.queue.ranking import (
    DOUBLING,
    SAMPLE_LOSS,
    SAMPLE_SHARE,
    expected_loss,
    is_sampled,
    rank_of,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def rank(loss: int, *, hours_ago: float = 0, currency: str = "USD", sampled: bool = False) -> float:
    opened_at = NOON - timedelta(hours=hours_ago)
    return rank_of(loss=loss, currency=currency, sampled=sampled, opened_at=opened_at)


def test_the_expected_loss_is_probability_times_amount_and_half_of_it_without_a_score() -> None:
    assert expected_loss(score=0.125, stake=8_000) == 1_000
    assert expected_loss(score=0.0, stake=8_000) == 0
    assert expected_loss(score=None, stake=8_000) == 4_000


def test_of_two_cases_of_equal_age_the_larger_loss_comes_first() -> None:
    assert rank(5_000) > rank(4_999) > rank(0)


def test_of_two_equal_cases_the_older_one_comes_first() -> None:
    assert rank(5_000, hours_ago=1) > rank(5_000)


def test_age_doubles_the_weight_of_a_case() -> None:
    ten_and_one, twenty_one_and_one = 1_000, 2_100  # (1 + 21) is twice (1 + 10)
    hours = DOUBLING / timedelta(hours=1)
    assert rank(ten_and_one, hours_ago=hours + 0.01) > rank(twenty_one_and_one)
    assert rank(ten_and_one, hours_ago=hours - 0.01) < rank(twenty_one_and_one)


@given(
    loss=st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)),
    age_s=st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)),
    later_s=st.integers(0, 10**6),
)
def test_the_rank_orders_cases_by_weight_at_any_time(
    loss: tuple[int, int], age_s: tuple[int, int], later_s: int
) -> None:
    half_life = DOUBLING.total_seconds()
    weights = [
        (1 + amount / 100) * 2 ** ((age + later_s) / half_life)
        for amount, age in zip(loss, age_s, strict=True)
    ]
    ranks = [rank(amount, hours_ago=age / 3_600) for amount, age in zip(loss, age_s, strict=True)]
    if abs(weights[0] / weights[1] - 1) > 1e-6:
        assert (ranks[0] > ranks[1]) == (weights[0] > weights[1])


def test_losses_are_compared_in_whole_units_of_their_currency() -> None:
    assert rank(500, currency="JPY") == rank(50_000, currency="USD")


def test_a_sampled_case_ranks_by_a_fixed_loss() -> None:
    assert rank(0, sampled=True) == rank(10**9, sampled=True) == rank(round(SAMPLE_LOSS * 100))


def test_the_sample_has_the_declared_share_and_is_always_the_same() -> None:
    streams = [f"payment/shop/{number}" for number in range(100_000)]
    sampled = [stream for stream in streams if is_sampled(stream)]
    assert sampled == [stream for stream in streams if is_sampled(stream)]
    assert 0.8 < len(sampled) / len(streams) / SAMPLE_SHARE < 1.2


def test_the_sample_is_the_same_in_every_release() -> None:
    """Otherwise a rebuild would open cases that were never shown, and close decided ones."""
    sampled = [number for number in range(1_200) if is_sampled(f"payment/shop/{number}")]
    assert sampled == [136, 349, 610, 655, 817, 837, 905, 1107, 1173, 1174]


def test_a_loss_in_a_currency_without_minor_units_is_not_divided() -> None:
    worth = math.log2(1 + 500)
    assert rank(500, currency="JPY") - rank(0, currency="JPY") == pytest.approx(worth)
    assert rank(50_000) - rank(0) == pytest.approx(worth)
