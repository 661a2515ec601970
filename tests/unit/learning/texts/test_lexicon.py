"""Reasons quote only what several authors wrote and what speaks for the label."""

import numpy as np

from scoring.learning.texts.lexicon import common_phrases, telling_phrases
from scoring.learning.texts.linear import fit_linear
from scoring.texts.ngrams import ngram_rows

TEXTS = ["visit my channel", "My Channel is new", "my channel, visit it", "call me, Zebulon Quixley"]


def test_a_phrase_needs_three_authors() -> None:
    phrases = common_phrases(TEXTS, [1, 2, 3, 4])
    assert {"my", "channel", "my channel"} <= set(phrases)
    assert not {"zebulon", "quixley", "visit my"} & set(phrases)


def test_one_author_does_not_count_thrice() -> None:
    assert common_phrases(TEXTS, [1, 1, 1, 4]) == []


def test_numbers_single_letters_and_missing_texts_are_no_phrases() -> None:
    assert common_phrases(["1 x", "1 x", "1 x", None], [1, 2, 3, 4]) == ["1 x"]


def test_phrases_that_speak_for_the_label_come_with_what_they_add() -> None:
    spam, talk = ["visit my channel"] * 10, ["what a lovely song"] * 10
    y = np.array([1] * 10 + [0] * 10, dtype=np.int8)
    linear = fit_linear(ngram_rows([*spam, *talk]).astype(np.float64), y, strength=100.0)
    found = telling_phrases(["lovely song", "my channel", "channel"], linear)
    assert set(found) == {"my channel", "channel"}
    assert all(added > 0 for added in found.values())
    assert telling_phrases([], linear) == {}
