"""Suppressing a rule for one entity."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scoring.catalog.registry import event_type
from scoring.log import vault
from scoring.log.append import append
from scoring.rules.rules.book import LiveRule, RuleBook, is_suppressed
from scoring.rules.rules.errors import InvalidSuppression, NotSuppressed, UnknownRule
from scoring.rules.rules.models import RuleSuppression
from scoring.rules.rules.suppressing import (
    entity_keys,
    lift_suppression,
    standing_suppressions,
    suppress_rule,
)
from scoring.rules.ruleset.stream import current_version, iter_changes
from tests.factories.log import received
from tests.factories.rules import store_rule

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 3, 2, tzinfo=UTC)
VELOCITY = {"event_type": "payment", "name": "velocity"}


def suppress(field: str = "card", value: str = "card-1", *, days: float = 7, **changes: Any) -> None:
    given = {**VELOCITY, "reason": "a known wholesaler", "until": NOW + timedelta(days=days)}
    suppress_rule(**{**given, **changes}, field=field, value=value, actor="user/lea", now=NOW)


def live_rule() -> LiveRule:
    book = RuleBook()
    for entry in iter_changes():
        book = book.after(entry.type, entry.data)
    [rule] = book.live("payment")
    return rule


def applies_to(**fields: str) -> bool:
    """Whether the rule applies to an event whose fields are as the log has them."""
    rule = live_rule()
    names = {name for name, _ in rule.suppressed}
    return not is_suppressed(rule, entity_keys(event_type("payment"), fields, names), NOW)


def test_a_rule_does_not_apply_to_the_entity_until_the_date() -> None:
    store_rule("active")
    suppress()
    assert not applies_to(card="card-1", customer="customer-1")
    assert applies_to(card="card-2")
    assert applies_to(customer="card-1")
    keys = entity_keys(event_type("payment"), {"card": "card-1"}, {"card"})
    assert not is_suppressed(live_rule(), keys, NOW + timedelta(days=7))


def test_a_personal_value_is_found_by_its_digest_and_never_stored() -> None:
    store_rule("active")
    suppress("ip", "192.0.2.7")
    assert not applies_to(ip=vault.digest_of("ip", "192.0.2.7"))
    assert RuleSuppression.objects.get().value == ""
    assert "192.0.2.7" not in str([entry.data for entry in iter_changes()])


def test_the_entity_may_be_that_of_an_event(transactional_db: None) -> None:
    store_rule("active")
    [receipt] = append([received("T-1", ip=vault.digest_of("ip", "192.0.2.7"))], now=NOW)
    suppress(value="", event=receipt.position)
    suppress("ip", value="", event=receipt.position)
    assert not applies_to(card="c-1")
    assert not applies_to(ip=vault.digest_of("ip", "192.0.2.7"))
    assert set(RuleSuppression.objects.values_list("field", "value")) == {("card", "c-1"), ("ip", "")}
    with pytest.raises(InvalidSuppression, match=f"the payment at position {receipt.position} has no device"):
        suppress("device", value="", event=receipt.position)
    with pytest.raises(InvalidSuppression, match="the payment at position 99999 has no card"):
        suppress(value="", event=99_999)


def test_a_lifted_suppression_holds_no_more() -> None:
    store_rule("active")
    suppress()
    [stored] = standing_suppressions("payment/velocity", now=NOW)
    lift_suppression(**VELOCITY, field="card", key=stored.value_key, actor="user/lea", now=NOW)
    assert applies_to(card="card-1")
    with pytest.raises(NotSuppressed):
        lift_suppression(**VELOCITY, field="card", key=stored.value_key, actor="user/lea", now=NOW)


def test_suppressing_again_moves_the_date() -> None:
    store_rule("active")
    suppress(days=1)
    suppress(days=30, reason="still the wholesaler")
    [stored] = standing_suppressions("payment/velocity", now=NOW)
    assert (stored.until, stored.reason) == (NOW + timedelta(days=30), "still the wholesaler")


@pytest.mark.parametrize(
    ("changes", "field", "problem"),
    [
        ({"field": "amount"}, "field", "'amount' is not an entity of payment"),
        ({"field": "wallet"}, "field", "'wallet' is not an entity of payment"),
        ({"value": " "}, "value", "must not be empty"),
        ({"field": "ip", "value": "next door"}, "value", "is not an IP address"),
        ({"days": -1}, "until", "is past"),
        ({"days": 400}, "until", "is too far away"),
        ({"reason": " "}, "reason", "is missing"),
    ],
)
def test_a_bad_suppression_is_refused(changes: dict[str, Any], field: str, problem: str) -> None:
    store_rule("active")
    before = current_version()
    with pytest.raises(InvalidSuppression) as refused:
        suppress(**changes)
    [(named, said, allowed)] = refused.value.problems
    assert (named, current_version()) == (field, before)
    assert problem in said
    assert allowed


def test_only_a_rule_that_exists_is_suppressed() -> None:
    with pytest.raises(UnknownRule, match="its rules: none yet"):
        suppress()
