from dataclasses import replace

import numpy as np
import pytest

from scoring.learning.training.recipe import ThresholdPolicy
from scoring.learning.training.thresholds import (
    NEVER,
    Judged,
    block_threshold,
    choose_thresholds,
    review_threshold,
)
from scoring.registry.calibration import Calibration
from scoring.rules.policies.thresholds import outcome_of

SCORES = np.linspace(0.01, 0.99, 99)
POLICY = ThresholdPolicy(reviews_a_day=5, min_review_score=0.05, block_precision=0.9, block_support=3)


def test_reviews_fill_the_seats_and_not_one_more():
    threshold = review_threshold(score=SCORES, days=2.0, policy=POLICY)
    assert (threshold <= SCORES).sum() == 10


def test_scores_tied_across_the_last_seat_all_stay_out():
    scores = np.array([0.9, 0.8, 0.7, 0.7, 0.7, 0.1])
    policy = ThresholdPolicy(reviews_a_day=3)
    assert review_threshold(score=scores, days=1.0, policy=policy) == 0.8


def test_idle_reviewers_are_not_shown_the_unlikely():
    assert review_threshold(score=SCORES, days=1_000.0, policy=POLICY) == 0.05
    assert review_threshold(score=SCORES * 0.04, days=1.0, policy=POLICY) == 0.05


def test_the_block_threshold_is_the_lowest_that_keeps_its_precision():
    y = np.array([1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 0, 0])
    score = np.linspace(0.95, 0.1, 12)
    threshold = block_threshold(y=y, score=score, policy=POLICY)
    assert threshold == score[9]  # 9 of 10; one more alarm would make it 9 of 11


def test_nothing_is_blocked_without_enough_alarms_to_back_it():
    assert (
        block_threshold(y=np.array([1, 1, 0, 0]), score=np.array([0.9, 0.8, 0.2, 0.1]), policy=POLICY)
        == NEVER
    )


def test_nothing_is_blocked_where_few_negatives_put_the_precision_to_the_test():
    score = np.linspace(0.1, 0.9, 40)
    for negatives, threshold in ((0, NEVER), (2, NEVER), (3, score[3])):
        y = np.append(np.zeros(negatives, dtype=int), np.ones(40 - negatives, dtype=int))
        policy = replace(POLICY, block_precision=1.0)
        assert block_threshold(y=y, score=score, policy=policy) == threshold


def test_blocks_are_precise_among_earlier_events_too():
    """In the newest hour only spam scored high; before, half of what scored less than 0.8 was good."""
    newest = {"y": np.repeat([0, 1], [5, 15]), "score": np.linspace(0.1, 0.9, 20)}
    y, score = np.repeat([0, 1, 0, 1], [30, 10, 10, 30]), np.linspace(0.01, 0.99, 80)
    given = {"days": 1.0, "policy": replace(POLICY, reviews_a_day=100), **newest}
    assert choose_thresholds(**given)["block"] < 0.4
    assert choose_thresholds(**given, earlier=Judged(y, score))["block"] > 0.55
    none = Judged(y[:30], score[:30] + 0.6)
    assert choose_thresholds(**given, earlier=none)["block"] == NEVER


def test_blocks_are_precise_among_the_newest_events_as_well_as_among_all():
    """From 0.5 on the newest are precise; all together only from 0.8 on, where the newest no longer are."""
    newest = Judged(
        y=np.array([0, 0, 0, 0] + [1] * 6 + [0, 1, 1, 1]),
        score=np.array([0.1, 0.2, 0.3, 0.4] + [0.5] * 6 + [0.8, 0.81, 0.9, 0.91]),
    )
    earlier = Judged(y=np.array([0] * 5 + [1] * 20), score=np.array([0.6] * 5 + [0.85] * 20))
    block = choose_thresholds(y=newest.y, score=newest.score, days=1.0, policy=POLICY, earlier=earlier)[
        "block"
    ]
    assert block == 0.81
    for y, score in (newest[:2], np.hstack([newest[:2], earlier[:2]])):
        assert y[score >= block].mean() >= POLICY.block_precision


def test_weights_of_earlier_events_count():
    newest = {"y": np.repeat([0, 1], [5, 15]), "score": np.linspace(0.1, 0.9, 20)}
    given = {"days": 1.0, "policy": replace(POLICY, reviews_a_day=100), **newest}
    one = Judged(np.zeros(1, dtype=int), np.array([0.7]))
    assert choose_thresholds(**given, earlier=one)["block"] < 0.4
    assert choose_thresholds(**given, earlier=one._replace(weights=np.array([9.0])))["block"] > 0.7


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ({"review": 0.3, "block": 0.8}, {"review": 0.3, "block": 0.8}),
        ({"block": 0.02}, {"review": 0.02, "block": 0.02}),
        ({"review": 0.999}, {"review": 0.999, "block": NEVER}),
    ],
)
def test_explicit_thresholds_win_and_review_is_never_above_block(stated, expected):
    y = np.zeros(99, dtype=int)
    assert choose_thresholds(y=y, score=SCORES, days=2.0, policy=POLICY, stated=stated) == expected


def test_where_nothing_is_to_be_blocked_a_score_of_exactly_1_is_not_either():
    chosen = choose_thresholds(y=np.zeros(99, dtype=int), score=SCORES, days=0.0, policy=POLICY)
    certain = Calibration(slope=1.0, intercept=0.0).score(np.array([60.0]))[0]
    assert certain == 1.0
    assert outcome_of(certain, chosen) == "allow"


def test_a_score_of_exactly_1_reaches_a_threshold_of_1_that_a_person_states():
    chosen = choose_thresholds(
        y=np.zeros(99, dtype=int), score=SCORES, days=2.0, policy=POLICY, stated={"block": 1.0}
    )
    assert outcome_of(1.0, chosen) == "block"
    assert outcome_of(0.999999, chosen) == "review"


def test_without_review_capacity_there_are_no_reviews():
    none = ThresholdPolicy(reviews_a_day=0)
    assert review_threshold(score=np.ones(5), days=3.0, policy=none) == NEVER


def test_where_there_are_seats_for_all_every_score_from_the_minimum_on_is_reviewed():
    policy = ThresholdPolicy(reviews_a_day=5)
    assert (
        review_threshold(score=np.linspace(0.1, 0.5, 5), days=1.0, policy=policy) == policy.min_review_score
    )


def test_as_many_alarms_as_the_policy_asks_for_are_enough_to_block():
    """Of twenty alarms one may be wrong, as the policy is without a word; of nineteen none is trusted."""
    policy = ThresholdPolicy()
    score = np.linspace(0.99, 0.5, 39)
    y = np.array([1] * 19 + [0] * 20)
    assert block_threshold(y=y, score=score, policy=policy) == score[19]
    assert block_threshold(y=y[1:], score=score[1:], policy=policy) == NEVER


def test_blocking_gives_way_to_the_seats_unless_a_person_states_where_it_begins():
    """Nine in ten are fraud from 0.2 on, but people can look at two a day only."""
    y, score = np.array([1] * 8 + [0] * 3), np.append(np.linspace(0.9, 0.2, 8), [0.1, 0.05, 0.01])
    policy = ThresholdPolicy(reviews_a_day=2, block_precision=0.9, block_support=3)
    seats = {"y": y, "score": score, "days": 1.0, "policy": policy}
    assert choose_thresholds(**seats) == {"review": score[1], "block": score[1]}
    assert choose_thresholds(**seats, stated={"block": 0.3}) == {"review": 0.3, "block": 0.3}
    assert choose_thresholds(**seats, stated={"review": 0.9, "block": 0.3}) == {"review": 0.9, "block": 0.9}


def test_by_default_a_hundred_a_day_are_reviewed_and_none_below_one_in_twenty():
    score = np.linspace(0.99, 0.5, 300)
    assert review_threshold(score=score, days=1.0, policy=ThresholdPolicy()) == score[99]
    assert review_threshold(score=score / 100, days=5.0, policy=ThresholdPolicy()) == 0.05


def test_a_false_alarm_that_stands_for_others_raises_the_block_threshold():
    """Of the 30 highest scores one is wrong, 97 % precision; if it stands for twenty events, 59 %."""
    y, score = np.repeat([1, 0], [30, 5]), np.append(np.linspace(0.99, 0.7, 30), np.full(5, 0.1))
    y[10] = 0
    policy = ThresholdPolicy(block_precision=0.95, block_support=5)
    assert block_threshold(y=y, score=score, policy=policy) == score[29]
    weights = np.where(y == 0, 20.0, 1.0)
    assert block_threshold(y=y, score=score, policy=policy, weights=weights) == score[9]
    many = replace(policy, block_support=12)  # a weight is not a number of alarms
    assert block_threshold(y=y, score=score, policy=many, weights=weights) == NEVER


def test_scores_of_unknown_events_take_part_of_the_capacity():
    y, score = np.zeros(100, dtype=int), np.linspace(0.99, 0.1, 100)
    policy = ThresholdPolicy(reviews_a_day=10)
    chosen = choose_thresholds(y=y, score=score, days=1, policy=policy, unknown=np.full(4, 0.995))
    assert chosen["review"] == score[5]
