"""Linear models over n-grams: what they learn from few texts, and that they learn it the same way twice."""

import warnings

import numpy as np
import pytest

from scoring.learning.texts import linear as linear_models
from scoring.learning.texts.linear import can_fit, fit_linear, log_count_ratios, log_loss
from scoring.texts.ngrams import ngram_rows

SPAM = ["subscribe to my channel", "visit my channel now", "my channel has free videos"] * 5
TALK = ["what a lovely song", "her voice is wonderful", "this song makes me happy"] * 5
ROWS = ngram_rows([*SPAM, *TALK]).astype(np.float64)
Y = np.array([1] * 15 + [0] * 15, dtype=np.int8)


def test_thirty_labels_tell_texts_apart_that_were_not_among_them() -> None:
    linear = fit_linear(ROWS, Y, strength=100.0)
    margins = linear.margins(ngram_rows(["come to my channel", "a happy song"]).astype(np.float64))
    assert margins[0] > 0.5
    assert margins[1] < -0.5


def test_the_rarer_class_counts_as_much() -> None:
    few = np.r_[0:15, 15:30, 15:30, 15:30, 15:30]
    linear = fit_linear(ROWS[few], Y[few], strength=100.0)
    assert linear.margins(ROWS)[:15].min() > 0


def test_the_same_texts_give_the_same_bits_and_float32_holds_them() -> None:
    first, second = (fit_linear(ROWS, Y, strength=10.0) for _ in range(2))
    assert first.weights.tobytes() == second.weights.tobytes()
    assert first.intercept == second.intercept
    assert (first.weights == np.float32(first.weights)).all()
    assert (first.margins(ROWS) == np.float32(first.margins(ROWS))).all()


def test_a_weight_that_counts_twice_is_a_row_given_twice() -> None:
    twice = np.r_[0:30, 0:1]
    weights = np.ones(30)
    weights[0] = 2
    repeated = log_count_ratios(ROWS[twice], Y[twice])
    assert not np.array_equal(repeated, log_count_ratios(ROWS, Y))
    assert fit_linear(ROWS, Y, strength=10.0, weights=weights).margins(ROWS)[0] > 0


@pytest.mark.parametrize(
    ("positives", "negatives", "unknown", "enough"),
    [(5, 5, 0, True), (4, 50, 0, False), (50, 4, 9, False), (5, 5, 90, True)],
)
def test_both_classes_need_five_texts(positives: int, negatives: int, unknown: int, enough: bool) -> None:
    assert can_fit(np.array([1] * positives + [0] * negatives + [-1] * unknown)) is enough


def test_log_loss_counts_both_classes_the_same() -> None:
    even = log_loss(np.zeros(11), np.array([1] + [0] * 10))
    assert even == pytest.approx(2 * np.log(2))
    assert log_loss(np.array([9.0, -9.0]), np.array([1, 0])) < 0.001


def test_a_bound_on_the_steps_is_no_warning_to_the_person_who_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linear_models, "MAX_STEPS", 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert fit_linear(ROWS, Y, strength=1000.0).weights.any()
