"""Which units apply a rule that is rolled out to a share of them."""

import pytest

from scoring.rules.rules.rule import RuleVersion, is_in_rollout
from tests.factories.rules import rule_version

UNITS = [f"customer-{number}" for number in range(20_000)]


def chosen(rule: RuleVersion) -> set[str]:
    return {unit for unit in UNITS if is_in_rollout(rule, unit)}


def test_a_rule_without_a_share_applies_to_every_event() -> None:
    assert is_in_rollout(rule_version(), "")
    assert is_in_rollout(rule_version(), "customer-1")


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5])
def test_about_its_share_of_the_units_applies_a_rule(share: float) -> None:
    found = len(chosen(rule_version(share=share, unit="customer"))) / len(UNITS)
    assert found == pytest.approx(share, abs=4 * (share * (1 - share) / len(UNITS)) ** 0.5)


def test_units_stay_in_a_growing_share_and_in_the_next_version() -> None:
    tenth = chosen(rule_version(1, share=0.1, unit="customer"))
    half = chosen(rule_version(2, share=0.5, unit="customer", expression="amount > 100.0"))
    assert tenth < half


def test_two_rules_choose_their_units_independently() -> None:
    one = chosen(rule_version(share=0.5, unit="customer"))
    other = chosen(rule_version(name="testing", share=0.5, unit="customer"))
    assert len(one & other) / len(UNITS) == pytest.approx(0.25, abs=0.02)


def test_an_event_without_the_unit_is_left_out_of_a_partial_rollout() -> None:
    assert not is_in_rollout(rule_version(share=0.999, unit="customer"), "")
