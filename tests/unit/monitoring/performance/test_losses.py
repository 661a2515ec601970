"""The loss of average precision: its size, its interval, and that fewer positives alone are no loss."""

import numpy as np
import pytest

from monitoring.performance.losses import ScoredEvents, relative_loss
from scoring.learning.metrics.quality import average_precision

SIGNAL, NOISE = 2.0, 0.5  # the distance of the classes' scores, in standard deviations


def events(*, positives: int, negatives: int, distance: float = SIGNAL, seed: int = 1) -> ScoredEvents:
    rng = np.random.default_rng(seed)
    score = np.concatenate([rng.normal(distance, 1, positives), rng.normal(0, 1, negatives)])
    positive = np.arange(positives + negatives) < positives
    return ScoredEvents(score, positive, np.ones(len(score)))


def test_the_same_events_are_no_loss() -> None:
    same = events(positives=200, negatives=3_000)
    loss = relative_loss(same, same)
    assert loss.interval.estimate == pytest.approx(0.0)
    assert loss.interval.low < 0 < loss.interval.high
    assert loss.live == pytest.approx(average_precision(same.positive.astype(float), same.score))


def test_a_worse_ranking_is_a_loss_with_confidence() -> None:
    loss = relative_loss(
        events(positives=200, negatives=3_000, distance=NOISE), events(positives=300, negatives=3_000, seed=2)
    )
    assert loss.interval.estimate == pytest.approx(1 - loss.live / loss.promised)
    assert 0.3 < loss.interval.low < loss.interval.estimate < loss.interval.high < 1


def test_less_fraud_alone_is_no_loss() -> None:
    promised = events(positives=600, negatives=3_000)
    rarer = events(positives=60, negatives=3_000, seed=2)
    raw = (
        1
        - average_precision(rarer.positive.astype(float), rarer.score)
        / relative_loss(promised, promised).live
    )
    loss = relative_loss(rarer, promised)
    assert raw > 0.25
    assert loss.interval.low < 0 < loss.interval.high


def test_an_event_of_weight_two_counts_like_two_events() -> None:
    once = events(positives=50, negatives=400)
    twice = ScoredEvents(*(np.concatenate([each, each]) for each in (once.score, once.positive, once.weight)))
    heavy = ScoredEvents(once.score, once.positive, 2 * once.weight)
    promised = events(positives=50, negatives=400, seed=3)
    assert relative_loss(heavy, promised).live == pytest.approx(relative_loss(twice, promised).live)


def test_the_interval_contains_the_truth_of_equal_rankings() -> None:
    covered = 0
    for seed in range(40):
        live = events(positives=60, negatives=600, seed=seed)
        loss = relative_loss(live, events(positives=60, negatives=600, seed=1_000 + seed))
        covered += loss.interval.low <= 0 <= loss.interval.high
    assert covered >= 37  # 99 % nominally; fewer than 37 of 40 have a probability below 0.001
