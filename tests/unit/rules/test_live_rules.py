"""Live rules of an event type: compiled once, asked about every event, none stops another."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scoring.event_types.payment import Payment
from scoring.rules.deciding.live_rules import LiveRules, RuleAnswers, compile_rules
from scoring.rules.expressions.compiling import CompiledExpression
from scoring.rules.expressions.errors import ExpressionFailed
from scoring.rules.expressions.prefilter.event_values import EventValues
from scoring.rules.lists.keys import key_of
from scoring.rules.rules.book import LiveRule
from tests.factories.rules import rule_version

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
EVENT: dict[str, Any] = {
    "source": "shop",
    "fields": {"amount": {"minor": 60_000, "currency": "USD"}, "card": "c-1", "customer": "k-1"},
}


def live(name: str, expression: str, *, stage: str = "active", **fields: Any) -> LiveRule:
    suppressed = fields.pop("suppressed", {})
    return LiveRule(rule_version(name=name, expression=expression, **fields), stage, suppressed)


def compiled(*rules: LiveRule) -> LiveRules:
    return compile_rules(Payment, rules)


def names_found(rules: LiveRules, **facts: Any) -> list[str]:
    return [finding.name for finding in answers_of(rules, **facts).findings]


def answers_of(rules: LiveRules, **facts: Any) -> RuleAnswers:
    [answers] = rules.ask([EventValues(EVENT["fields"], EVENT["source"], **facts)], now=NOON)
    return answers


def test_rules_that_match_are_found_in_order_of_their_names() -> None:
    rules = compiled(live("a", "amount > 500.0"), live("b", "amount > 700.0"), live("c", "has(card)"))
    assert names_found(rules) == ["a", "c"]


def test_a_rule_whose_value_is_missing_does_not_match() -> None:
    rules = compiled(live("a", "score > 0.1"), live("b", "card_count_24h > 1.0"))
    assert names_found(rules) == []
    assert names_found(rules, score=0.5, features={}) == ["a"]
    assert names_found(rules, score=0.5, features={"card_count_24h": 2.0}) == ["a", "b"]


def test_a_rule_reads_lists() -> None:
    rules = compiled(live("a", 'listed(card, "stolen_cards")'))
    assert names_found(rules) == []
    assert names_found(rules, hits=frozenset([("card", "stolen_cards")])) == ["a"]


def test_a_rule_that_cannot_be_compiled_is_an_error_of_every_event_and_the_others_decide() -> None:
    rules = compiled(live("gone", "no_such_field > 1.0", number=3), live("a", "amount > 500.0"))
    answers = answers_of(rules)
    assert [finding.name for finding in answers.findings] == ["a"]
    assert [(error.name, error.number) for error in answers.errors] == [("gone", 3)]


def test_a_rule_that_fails_on_an_event_is_an_error_and_the_others_decide(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer = CompiledExpression.matches

    def fail_on_cards(expression: CompiledExpression, activation: Any) -> bool:
        if "card" in expression.text:
            raise ExpressionFailed(expression.text, "out of range")
        return answer(expression, activation)

    monkeypatch.setattr(CompiledExpression, "matches", fail_on_cards)
    rules = compiled(live("a", "has(card)", number=2), live("b", "amount > 1.0"))
    answers = answers_of(rules)
    assert [finding.name for finding in answers.findings] == ["b"]
    assert [error.as_data() for error in answers.errors] == [
        {"name": "a", "number": 2, "error": "out of range"}
    ]


@pytest.mark.parametrize(("until", "expected"), [(timedelta(hours=1), []), (timedelta(0), ["a"])])
def test_a_suppressed_entity_is_exempt_until_the_date(until: timedelta, expected: list[str]) -> None:
    suppressed = {("card", key_of("c-1").hex()): NOON + until}
    assert names_found(compiled(live("a", "amount > 1.0", suppressed=suppressed))) == expected


def test_a_rule_in_rollout_leaves_out_an_event_without_the_unit() -> None:
    rules = compiled(live("a", "amount > 1.0", share=0.99, unit="device"))
    assert names_found(rules) == []


def test_a_finding_carries_what_the_version_states() -> None:
    rules = compiled(
        live("a", "amount > 1.0", stage="shadow", number=4, outcome="block", overrides_lists=True)
    )
    [finding] = answers_of(rules).findings
    assert finding.as_data() == {
        "kind": "rule",
        "name": "a",
        "number": 4,
        "stage": "shadow",
        "outcome": "block",
        "code": "VELOCITY",
        "text": "A large amount",
        "overrides_lists": True,
    }


def test_rules_that_need_no_features_decide_without_them_and_the_others_are_unseen() -> None:
    rules = compiled(live("a", "amount > 1.0"), live("b", "card_count_24h > 1.0"), live("c", "score > 0.5"))
    assert names_found(rules.without_features()) == ["a"]
    unseen = [each["name"] for each in rules.unseen((), score=False)]
    assert unseen == ["b", "c"]
    assert rules.unseen({"card_count_24h"}, score=True) == []


def test_of_several_events_only_those_that_a_rule_may_match_are_asked_about(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []
    answer = CompiledExpression.matches

    def note_and_answer(expression: CompiledExpression, activation: Any) -> bool:
        asked.append(expression.text)
        if expression.text == "has(device)":
            raise ExpressionFailed(expression.text, "out of range")
        return answer(expression, activation)

    monkeypatch.setattr(CompiledExpression, "matches", note_and_answer)
    rules = compiled(live("a", "amount > 500"), live("b", "has(device)"), live("gone", "no_such_field > 1"))
    amounts = [(10_000, {}), (60_000, {}), (10_000, {"device": "d"}), (20_000, {})]
    events = [
        EventValues({"amount": {"minor": minor, "currency": "USD"}, **others}, "shop")
        for minor, others in amounts
    ]
    answers = rules.ask(events, now=NOON)
    assert asked == ["amount > 500", "has(device)"]
    assert [[finding.name for finding in each.findings] for each in answers] == [[], ["a"], [], []]
    assert [[error.name for error in each.errors] for each in answers] == [
        ["gone"],
        ["gone"],
        ["gone", "b"],
        ["gone"],
    ]
