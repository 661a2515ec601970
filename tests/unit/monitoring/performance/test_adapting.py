"""Estimates before labels under covariate shift, against what the labels show: PAPE is closer than CBPE."""

import numpy as np
import pytest
from numpy.typing import NDArray

from monitoring.performance.adapting import LabeledEvents, adapted_probabilities, density_ratios
from monitoring.performance.losses import ScoredEvents
from monitoring.performance.measuring import Judged, metrics_of
from scoring.learning.metrics.resampling import rank_scores
from scoring.registry.calibration import sigmoid

METRICS = ("average_precision", "roc_auc", "precision_at_review", "recall_at_review")


def world(count: int, *, risky: float, seed: int) -> tuple[NDArray, NDArray, NDArray]:
    """(vectors, scores, classes). The score is right on average, but not within the two kinds of events: it
    does not know that a share, `risky`, of them is twice as risky as the model saw at its training.
    """
    rng = np.random.default_rng(seed)
    kind = rng.random(count) < risky
    x = rng.normal(0, 1.5, count)
    margin = -3 + x
    truth = sigmoid(margin + np.where(kind, 1.6, -0.3))
    vectors = np.column_stack([x, kind, rng.normal(0, 1, count)]).astype(np.float64)
    vectors[rng.random(count) < 0.05, 2] = np.nan
    return vectors, sigmoid(margin), (rng.random(count) < truth).astype(np.float64)


def metrics(score: NDArray, positive: NDArray) -> dict[str, float]:
    ones = np.ones(len(score))
    events = Judged(score, positive, ones, ones, {"review": score >= 0.2})
    return metrics_of(events, rank_scores(score), positive, ones)


@pytest.fixture(scope="module")
def labeled() -> LabeledEvents:
    vectors, score, positive = world(8_000, risky=0.1, seed=1)
    return LabeledEvents(ScoredEvents(score, positive > 0, np.ones(len(score))), vectors)


def test_under_covariate_shift_recalibrated_estimates_are_closer(labeled: LabeledEvents) -> None:
    vectors, score, positive = world(8_000, risky=0.6, seed=2)

    probability = adapted_probabilities(labeled, score=score, vectors=vectors)

    assert probability is not None
    shown, adapted, plain = (metrics(score, each) for each in (positive, probability, score))
    for name in METRICS:
        assert abs(adapted[name] - shown[name]) < 0.05, name
    assert abs(plain["average_precision"] - shown["average_precision"]) > 0.1
    assert probability.mean() == pytest.approx(positive.mean(), rel=0.1)
    assert score.mean() < 0.75 * positive.mean()


def test_without_a_shift_both_agree_with_the_labels(labeled: LabeledEvents) -> None:
    vectors, score, positive = world(8_000, risky=0.1, seed=3)
    probability = adapted_probabilities(labeled, score=score, vectors=vectors)
    assert probability is not None
    shown, adapted, plain = (metrics(score, each) for each in (positive, probability, score))
    for name in METRICS:
        assert abs(adapted[name] - shown[name]) < 0.05, name
        assert abs(plain[name] - shown[name]) < 0.08, name


def test_neither_sees_concept_drift(labeled: LabeledEvents) -> None:
    vectors, score, _ = world(8_000, risky=0.1, seed=4)
    probability = adapted_probabilities(labeled, score=score, vectors=vectors)
    assert probability is not None
    shown = metrics(score, np.random.default_rng(5).permutation((score > 0.3).astype(np.float64)))
    assert metrics(score, probability)["average_precision"] > 3 * shown["average_precision"]


def test_the_ratios_say_how_much_likelier_a_vector_has_become() -> None:
    before, after = (world(6_000, risky=share, seed=6)[0] for share in (0.1, 0.6))
    ratios = density_ratios(before, after)
    risky = before[:, 1] > 0
    assert ratios.mean() == pytest.approx(1.0)
    assert ratios[risky].mean() == pytest.approx(0.6 / 0.1, rel=0.15)
    assert ratios[~risky].mean() == pytest.approx(0.4 / 0.9, rel=0.15)


def test_too_few_positives_or_too_little_in_common_give_no_estimate(labeled: LabeledEvents) -> None:
    vectors, score, _ = world(500, risky=0.1, seed=7)
    few = LabeledEvents(
        ScoredEvents(labeled.events.score, np.arange(8_000) < 49, np.ones(8_000)), labeled.vectors
    )
    assert adapted_probabilities(few, score=score, vectors=vectors) is None
    rare = world(8_000, risky=0.0015, seed=8)
    known = LabeledEvents(ScoredEvents(rare[1], rare[2] > 0, np.ones(8_000)), rare[0])
    assert adapted_probabilities(known, score=score, vectors=world(500, risky=1.0, seed=9)[0]) is None
