"""What the cells of a backtest's matrix say: classes, recall, money and overlap."""

from typing import Any

import pytest

from scoring.rules.backtest.results import BacktestResult, classes_of
from scoring.rules.backtest.tallying import MAX_LISTED, Listed, TopEvents

OUTCOMES = ("allow", "review", "block")
CELLS = [
    # without, with, class, events, stake
    ("allow", "block", "positive", 4, 4_000),
    ("allow", "block", "inferred", 6, 900),
    ("allow", "allow", "positive", 3, 3_000),
    ("review", "allow", "positive", 1, 500),
    ("review", "allow", "negative", 2, 700),
    ("block", "block", "unknown", 9, 9_000),
    ("allow", "allow", "immature", 50, 5_000),
]


def result(**changed: Any) -> BacktestResult:
    fields: dict[str, Any] = {
        "cells": CELLS,
        "hits": {"positive": [4, 4_000], "inferred": [6, 900], "immature": [7, 70]},
        "changing": {},
        "others": [("rule/a", 10, 5), ("list/b", 17, 17)],
        "weeks": [],
        "lists": {},
        "unknown": 0,
        "lacking": 0,
        "failed": {},
        "skipped": {},
        "good_units": 0,
        "unit": "card",
        "differing": 0,
        "ruleset": 1,
        "mature_before": "2026-01-01T00:00:00Z",
        "timing": {"reading": 1.0, "deciding": 1.0, "asking": 0.5, "asked": 100_000},
    }
    return BacktestResult(**{**fields, **changed})


def test_the_matrix_counts_events_by_outcome() -> None:
    assert result().matrix(OUTCOMES) == [[53, 0, 10], [3, 0, 0], [0, 0, 9]]
    assert (result().events, result().changed, result().immature) == (75, 13, 50)


def test_events_without_a_decision_are_counted_apart_from_the_matrix() -> None:
    mixed = result(undecided=[("allow", "block", "positive", 3, 300), ("allow", "allow", "positive", 1, 50)])
    assert mixed.matrix(OUTCOMES) == result().matrix(OUTCOMES)
    assert (mixed.decided_events, mixed.undecided_events, mixed.events) == (75, 4, 79)
    assert mixed.changed == result().changed + 3
    history = mixed.without_decision
    assert (history.recall(changed=True).hits, history.recall(changed=True).rows) == (3, 4)
    assert history.newly_caught.positive_stake == 300


def test_a_result_of_before_history_was_tried_can_still_be_read() -> None:
    stored = {name: value for name, value in result().as_data().items() if name != "undecided"}
    assert BacktestResult.of(stored) == result()


def test_classes_of_an_outcome_leave_young_events_out() -> None:
    allowed = result().classes_at("allow", changed=True)
    assert (allowed.positives, allowed.good, allowed.unknown) == (4, 2, 0)
    blocked = result().classes_at("block", changed=True)
    assert (blocked.positives, blocked.good, blocked.unknown) == (4, 6, 9)


def test_recall_is_of_all_mature_positives() -> None:
    without, with_it = result().recall(changed=False), result().recall(changed=True)
    assert ((without.hits, without.rows), (with_it.hits, with_it.rows)) == ((1, 8), (4, 8))


def test_money_is_caught_where_fraud_is_no_longer_allowed_and_let_go_where_it_is() -> None:
    assert result().newly_caught.positive_stake == 4_000
    assert result().newly_missed.positive_stake == 500


def test_outcomes_become_more_severe_or_milder() -> None:
    assert result().became(OUTCOMES, severer=True).events == 10
    assert result().became(OUTCOMES, severer=False).events == 3


def test_precision_is_of_mature_hits() -> None:
    share = result().hit_classes.positive_share
    assert (share.hits, share.rows, result().hit_events) == (4, 10, 17)


def test_the_closest_rules_come_first() -> None:
    assert [(each.name, each.jaccard) for each in result().overlaps] == [
        ("list/b", 1.0),
        ("rule/a", pytest.approx(5 / 22)),
    ]


def test_a_result_is_stored_and_read_unchanged() -> None:
    assert BacktestResult.of(result().as_data()) == result()


def test_the_rate_is_of_answers_a_second() -> None:
    assert result().time.asked_per_second == 200_000
    idle = result(timing={"reading": 0.0, "deciding": 0.0, "asking": 0.0, "asked": 0})
    assert idle.time.asked_per_second is None


def test_classes_without_events_are_zero() -> None:
    assert classes_of({}).events == 0


def event(number: int, *, labeled: bool = False) -> Listed:
    return Listed(labeled, number, number, f"payment/shop/{number}", "allow", "block", "", 0.1)


def test_a_list_keeps_labeled_events_and_the_largest_stakes() -> None:
    top = TopEvents()
    for number in range(MAX_LISTED + 50):
        top.add(event(number, labeled=number == 0))
    kept = [each.position for each in top]
    assert (top.count, len(kept), kept[:2]) == (MAX_LISTED + 50, MAX_LISTED, [0, MAX_LISTED + 49])
    assert min(kept[1:]) == 51
