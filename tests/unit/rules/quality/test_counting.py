"""What decisions with findings add to the tables of rule quality."""

from datetime import date, timedelta
from typing import Any

import pytest

from scoring.rules.quality.counting import (
    Added,
    DayOfRule,
    DayOfType,
    LabelChange,
    add_decision,
    add_label_changes,
)
from scoring.timestamps import to_iso
from tests.factories.findings import rule_found, value_found
from tests.factories.log import NOW, as_read, decided, received

DAY = date(2026, 3, 1)
PAYMENTS = DayOfType("payment", DAY)
MODEL = {"basis": "model", "thresholds": {"review": 0.5, "block": 0.9}}


def decision(*findings: dict[str, Any], score: float = 0.1, outcome: str = "allow", **data: Any) -> Any:
    event = as_read(received("T-1"), position=5)
    told = {**MODEL, "score": score, "outcome": outcome, "stake": 1_000, "findings": list(findings), **data}
    return as_read(decided(event, decided_at=NOW, **told), position=6)


def rule_day(name: str = "fast-cards", **changed: Any) -> DayOfRule:
    key = DayOfRule(*PAYMENTS, kind="rule", name=name, number=1, stage="active", outcome="block")
    return key._replace(**changed)


def counted(*findings: dict[str, Any], label: str | None = None, **data: Any) -> Added:
    added = Added()
    add_decision(added, decision(*findings, **data).data, label)
    return added


def counts(added: Added, key: DayOfRule) -> dict[str, int]:
    return {name: count for name, count in added.rules[key].items() if count}


def test_a_decision_without_findings_counts_for_its_type_only() -> None:
    added = counted()
    assert added.types == {PAYMENTS: {"decisions": 1, "stake": 1_000}}
    assert (added.hits, added.rules, added.pairs) == ({5: []}, {}, {})


def test_a_rule_that_alone_blocks_has_a_unique_hit() -> None:
    added = counted(rule_found(), outcome="block")
    assert counts(added, rule_day()) == {"hits": 1, "unique_hits": 1, "blocked": 1, "stake": 1_000}
    (hit,) = added.hits[5]
    assert (hit.base, hit.outcome, hit.decided, hit.is_unique) == ("allow", "block", "block", True)


def test_two_rules_that_ask_for_the_same_have_no_unique_hit_and_overlap() -> None:
    added = counted(rule_found("a"), rule_found("b"), outcome="block")
    assert [hit.is_unique for hit in added.hits[5]] == [False, False]
    assert {pair[2:]: hits["hits"] for pair, hits in added.pairs.items()} == {
        ("rule/a", "rule/a"): 1,
        ("rule/a", "rule/b"): 1,
        ("rule/b", "rule/b"): 1,
    }


@pytest.mark.parametrize(
    ("asked", "score", "needless"),
    [
        ("block", 0.95, True),
        ("block", 0.6, False),
        ("review", 0.95, True),
        ("allow", 0.1, True),
        ("allow", 0.95, False),
    ],
)
def test_a_hit_is_needless_if_the_score_alone_is_as_severe(asked: str, score: float, needless: bool) -> None:
    (hit,) = counted(rule_found(outcome=asked), score=score).hits[5]
    assert hit.is_needless is needless


def test_a_shadow_rule_has_a_unique_hit_where_it_would_change_the_outcome() -> None:
    added = counted(rule_found("a", "review"), rule_found("b", stage="shadow"), outcome="review")
    assert counts(added, rule_day("b", stage="shadow"))["unique_hits"] == 1
    assert counts(added, rule_day("a", outcome="review"))["unique_hits"] == 1


def test_a_shadow_version_is_compared_with_the_active_version_of_its_name() -> None:
    added = counted(rule_found(), rule_found(stage="shadow", number=2), outcome="block")
    shadow = counts(added, rule_day(number=2, stage="shadow"))
    assert (shadow["hits"], shadow.get("unique_hits", 0)) == (1, 0)


def test_a_list_that_finds_two_fields_hits_the_event_once() -> None:
    added = counted(value_found(), value_found(field="customer", number=13), outcome="block")
    key = rule_day("stolen-cards", kind="list", number=0)
    assert counts(added, key) == {"hits": 1, "unique_hits": 1, "blocked": 1, "stake": 1_000}
    assert [(hit.field, hit.number) for hit in added.hits[5]] == [("card", 12), ("customer", 13)]


def test_a_tag_asks_for_no_outcome() -> None:
    (hit,) = counted(value_found("trusted", "")).hits[5]
    assert (hit.is_unique, hit.is_needless) == (False, False)


def test_an_error_counts_for_the_rule_that_failed() -> None:
    added = counted(rule_errors=[{"name": "broken", "number": 3, "error": "no such key"}])
    assert counts(added, rule_day("broken", number=3, stage="", outcome="")) == {"errors": 1}


def test_an_error_of_a_policy_is_not_one_of_a_rule() -> None:
    added = counted(rule_errors=[{"name": "policy segment small", "number": 1, "error": "no such key"}])
    assert added.rules == {}


def test_a_label_known_before_the_decision_counts_with_it() -> None:
    added = counted(rule_found(), label="fraud", outcome="block")
    assert added.types[PAYMENTS]["positives"] == added.types[PAYMENTS]["decisions"] == 1
    assert counts(added, rule_day()) == {
        "hits": 1,
        "unique_hits": 1,
        "blocked": 1,
        "blocked_labeled": 1,
        "stake": 1_000,
        "positives": 1,
        "positive_stake": 1_000,
        "unique_positives": 1,
        "unique_positive_stake": 1_000,
    }


def test_a_changed_label_moves_the_event_to_the_other_class() -> None:
    added = counted(rule_found(), label="fraud", outcome="block")
    blocked = decision(rule_found(), outcome="block").data
    add_label_changes(added, [LabelChange("fraud", "legitimate", blocked)])
    found = counts(added, rule_day())
    assert (found["negatives"], found["unique_negatives"], found["blocked_labeled"]) == (1, 1, 1)
    assert not {"positives", "positive_stake", "unique_positives"} & found.keys()


def test_a_retracted_label_leaves_the_event_unlabeled() -> None:
    added = counted(rule_found(), label="fraud", outcome="block")
    add_label_changes(added, [LabelChange("fraud", None, decision(rule_found(), outcome="block").data)])
    assert counts(added, rule_day()) == {"hits": 1, "unique_hits": 1, "blocked": 1, "stake": 1_000}


def test_without_a_model_the_policy_is_the_base() -> None:
    (hit,) = counted(rule_found(), basis="no_model", thresholds=None, score=None, outcome="block").hits[5]
    assert (hit.base, hit.is_unique) == ("review", True)


def test_only_a_model_makes_a_rule_needless() -> None:
    (hit,) = counted(rule_found(outcome="review"), basis="no_model", thresholds=None, score=None).hits[5]
    assert (hit.base, hit.is_needless) == ("review", False)


def test_decisions_from_before_thresholds_were_logged_keep_their_outcome() -> None:
    (hit,) = counted(rule_found(outcome="review"), thresholds=None, outcome="review").hits[5]
    assert (hit.base, hit.is_unique) == ("review", False)


def test_a_later_decision_counts_in_place_of_the_earlier_one() -> None:
    earlier = decision(rule_found("a"), rule_found("b", number=2), outcome="block").data
    tomorrow = NOW + timedelta(days=1)
    later = decision(rule_found("a"), outcome="block", stake=2_000).data | {"decided_at": to_iso(tomorrow)}
    added = Added()
    add_decision(added, earlier, None)
    add_decision(added, later, "fraud", instead_of=earlier)
    add_label_changes(added, [LabelChange(None, "fraud", earlier)])
    assert not any(any(each.values()) for key, each in added.rules.items() if key.day == DAY)
    assert not any(any(each.values()) for key, each in added.pairs.items() if key.day == DAY)
    assert not any(added.types[PAYMENTS].values())
    day = PAYMENTS._replace(day=tomorrow.date())
    assert {name: count for name, count in added.types[day].items() if count} == {
        "decisions": 1,
        "stake": 2_000,
        "positives": 1,
        "positive_stake": 2_000,
    }
    assert [(hit.name, hit.label) for hit in added.hits[5]] == [("a", "fraud")]
