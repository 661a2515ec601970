"""Breaker settings that are not allowed are refused, each by name."""

import pytest

from scoring.rules.breaker.configuration import BreakerConfiguration
from scoring.rules.breaker.errors import BreakerInvalid
from scoring.rules.breaker.settings import BreakerSettings, check_settings


def test_the_defaults_are_allowed_and_on() -> None:
    check_settings("payment", BreakerSettings())
    assert BreakerSettings().is_on


def test_settings_are_read_as_they_were_logged() -> None:
    settings = BreakerSettings(max_share=0.2, max_blocks=50)
    assert BreakerSettings.of({"event_type": "payment", **settings.as_data()}) == settings


@pytest.mark.parametrize(
    ("settings", "on"),
    [
        (BreakerSettings(max_share=1), False),
        (BreakerSettings(max_share=1, max_blocks=10), True),
        (BreakerSettings(max_share=0.99), True),
    ],
)
def test_a_breaker_without_a_limit_is_off(settings: BreakerSettings, on: bool) -> None:
    assert settings.is_on is on


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        (BreakerSettings(max_share=0), "max_share: must be more than 0 and at most 1 (no limit), not 0"),
        (BreakerSettings(max_share=1.5), "max_share: must be more than 0 and at most 1 (no limit), not 1.5"),
        (BreakerSettings(max_blocks=0), "max_blocks: must be 1 to 100,000, not 0"),
        (BreakerSettings(min_events=5), "min_events: must be 10 to 1,000, not 5"),
        (BreakerSettings(window_s=5), "window_s: must be 10 to 86,400, not 5"),
        (BreakerSettings(cool_down_s=86_401), "cool_down_s: must be 10 to 86,400, not 86,401"),
    ],
)
def test_a_setting_out_of_its_range_is_named_with_what_is_allowed(
    settings: BreakerSettings, problem: str
) -> None:
    with pytest.raises(BreakerInvalid) as refused:
        check_settings("payment", settings)
    assert str(refused.value) == f"the breaker of payment cannot be set: {problem}"


def test_the_ruleset_says_which_limits_and_resets_hold() -> None:
    strict = BreakerSettings(max_share=0.1)
    configuration = BreakerConfiguration().after("rule.drafted", {}, ruleset=1)
    assert configuration.settings_of("payment") == BreakerSettings()
    configuration = configuration.after(
        "breaker.changed", {"event_type": "payment", **strict.as_data(), "reason": "too many"}, ruleset=2
    )
    configuration = configuration.after(
        "breaker.reset", {"event_type": "payment", "source": "shop", "reason": "fixed"}, ruleset=3
    )
    assert configuration == BreakerConfiguration(3, {"payment": strict}, {("payment", "shop"): 3})
