"""What thresholds of content policies separate, and what a move of one changes."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from scoring.intervals import wilson_interval
from scoring.learning.policies.heads.effect import (
    Move,
    a_day,
    at_threshold,
    head_curve,
    moves_between,
    outcomes_of,
    positives_of,
    share_of,
)
from scoring.learning.policies.heads.events import HeadEvents
from scoring.learning.policies.heads.sampling import BROKEN, NOT_BROKEN, NOT_KNOWN
from scoring.rules.policies.policy import FIXED, MODEL, Terms
from tests.factories.policies import policy

OUTCOMES = ("allow", "limit", "review", "block")
NOW = datetime(2026, 3, 1, tzinfo=UTC)
OF_HEADS = {"spam": {"review": 0.5, "block": 0.9}, "scam": {"review": 0.5, "block": 0.9}}


def events(**changes: Any) -> HeadEvents:
    """Six events of two days; the fourth has no score for scam, and what the last breaks is not known."""
    usual = {
        "policies": ("spam", "scam"),
        "score": np.array([[0.95, 0.1], [0.9, 0.2], [0.6, 0.1], [0.6, np.nan], [0.1, 0.7], [0.99, 0.1]]),
        "broken": np.array([[1, 0], [1, 0], [0, 0], [1, 0], [0, 1], [-1, -1]], dtype=np.int8),
        "main": np.array([0, 2, 0, 0, 0, 0]),
        "positive": np.array([True, True, False, True, True, True]),
        "stake": np.full(6, 5_000),
        "weight": np.array([1.0, 1.0, 1.0, 1.0, 1.0, 4.0]),
        "since": NOW,
        "until": NOW,
        "days": 2.0,
        "decided": 9,
    }
    return HeadEvents(**{**usual, **changes})


def test_precision_and_recall_are_those_of_events_whose_answer_is_known() -> None:
    at = at_threshold(events(), "spam", 0.6)
    assert at.precision is not None
    assert at.recall is not None
    assert (at.precision.value, at.recall.value, at.events) == (0.75, 1.0, 2.0)
    assert at.precision[1:] == pytest.approx(wilson_interval(3, 4))
    assert at_threshold(events(), "spam", 0.9).recall == pytest.approx((2 / 3, *wilson_interval(2, 3)))
    assert (NOT_BROKEN, BROKEN, NOT_KNOWN) == (0, 1, -1)


def test_a_threshold_that_nothing_reaches_has_no_precision() -> None:
    at = at_threshold(events(), "spam", 0.999)
    assert (at.precision, at.events) == (None, 0.0)
    assert at.recall is not None
    assert at.recall.value == 0


def test_events_without_a_score_do_not_count() -> None:
    at = at_threshold(events(), "scam", 0.0)
    assert at.events == 2.0
    assert at.precision is not None
    assert at.precision.value == 0.25
    assert at_threshold(events(), "hate", 0.5).events == 0


def test_weights_widen_the_interval_of_a_share() -> None:
    same = share_of(np.array([1.0, 0, 0, 0]), np.ones(4))
    uneven = share_of(np.array([10.0, 0, 0, 0]), np.array([10.0, 10, 10, 10]))
    few = share_of(np.array([25.0, 0, 0, 0]), np.array([25.0, 73, 1, 1]))
    assert same
    assert uneven
    assert few
    assert same == pytest.approx(uneven)
    assert few.value == same.value
    assert few.high - few.low > same.high - same.low


def test_the_curve_goes_from_the_highest_score_to_all_events() -> None:
    curve = head_curve(events(), "spam")
    assert [each.threshold for each in curve] == [0.95, 0.9, 0.6, 0.1]
    assert [each.recall.value for each in curve if each.recall] == pytest.approx([1 / 3, 2 / 3, 1, 1])
    assert head_curve(events(), "hate") == []
    assert positives_of(events(), "spam") == 3


def test_a_long_curve_is_thinned_and_keeps_both_ends() -> None:
    scores = np.random.default_rng(1).random((5_000, 1))
    many = events(
        policies=("spam",),
        score=scores,
        broken=(scores > 0.7).astype(np.int8),
        main=np.zeros(5_000, dtype=np.int64),
        positive=scores[:, 0] > 0.7,
        stake=np.ones(5_000, dtype=np.int64),
        weight=np.ones(5_000),
    )
    curve = head_curve(many, "spam")
    assert 50 < len(curve) <= 100
    assert (curve[0].threshold, curve[-1].threshold) == (scores.max(), scores.min())


def given(tried: dict[str, Terms] | None = None, **fields: Any) -> list[str]:
    found = outcomes_of(events(), policy(**fields), of_heads=OF_HEADS, outcomes=OUTCOMES, tried=tried)
    return [OUTCOMES[place] for place in found]


def test_the_most_severe_outcome_of_all_scores_counts() -> None:
    assert given(terms=Terms(MODEL)) == ["block", "block", "review", "review", "review", "block"]
    strict = {"scam": Terms(FIXED, {"limit": 0.2, "block": 0.7})}
    assert given(heads=strict) == ["block", "block", "review", "review", "block", "block"]


def test_tried_terms_replace_those_of_the_policy() -> None:
    ruled = {"heads": {"spam": Terms(FIXED, {"block": 0.1})}}
    assert given(**ruled).count("block") == 6
    tried = {"spam": Terms(FIXED, {"limit": 0.99})}
    assert given(tried, **ruled) == ["allow", "review", "allow", "allow", "review", "limit"]


def test_moves_say_how_many_events_change_and_who_they_are() -> None:
    before = np.array([3, 3, 2, 2, 2, 3])
    after = np.array([3, 0, 3, 3, 2, 0])
    assert moves_between(events(), before, after, OUTCOMES) == [
        Move("review", "block", 1.0, 0.5),
        Move("block", "allow", 2.5, 2.5),
    ]
    assert moves_between(events(), before, before, OUTCOMES) == []
    assert a_day(events(), before, OUTCOMES) == {"allow": 0, "limit": 0, "review": 1.5, "block": 3.0}
