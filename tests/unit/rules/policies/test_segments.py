"""Which segment of a policy an event is in."""

from typing import Any

from scoring.rules.policies.policy import MODEL, Segment, Terms
from scoring.rules.policies.segments import compile_policy
from tests.factories.policies import policy

TRAVEL = Segment("travel", 'category == "travel"', Terms(MODEL))
LARGE = Segment("large", "amount > 500.0", Terms(MODEL))
BUSY = Segment("busy", "card_count_1h > 3.0", Terms(MODEL))


def payment(amount: int = 10_000, **fields: Any) -> dict[str, Any]:
    """A receipt of a payment of an amount in minor units."""
    money = {"minor": amount, "currency": "USD"}
    return {"source": "shop", "fields": {"card": "c-1", "merchant": "m-1", "amount": money, **fields}}


def test_the_first_segment_whose_condition_holds_is_chosen() -> None:
    live = compile_policy(policy(segments=(TRAVEL, LARGE)))
    assert live.choose(payment(90_000, category="travel")).segment == TRAVEL
    assert live.choose(payment(90_000, category="food")).segment == LARGE
    assert live.choose(payment(1_000, category="food")).segment is None


def test_a_condition_on_a_missing_value_does_not_hold() -> None:
    live = compile_policy(policy(segments=(TRAVEL, BUSY)))
    assert live.features == ("card_count_1h",)
    assert live.choose(payment()).segment is None
    assert live.choose(payment(), features=[4.0]).segment == BUSY


def test_a_segment_that_cannot_be_compiled_is_told_and_stops_no_other_one() -> None:
    gone = Segment("gone", "favorite_color == 'red'", Terms(MODEL))
    live = compile_policy(policy(7, segments=(gone, LARGE)))
    chosen = live.choose(payment(90_000))
    assert chosen.segment == LARGE
    [error] = chosen.errors
    assert (error.segment, error.number) == ("gone", 7)
    assert "favorite_color" in error.error
    assert error.as_data()["name"] == "policy segment gone"


def test_a_policy_without_segments_needs_nothing() -> None:
    live = compile_policy(policy())
    assert (live.features, live.lookups) == ((), frozenset())
    assert live.choose(payment()).segment is None
