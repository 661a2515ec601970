"""What a backtest says of changes to rules, lists and policies, on events that the real lane decided."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scoring.intake.labels import LabelStatement, record_labels
from scoring.rules.backtest.changes import Change, ListChange, PolicyChange, RuleChange
from scoring.rules.backtest.errors import NothingToBacktest
from scoring.rules.backtest.requests import BacktestRequest
from scoring.rules.backtest.results import BacktestResult
from scoring.rules.backtest.run import run_backtest
from scoring.rules.lists.keys import key_of
from scoring.rules.policies.policy import FIXED, Terms
from tests.factories.lists import defined, listed
from tests.factories.policies import store_policy
from tests.factories.rules import store_rule
from tests.integration.rules.backtest.conftest import Decide

MATURE = timedelta(days=60)


def tried(change: Change, *, after: timedelta = MATURE, event_type: str = "payment") -> BacktestResult:
    """The result of trying a change on everything decided so far, once labels are mature."""
    now = datetime.now(UTC)
    request = BacktestRequest(event_type, change, now - timedelta(hours=1), now + timedelta(hours=1))
    return run_backtest(request, now=now + after)


def changes(result: BacktestResult) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for before, after, _, events, _ in result.cells:
        found[before, after] = found.get((before, after), 0) + events
    return found


def say(number: int, value: str) -> None:
    statement = LabelStatement("payment", f"T-{number}", value, "chargeback")
    record_labels([statement], source="shop", now=datetime.now(UTC))


def names(result: BacktestResult, which: str) -> set[str]:
    return {event["event"].rpartition("/")[2] for event in result.lists[which]["events"]}


def test_a_draft_rule_blocks_what_its_fields_and_features_say(decide_payments: Decide) -> None:
    decide_payments(39)  # amounts of 10.50 to 22.50, three of each; five cards take turns
    store_rule(expression="amount > 18.0 && card_count_1h >= 2.0", outcome="block")
    result = tried(RuleChange("velocity", 1))
    # the first two payments of each card have no two payments before them
    blocked = [n for n in range(10, 39) if 10.5 + n % 13 > 18.0]
    assert changes(result) == {("review", "block"): len(blocked), ("review", "review"): 39 - len(blocked)}
    assert names(result, "newly_blocked") == {f"T-{n}" for n in blocked}
    assert (result.hit_events, result.lacking, result.unknown, result.failed) == (len(blocked), 0, 0, {})


def test_labels_give_precision_recall_and_money(decide_payments: Decide) -> None:
    decide_payments(13)
    store_rule(expression="amount >= 20.5", outcome="block")  # T-10, T-11, T-12
    say(10, "fraud")
    say(11, "legitimate")
    say(3, "fraud")
    result = tried(RuleChange("velocity", 1))
    hits = result.hit_classes
    assert (hits.positives, hits.negatives, hits.inferred, hits.positive_stake) == (1, 1, 1, 2_050)
    assert (hits.positive_share.hits, hits.positive_share.rows) == (1, 3)
    assert result.all_classes.positives == 2
    assert result.classes_at("block", changed=True).positives == 1
    assert names(result, "good_hit") == {"T-11", "T-12"}
    assert result.good_units == 2


def test_labels_of_young_events_do_not_count(decide_payments: Decide) -> None:
    decide_payments(13)
    store_rule(expression="amount >= 20.5", outcome="block")
    say(10, "fraud")
    result = tried(RuleChange("velocity", 1), after=timedelta(days=1))
    assert (result.hit_classes.events, result.immature) == (0, 13)
    assert [event["label"] for event in result.lists["newly_blocked"]["events"]].count("fraud") == 1


def test_a_new_version_stands_in_place_of_the_active_one(decide_payments: Decide) -> None:
    store_rule("active", expression="amount > 12.0", outcome="block")
    decide_payments(13)
    store_rule(number=2, expression="amount > 20.0", outcome="block")
    result = tried(RuleChange("velocity", 2))
    assert changes(result) == {("block", "block"): 3, ("block", "review"): 8, ("review", "review"): 2}
    assert result.differing == 0


def test_overlap_with_active_rules_is_counted(decide_payments: Decide) -> None:
    store_rule("active", name="large", expression="amount > 20.0", outcome="block")
    decide_payments(13)
    store_rule(expression="amount > 18.0", outcome="block")
    (overlap,) = tried(RuleChange("velocity", 1)).overlaps
    assert (overlap.name, overlap.hits, overlap.shared, overlap.jaccard) == ("rule/large", 3, 3, 0.6)


def test_a_missing_value_is_counted_as_unknown(decide_payments: Decide) -> None:
    decide_payments(4, category=None)
    decide_payments(3, start=4)
    store_rule(expression='category == "grocery"', outcome="block")
    result = tried(RuleChange("velocity", 1))
    assert (result.hit_events, result.unknown) == (3, 4)


def test_added_values_are_found_in_all_events(decide_payments: Decide) -> None:
    defined()
    decide_payments(10)
    result = tried(ListChange("stolen_cards", added=((key_of("card-2").hex(), "card-2"),)))
    assert changes(result) == {("review", "block"): 2, ("review", "review"): 8}
    assert names(result, "newly_blocked") == {"T-2", "T-7"}


def test_removed_values_and_another_action_change_what_was_found(decide_payments: Decide) -> None:
    defined()
    listed("stolen_cards", "card-1", "card-2")
    decide_payments(10)
    removed = tried(ListChange("stolen_cards", removed=((key_of("card-2").hex(), "card-2"),)))
    assert changes(removed) == {("block", "block"): 2, ("block", "review"): 2, ("review", "review"): 6}
    allowed = tried(ListChange("stolen_cards", action="allow"))
    assert changes(allowed) == {("block", "allow"): 4, ("review", "review"): 6}
    archived = tried(ListChange("stolen_cards", action="none"))
    assert changes(archived) == {("block", "review"): 4, ("review", "review"): 6}


def test_rules_that_read_the_edited_list_follow_it(decide_payments: Decide) -> None:
    defined("friends", action="tag")
    store_rule("active", expression='tagged(card, "friends")', outcome="allow")
    decide_payments(10)
    result = tried(ListChange("friends", added=((key_of("card-3").hex(), "card-3"),)))
    assert changes(result) == {("review", "allow"): 2, ("review", "review"): 8}


def test_a_policy_without_scores_changes_nothing(decide_payments: Decide) -> None:
    decide_payments(3)
    store_policy(terms=Terms(FIXED, {"review": 0.2, "block": 0.8}))
    assert changes(tried(PolicyChange(1))) == {("review", "review"): 3}


def test_a_period_without_decisions_is_refused(decide_payments: Decide) -> None:
    store_rule()
    with pytest.raises(NothingToBacktest, match="no payment was decided"):
        tried(RuleChange("velocity", 1))


@pytest.mark.parametrize("size", [1, 3, 100])
def test_pages_of_any_size_give_the_same_result(
    decide_payments: Decide, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    decide_payments(13)
    store_rule(expression="amount > 18.0", outcome="block")
    whole: dict[str, Any] = tried(RuleChange("velocity", 1)).as_data()
    monkeypatch.setattr("scoring.rules.backtest.evaluation.reading.EVENTS_A_PAGE", size)
    paged = tried(RuleChange("velocity", 1)).as_data()
    for result in (whole, paged):
        del result["timing"], result["mature_before"]
    assert whole == paged
