"""Every text that trees grow on is scored by a model that has not seen it."""

import numpy as np

from scoring.learning.texts.folds import choose_strength, out_of_fold_margins, time_folds
from scoring.texts.ngrams import ngram_rows

TIMES = np.arange(100, dtype=np.int64)
Y = np.tile([1, 0], 50).astype(np.int8)


def test_a_block_is_scored_by_a_model_of_the_blocks_before_it() -> None:
    folds = list(time_folds(TIMES, Y))
    assert [len(scored) for _, scored in folds] == [20] * 5
    assert sorted(np.concatenate([scored for _, scored in folds])) == list(range(100))
    for fit_on, scored in folds[1:]:
        assert fit_on.max() < scored.min()


def test_the_first_block_which_has_no_past_is_scored_by_the_others() -> None:
    fit_on, scored = next(iter(time_folds(TIMES, Y)))
    assert set(fit_on) == set(range(20, 100))
    assert set(scored) == set(range(20))


def test_blocks_follow_time_whatever_the_order_of_rows() -> None:
    shuffled = np.random.default_rng(1).permutation(100)
    for fit_on, scored in list(time_folds(TIMES[shuffled], Y[shuffled]))[1:]:
        assert TIMES[shuffled][fit_on].max() < TIMES[shuffled][scored].min()


def test_a_past_without_labels_of_both_classes_is_not_enough() -> None:
    late = np.where(TIMES < 60, 0, Y).astype(np.int8)
    folds = list(time_folds(TIMES, late))
    assert all(late[fit_on].sum() > 0 for fit_on, _ in folds)
    assert set(folds[1][0]) == set(range(100)) - set(range(20, 40))


def test_rows_without_a_label_are_scored_but_not_fitted_on() -> None:
    unknown = Y.copy()
    unknown[::10] = -1
    for fit_on, _ in time_folds(TIMES, unknown):
        assert (unknown[fit_on] >= 0).all()


def test_a_label_does_not_leak_into_its_own_margin() -> None:
    """Random texts with random labels: seen ones would be told apart, unseen ones cannot be."""
    rng = np.random.default_rng(3)
    texts = ["".join(rng.choice(list("abcdefghij"), 12)) for _ in range(100)]
    margins = out_of_fold_margins(ngram_rows(texts).astype(np.float64), Y, TIMES, strength=100.0)
    agreement = ((margins > 0) == (Y == 1)).mean()
    assert 0.3 < agreement < 0.7


def test_without_two_classes_nothing_is_learned() -> None:
    rows = ngram_rows(["a text"] * 100).astype(np.float64)
    margins = out_of_fold_margins(rows, np.zeros(100, dtype=np.int8), TIMES, strength=1.0)
    assert np.isnan(margins).all()


def test_the_strength_is_that_which_suits_later_texts() -> None:
    rng = np.random.default_rng(5)
    texts = [
        ("buy cheap pills " if positive else "see you tomorrow ") + "".join(rng.choice(list("xyz"), 6))
        for positive in Y
    ]
    assert choose_strength(ngram_rows(texts).astype(np.float64), Y, TIMES) >= 10.0
