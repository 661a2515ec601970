"""How often reviewers are wrong, by how often two of them disagree."""

import doctest

import numpy as np
import pytest

from scoring.learning.noise import estimating
from scoring.learning.noise.estimating import DoubleReviews, Estimate, corrected, error_rate, true_share
from scoring.learning.noise.words import error_in_words, noise_in_words

METRICS = {"precision_at_block": 0.75, "intervals": {"precision_at_block": {"low": 0.7, "high": 0.8}}}


def test_examples_in_docstrings_hold() -> None:
    assert doctest.testmod(estimating).failed == 0


@pytest.mark.parametrize("error", [0.0, 0.03, 0.1, 0.25])
def test_the_interval_covers_the_error_of_simulated_reviewers(error: float) -> None:
    """Their events may be fraud as often as they like: only disagreement tells."""
    covered = 0
    for seed in range(200):
        first, second = np.random.default_rng(seed).random((2, 400)) < error
        found = error_rate(DoubleReviews(400, int((first != second).sum())))
        assert found is not None
        covered += found.low <= error <= found.high
    assert covered >= 0.93 * 200


def test_the_corrected_precision_covers_the_true_one() -> None:
    """Of 500 blocks 90 % are fraud; labels and 400 double reviews are wrong about 8 % of events."""
    covered = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        is_fraud, wrong = rng.random(500) < 0.9, rng.random(500) < 0.08
        share = float((is_fraud != wrong).mean())
        half = 1.96 * (share * (1 - share) / 500) ** 0.5
        first, second = rng.random((2, 400)) < 0.08
        error = error_rate(DoubleReviews(400, int((first != second).sum())))
        assert error is not None
        found = corrected(Estimate(share, share - half, share + half), error)
        assert found is not None
        covered += found.low <= 0.9 <= found.high
    assert covered >= 0.95 * 200


def test_reviewers_who_toss_coins_correct_nothing() -> None:
    found = error_rate(DoubleReviews(100, 60))
    assert found is not None
    assert (found.value, found.high) == (0.5, 0.5)
    assert corrected(Estimate(0.8, 0.7, 0.9), found) is None
    assert error_rate(DoubleReviews(0, 0)) is None


def test_a_share_measured_by_wrong_labels_is_corrected() -> None:
    """Of 1,000 flagged events 900 are fraud; a tenth of all labels is wrong, so 820 are labeled fraud."""
    assert true_share(0.9 * 900 / 1000 + 0.1 * 100 / 1000, 0.1) == pytest.approx(0.9)
    assert true_share(0.05, 0.1) == 0.0
    exact = Estimate(0.85, 0.8, 0.9)
    assert corrected(exact, Estimate(0.0, 0.0, 0.0)) == exact
    found = corrected(exact, Estimate(0.05, 0.02, 0.1))
    assert found is not None
    assert (found.low, found.high) == (pytest.approx(0.78 / 0.96), 1.0)


def test_what_pages_say() -> None:
    few = DoubleReviews(29, 1)
    assert "29 events were judged blind by two people so far, 30 are needed" in error_in_words(few)
    assert noise_in_words(few, METRICS).startswith("Precision is not corrected for wrong labels: 29 events")
    enough = DoubleReviews(100, 18)
    assert error_in_words(enough).startswith("10.0")
    assert "disagreed on 18" in error_in_words(enough)
    text = noise_in_words(enough, METRICS).replace("\N{NO-BREAK SPACE}", " ")
    assert "the precision of blocks is 81.2" in text
    assert "tossing coins" in noise_in_words(DoubleReviews(100, 55), METRICS)
    assert noise_in_words(enough, {}) == ""
