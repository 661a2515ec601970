"""The loss that scores alone let expect, against the exact average precision of simulated labels."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from monitoring.drift.estimated_loss import MIN_ROWS, estimate_loss

EDGES = np.concatenate([np.geomspace(0.001, 0.5, 24), np.linspace(0.52, 0.99, 20)])


def scores(rng: np.random.Generator, *, spread: float, rows: int = 40_000) -> NDArray[np.float64]:
    """Probabilities: the larger the spread of their log-odds, the better they tell events apart."""
    return np.asarray(1 / (1 + np.exp(-rng.normal(-3.0, spread, rows))))


def count(scores: NDArray[np.float64]) -> NDArray[np.int64]:
    places = np.searchsorted(EDGES, scores, side="right")
    return np.bincount(places, minlength=len(EDGES) + 1).astype(np.int64)


def average_precision(scores: NDArray[np.float64], rng: np.random.Generator, *, odds: float) -> float:
    """That of labels drawn by the scores, at these odds; the mean of several draws."""
    found = []
    for _ in range(12):
        positive = rng.random(len(scores)) < scores
        weight = np.where(positive, odds * (~positive).sum() / positive.sum(), 1.0)
        found.append(average_precision_score(positive, scores, sample_weight=weight))
    return float(np.mean(found))


@pytest.mark.parametrize("spread", [1.2, 1.6, 2.0])
def test_the_estimate_is_what_labels_would_show(spread: float) -> None:
    rng = np.random.default_rng(4)
    then, now = scores(rng, spread=2.0), scores(rng, spread=spread)
    odds = float(then.sum() / (1 - then).sum())

    found = estimate_loss(count(then), count(now), EDGES)

    exact = 1 - average_precision(now, rng, odds=odds) / average_precision(then, rng, odds=odds)
    assert found is not None
    assert found.value == pytest.approx(exact, abs=0.015)
    assert found.low < found.value < found.high
    assert found.is_certain == (spread < 2.0)


def test_the_same_distribution_has_no_loss_and_few_rows_say_nothing() -> None:
    rng = np.random.default_rng(5)
    counts = count(scores(rng, spread=1.8))
    found = estimate_loss(counts, counts, EDGES)
    few = count(scores(rng, spread=1.0, rows=MIN_ROWS - 1))

    assert found is not None
    assert found.value == 0
    assert not found.is_certain
    assert estimate_loss(counts, few, EDGES) is None
    assert estimate_loss(few, counts, EDGES) is None
