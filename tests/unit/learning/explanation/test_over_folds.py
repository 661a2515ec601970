"""Importance in models of different folds: spread, rank correlation, stability of the most important."""

import warnings

import numpy as np
import pytest

from scoring.learning.explanation.over_folds import (
    importance_over_folds,
    mean_rank_correlation,
    selection_stability,
)
from scoring.learning.pages.explanation_plots import fold_importance, stability_word


def test_features_have_their_spread_and_the_most_important_are_first():
    found = importance_over_folds([{"a": 1.0, "b": 2.0, "unused": 0.0}, {"a": 3.0, "b": 4.0, "unused": 0.0}])
    assert found["features"] == [
        {"name": "b", "mean": 3.0, "deviation": pytest.approx(2**0.5), "low": 2.0, "high": 4.0},
        {"name": "a", "mean": 2.0, "deviation": pytest.approx(2**0.5), "low": 1.0, "high": 3.0},
    ]
    assert found["stability"] == {"rank_correlation": 1.0, "top_stability": 1.0}


def test_one_fold_has_no_spread_and_no_stability():
    found = importance_over_folds([{"a": 1.0, "b": 2.0}])
    assert found["features"][0]["deviation"] is None
    assert found["stability"] == {"rank_correlation": None, "top_stability": None}
    assert fold_importance("default", found).stability == ""


def test_the_rank_correlation_is_the_mean_of_all_pairs():
    """Spearman: 1 of equal orders, -1 of opposite ones; two pairs are opposite and one equal."""
    values = np.array([[3.0, 2.0, 1.0], [30.0, 20.0, 10.0], [1.0, 2.0, 3.0]])
    assert mean_rank_correlation(values) == pytest.approx(-1 / 3)
    assert mean_rank_correlation(values[:1]) is None
    assert mean_rank_correlation(values[:, :1]) is None


def test_a_fold_without_splits_has_no_order_of_features():
    folds = [{"a": 1.0, "b": 2.0}, {"a": 0.0, "b": 0.0}, {"a": 3.0, "b": 4.0}]
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # NumPy's of a correlation with a constant are not of our modules
        assert importance_over_folds(folds)["stability"]["rank_correlation"] == 1.0
        assert importance_over_folds(folds[:2])["stability"]["rank_correlation"] is None


def kuncheva(one: set[int], other: set[int], of: int) -> float:
    """Kuncheva's consistency index of two choices of one size (2007, equation 3)."""
    size, shared = len(one), len(one & other)
    return (shared * of - size**2) / (size * (of - size))


@pytest.mark.parametrize("other", [{0, 1, 2}, {0, 1, 5}, {0, 4, 5}, {3, 4, 5}])
def test_the_stability_of_two_choices_of_one_size_is_kunchevas_index(other):
    one = {0, 1, 2}
    assert selection_stability([one, other], of=9) == pytest.approx(kuncheva(one, other, of=9))


def test_random_choices_have_a_stability_of_zero():
    rng = np.random.default_rng(1)
    chosen = [set(rng.permutation(40)[:10].tolist()) for _ in range(500)]
    assert selection_stability(chosen, of=40) == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize("chosen", [[{0}], [{0, 1}, {0, 1}], [set(), set()]])
def test_nothing_is_said_of_one_choice_or_without_a_choice(chosen):
    assert selection_stability(chosen, of=2) is None


@pytest.mark.parametrize(
    ("index", "word"), [(0.39, "poor"), (0.6, "intermediate to good"), (0.76, "excellent")]
)
def test_the_stability_in_words(index, word):
    assert stability_word(index) == word


def test_the_plot_has_a_whisker_from_the_lowest_fold_to_the_highest():
    folds = [{f"f{n}": float(n) + fold for n in range(12)} for fold in range(3)]
    shown = fold_importance("default", importance_over_folds(folds))
    (bars,) = shown.plot.series
    assert bars.points[0] == ("f11", 12.0)
    assert (bars.low[0], bars.high[0]) == (11.0, 13.0)
    assert "mean rank correlation of 1.00" in shown.stability
    assert "is 1.00, excellent" in shown.stability
