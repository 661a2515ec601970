"""Exploration settings that are not allowed are refused, each by name."""

from dataclasses import replace

import pytest

from scoring.rules.exploration.errors import ExplorationInvalid
from scoring.rules.exploration.settings import Exploration, check_exploration

SETTINGS = Exploration("payment", 0.01, amount_cap=10_000, daily_cap=50_000, salt="spring")


def test_settings_are_read_as_they_were_logged() -> None:
    assert Exploration.of(SETTINGS.as_data()) == SETTINGS


def test_a_share_of_0_is_off_and_needs_no_caps() -> None:
    off = Exploration("payment", 0, amount_cap=0, daily_cap=0, salt="spring")
    check_exploration(off)
    assert not off.is_on
    assert SETTINGS.is_on


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"share": 0.6}, "share: must be 0 (off) or 0.01% to 50%, not 0.6"),
        ({"share": 0.00001}, "share: must be 0 (off) or 0.01% to 50%, not 1e-05"),
        ({"share": -0.1}, "share: must be 0 (off) or 0.01% to 50%, not -0.1"),
        ({"amount_cap": 0}, "amount_cap: must be 1 to 1,000,000,000,000,000 minor units, not 0"),
        ({"daily_cap": 9_999}, "daily_cap: must be at least the cap of one event, 10,000, not 9,999"),
        ({"salt": ""}, "salt: must have 1 to 40 characters, not 0"),
    ],
)
def test_a_setting_that_is_not_allowed_is_named_with_what_is(
    changed: dict[str, object], problem: str
) -> None:
    with pytest.raises(ExplorationInvalid) as refused:
        check_exploration(replace(SETTINGS, **changed))
    assert str(refused.value) == f"exploration of payment cannot be set: {problem}"


def test_all_problems_are_named_at_once() -> None:
    with pytest.raises(ExplorationInvalid) as refused:
        check_exploration(replace(SETTINGS, share=2, daily_cap=0))
    assert [name for name, *_ in refused.value.problems] == ["share", "daily_cap"]
