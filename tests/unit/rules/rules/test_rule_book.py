"""The fold of a ruleset's entries into the rules that are evaluated."""

from datetime import UTC, datetime, timedelta
from typing import Any

from scoring.rules.rules.book import LiveRule, RuleBook, is_suppressed
from scoring.rules.ruleset.stream import Change
from tests.factories.rules import drafted, rule_version, staged

NOW = datetime(2026, 3, 1, tzinfo=UTC)
FIRST, SECOND = rule_version(1), rule_version(2, expression="amount > 900.0")


def book_of(*changes: Change) -> RuleBook:
    book = RuleBook()
    for change in changes:
        book = book.after(change.type, change.data)
    return book


def suppressed(key: str = "a" * 32, *, days: int = 1, **more: Any) -> Change:
    until = (NOW + timedelta(days=days)).isoformat()
    named = {"event_type": "payment", "name": "velocity", "field": "card", "key": key, "value": "card-1"}
    return Change("rule.suppressed", {**named, "until": until, "reason": "", **more})


def live(*changes: Change) -> list[tuple[int, str]]:
    return [(rule.version.number, rule.stage) for rule in book_of(*changes).live("payment")]


def test_a_draft_is_not_evaluated() -> None:
    assert live(drafted(FIRST)) == []


def test_an_active_and_a_shadow_version_are_evaluated_side_by_side() -> None:
    changes = [drafted(FIRST), staged(FIRST, "active"), drafted(SECOND), staged(SECOND, "shadow")]
    assert live(*changes) == [(1, "active"), (2, "shadow")]


def test_an_archived_version_is_evaluated_no_more_and_can_return() -> None:
    changes = [drafted(FIRST), staged(FIRST, "active"), staged(FIRST, "archived")]
    assert live(*changes) == []
    assert live(*changes, staged(FIRST, "active")) == [(1, "active")]


def test_the_live_rules_are_those_of_one_event_type_by_name() -> None:
    others = [rule_version(name="aged"), rule_version(event_type="login")]
    changes = [change for each in (FIRST, *others) for change in (drafted(each), staged(each, "active"))]
    assert [rule.version for rule in book_of(*changes).live("payment")] == [others[0], FIRST]


def test_other_entries_of_the_ruleset_change_no_rule() -> None:
    book = book_of(drafted(FIRST))
    assert book.after("list.defined", {"name": "stolen"}) is book


def rule_with(*changes: Change) -> LiveRule:
    [rule] = book_of(drafted(FIRST), staged(FIRST, "active"), *changes).live("payment")
    return rule


def test_a_suppression_holds_for_its_entity_until_its_date() -> None:
    rule = rule_with(suppressed())
    assert is_suppressed(rule, {"card": "a" * 32}, NOW)
    assert not is_suppressed(rule, {"card": "b" * 32, "customer": "a" * 32}, NOW)
    assert not is_suppressed(rule, {"card": "a" * 32}, NOW + timedelta(days=1))


def test_a_suppression_outlives_a_new_version_and_ends_when_it_is_lifted() -> None:
    newer = [drafted(SECOND), staged(FIRST, "archived"), staged(SECOND, "active")]
    lifted = Change("rule.suppression_lifted", suppressed().data)
    assert is_suppressed(rule_with(suppressed(), *newer), {"card": "a" * 32}, NOW)
    assert not is_suppressed(rule_with(suppressed(), lifted), {"card": "a" * 32}, NOW)


def test_a_suppression_given_again_holds_until_the_later_date() -> None:
    rule = rule_with(suppressed(days=1), suppressed(days=9))
    assert is_suppressed(rule, {"card": "a" * 32}, NOW + timedelta(days=8))
