"""Hashes as text and as words."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.images.errors import InvalidHash
from scoring.images.hashes import distances, hash_text, parse_hash, parse_hashes

TEXTS = st.text("0123456789abcdef", min_size=64, max_size=64)


@given(TEXTS)
def test_a_hash_is_the_same_after_a_round_trip(text: str) -> None:
    assert hash_text(parse_hash(text)) == text


def test_capital_digits_are_the_same_hash() -> None:
    assert hash_text(parse_hash("AB" * 32)) == "ab" * 32


@given(TEXTS, TEXTS)
def test_the_distance_is_the_number_of_bits_that_differ(one: str, other: str) -> None:
    bits = f"{int(one, 16) ^ int(other, 16):b}".count("1")
    assert distances(parse_hash(one), parse_hashes([other, one])).tolist() == [bits, 0]


@pytest.mark.parametrize(
    "text", ["", "0" * 63, "0" * 65, "g" * 64, "0" * 63 + "\n", "0x" + "0" * 62, "\u0660" * 64]
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(InvalidHash, match="is not a PDQ hash; allowed are 64 hexadecimal digits"):
        parse_hash(text)


def test_no_texts_are_no_hashes() -> None:
    assert parse_hashes([]).shape == (0, 4)
    assert parse_hashes([]).dtype == np.uint64
