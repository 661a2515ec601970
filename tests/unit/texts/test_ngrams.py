"""Rows of hashed n-grams: the same for the same text, with places in the original."""

import doctest

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from scoring.texts import ngrams
from scoring.texts.ngram_places import COLUMNS, ngram_spans
from scoring.texts.ngrams import linear_sums, ngram_row, ngram_rows

TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=80)


WEIGHTS = np.random.default_rng(1).normal(size=(COLUMNS, 3)).astype(np.float32)
INTERCEPTS = np.array([0.5, -1.25, 0.0])

# Of "to be": two words, their pair, and six character n-grams of each word
EXPECTED_COLUMNS = [
    *(6124, 7963, 12605, 15165, 25722, 27806, 70458, 121339),
    *(143335, 167813, 168334, 214211, 235043, 253935, 262129),
]


def test_columns_never_change() -> None:
    """Models are trained on them: a change here needs another SCHEME."""
    columns, values = ngram_row("to be")
    assert columns.tolist() == EXPECTED_COLUMNS
    assert np.allclose(values, 1 / np.sqrt(len(EXPECTED_COLUMNS)))


def test_a_row_is_of_unit_length_with_ascending_columns() -> None:
    rows = ngram_rows(["good songs, good people", "x"])
    assert rows.shape == (2, COLUMNS)
    assert np.allclose(rows.multiply(rows).sum(axis=1), 1)
    assert rows.has_canonical_format
    assert all((np.diff(part) > 0).all() for part in np.split(rows.indices, rows.indptr[1:-1]))


@given(TEXTS)
def test_sums_of_weights_are_those_of_the_product_to_the_bit(text: str) -> None:
    """Decisions and replay take the sums one by one, data sets take the product."""
    product = ngram_rows([text]).astype(np.float64) @ WEIGHTS.astype(np.float64) + INTERCEPTS
    assert linear_sums(text, WEIGHTS, INTERCEPTS).tobytes() == product.tobytes()


def test_rows_do_not_depend_on_the_other_texts() -> None:
    alone, together = ngram_rows(["free money"]), ngram_rows(["other", "", "free money"])
    assert (alone != together[2]).nnz == 0


def test_disguised_texts_have_the_same_row() -> None:
    rows = ngram_rows(["free money", "FR33 m\u043ene\u0443", "f r e e  m\u200boney"])
    assert (rows[0] != rows[1]).nnz == (rows[0] != rows[2]).nnz == 0


def test_more_repetitions_weigh_more_but_less_than_in_proportion() -> None:
    weights = {(start, end): value for column, value, start, end in ngram_spans("ab ab ab cd")}
    assert weights[(0, 1)] / weights[(9, 10)] == np.float32(1 + np.log(3))


def test_no_texts_and_empty_texts_have_empty_rows() -> None:
    assert ngram_rows([]).shape == (0, COLUMNS)
    assert ngram_rows(["", "  \n"]).nnz == 0
    assert ngram_spans("") == []


def test_emoji_are_words() -> None:
    assert {(start, end) for *_, start, end in ngram_spans("👍🎉")} >= {(0, 1), (1, 2), (0, 2)}


def test_the_vowels_of_hindi_belong_to_their_words() -> None:
    assert (0, 4) in {(start, end) for *_, start, end in ngram_spans("गाना")}


@given(st.one_of(TEXTS, st.text(alphabet="ab0 _👍🎉.ा", max_size=60)))
def test_spans_give_the_row_with_places_in_the_text(text: str) -> None:
    columns, values = ngram_row(text)
    spans = ngram_spans(text)
    assert {(column, value) for column, value, *_ in spans} == set(
        zip(columns.tolist(), values.tolist(), strict=True)
    )
    assert all(0 <= start < end <= len(text) for *_, start, end in spans)


def test_the_examples_hold() -> None:
    assert doctest.testmod(ngrams).failed == 0
