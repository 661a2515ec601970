"""Precision, recall and overlap from counts of events."""

import doctest

import pytest

from scoring.rules.quality import measures
from scoring.rules.quality.measures import Classes, Counted, Share, jaccard, total


def test_a_share_has_the_interval_of_wilson() -> None:
    share = Share(81, 263)  # as published by Newcombe (1998)
    assert share.value == pytest.approx(0.3080, abs=5e-5)
    assert (share.low, share.high) == pytest.approx((0.2553, 0.3662), abs=5e-5)


def test_a_share_of_nothing_has_no_value() -> None:
    assert (Share(0, 0).value, Share(0, 0).low, Share(0, 0).high) == (None, 0.0, 1.0)


MATURE = Classes(positives=6, negatives=1, inferred=3, unknown=90, positive_stake=60_000)


@pytest.mark.parametrize(("outcome", "right"), [("block", 6), ("review", 6), ("", 6), ("allow", 4)])
def test_precision_counts_what_the_outcome_is_right_for(outcome: str, right: int) -> None:
    assert Counted(hits=100, mature=MATURE).precision(outcome) == Share(right, 10)


def test_blocked_events_without_a_label_count_for_nothing() -> None:
    assert (MATURE.good, MATURE.events) == (4, 100)


def test_recall_is_the_share_of_all_positive_events() -> None:
    assert Counted(mature=MATURE).recall(24) == Share(6, 24)


@pytest.mark.parametrize(
    ("hits", "needless", "is_needless"), [(100, 95, True), (100, 94, False), (49, 49, False), (0, 0, False)]
)
def test_a_rule_is_needless_if_a_model_decides_nearly_all_of_many_hits(
    hits: int, needless: int, is_needless: bool
) -> None:
    assert Counted(hits=hits, needless_hits=needless).is_needless is is_needless


def test_counts_add_up() -> None:
    one = Counted(hits=2, unique_hits=1, stake=5, mature=Classes(positives=1))
    assert total([one, one]) == Counted(hits=4, unique_hits=2, stake=10, mature=Classes(positives=2))
    assert total([]) == Counted()


@pytest.mark.parametrize(("both", "left", "right", "expected"), [(0, 0, 0, 0), (5, 5, 5, 1), (0, 3, 4, 0)])
def test_the_jaccard_index_of_the_same_events_is_one(both: int, left: int, right: int, expected: float):
    assert jaccard(both, left, right) == expected


def test_the_example_holds() -> None:
    assert doctest.testmod(measures).failed == 0
