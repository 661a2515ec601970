"""Which would-be blocks exploration lets through."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.registry.routes import share_point
from scoring.rules.exploration.drawing import ExplorationResult, Explorer, draw, explored
from scoring.rules.exploration.settings import Exploration

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SETTINGS = Exploration("payment", 0.1, amount_cap=10_000, daily_cap=25_000, salt="spring")
streams = st.integers(0, 10**6).map(lambda number: f"payment/shop/T-{number}")


@given(streams)
def test_an_event_is_drawn_by_its_point_under_the_salt(stream: str) -> None:
    assert draw(SETTINGS, stream) == (share_point("spring", stream) < 0.1)


@given(streams)
def test_a_larger_share_keeps_the_events_of_a_smaller_one(stream: str) -> None:
    if draw(SETTINGS, stream):
        assert draw(replace(SETTINGS, share=0.2), stream)


def test_the_share_of_drawn_events_is_the_share_that_was_set() -> None:
    drawn = sum(draw(SETTINGS, f"payment/shop/T-{number}") for number in range(20_000))
    assert drawn == pytest.approx(2_000, abs=130)  # three standard deviations


def test_nothing_is_drawn_when_exploration_is_off() -> None:
    off = replace(SETTINGS, share=0)
    assert not any(draw(off, f"payment/shop/T-{number}") for number in range(1_000))


@pytest.mark.parametrize(
    ("what", "amount", "spent", "result"),
    [
        ("under both caps", 10_000, 15_000, ExplorationResult(0.5, True, "")),
        ("more than one event may be", 10_001, 0, ExplorationResult(0.5, True, "amount_cap")),
        ("more than is left of the day", 10_000, 15_001, ExplorationResult(0.5, True, "daily_cap")),
    ],
)
def test_the_caps_stop_a_drawn_event(what: str, amount: int, spent: int, result: ExplorationResult) -> None:
    explorer = Explorer({"payment": spent}, now=NOON)
    half = replace(SETTINGS, share=0.5)
    assert explorer.explore(half, drawn_by(half), amount=amount, now=NOON) == result, what
    assert explorer.spent("payment") == spent + (amount if result.is_let_through else 0)


def test_the_propensity_is_the_share_or_0_under_a_cap() -> None:
    assert explored(SETTINGS, drawn_by(SETTINGS), stopped="").as_data() == {
        "share": 0.1,
        "drawn": True,
        "propensity": 0.1,
        "stopped_by": "",
    }
    assert explored(SETTINGS, drawn_by(SETTINGS), stopped="daily_cap").propensity == 0
    assert explored(SETTINGS, not_drawn_by(SETTINGS), stopped="").propensity == 0.1


def test_an_event_that_is_not_drawn_costs_nothing() -> None:
    explorer = Explorer({}, now=NOON)
    assert not explorer.explore(SETTINGS, not_drawn_by(SETTINGS), amount=9_000, now=NOON).is_let_through
    assert explorer.spent("payment") == 0


def test_the_daily_cap_begins_anew_at_midnight_utc() -> None:
    explorer = Explorer({"payment": 25_000}, now=NOON)
    midnight = datetime(2026, 3, 2, tzinfo=UTC)
    stream = drawn_by(SETTINGS)
    before = explorer.explore(SETTINGS, stream, amount=1, now=midnight - timedelta(microseconds=1))
    after = explorer.explore(SETTINGS, stream, amount=1, now=midnight)
    assert (before.stopped_by, after.stopped_by, explorer.spent("payment")) == ("daily_cap", "", 1)


def test_event_types_have_daily_caps_of_their_own() -> None:
    explorer = Explorer({"payment": 25_000}, now=NOON)
    other = replace(SETTINGS, event_type="refund")
    assert explorer.explore(other, drawn_by(other), amount=1, now=NOON).is_let_through


@given(st.lists(st.integers(1, 12_000), max_size=80))
def test_never_more_than_the_daily_cap_is_let_through(amounts: list[int]) -> None:
    explorer, half = Explorer({}, now=NOON), replace(SETTINGS, share=0.5)
    let_through = [
        amount
        for place, amount in enumerate(amounts)
        if explorer.explore(half, f"payment/shop/T-{place}", amount=amount, now=NOON).is_let_through
    ]
    assert sum(let_through) == explorer.spent("payment") <= half.daily_cap
    assert all(amount <= half.amount_cap for amount in let_through)


def drawn_by(exploration: Exploration) -> str:
    return next(stream for stream in some_streams() if draw(exploration, stream))


def not_drawn_by(exploration: Exploration) -> str:
    return next(stream for stream in some_streams() if not draw(exploration, stream))


def some_streams() -> list[str]:
    return [f"payment/shop/T-{number}" for number in range(100)]
