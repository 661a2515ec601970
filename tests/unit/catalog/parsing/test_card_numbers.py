"""Card numbers are recognized by their prefix, length and check digit."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.catalog.parsing import card_numbers
from scoring.catalog.parsing.card_numbers import has_card_number, mask_card_numbers

# The brands' published test numbers.
TEST_NUMBERS = [
    "4111111111111111",
    "4222222222222",
    "5555555555554444",
    "2223003122003222",
    "378282246310005",
    "6011111111111117",
    "30569309025904",
    "36227206271667",
    "3530111333300000",
    "6200000000000005",
    "6759649826438453",
]


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(card_numbers).failed == 0


@pytest.mark.parametrize("number", TEST_NUMBERS)
def test_the_numbers_of_all_brands_are_found(number: str) -> None:
    assert has_card_number(number)
    wrong = str((int(number[-1]) + 1) % 10)
    assert not has_card_number(number[:-1] + wrong)


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4111\u00a01111\u00a01111\u00a01111",
        "4111.1111.1111.1111",
        "4111  1111  1111  1111",
        "4111 - 1111 - 1111 - 1111",
        "4111\t1111\t1111\t1111",
        "4111 1111\n1111 1111",
        "4111\u20091111\u20091111\u20091111",
        "4111_1111_1111_1111",
        "pan=4111111111111111",
        "card 4111 1111 1111 1111",
        "4111111111111111+12/27",
        "12 4111 1111 1111 1111 27",
        "\uff14" + "\uff11" * 15,  # in fullwidth digits
    ],
)
def test_a_card_number_is_found_in_groups_and_inside_other_text(text: str) -> None:
    assert has_card_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "card-7",
        "490154203237518",  # an IMEI passes the Luhn check
        "8914800000000000019",  # so does the number of a SIM card
        "1772366340000",  # milliseconds
        "123e4567-e89b-12d3-a456-426614174000",
        "41111111-1111-1111-8111-111111111111",
        "a4111111111111111f",
        "tok_4111111111111111",
        "4111111111111111111111",
        "4111,1111",
    ],
)
def test_other_ids_are_not_mistaken_for_card_numbers(text: str) -> None:
    assert not has_card_number(text)


@given(st.uuids())
def test_a_uuid_is_never_mistaken_for_a_card_number(value: object) -> None:
    assert not has_card_number(str(value))


def test_every_number_in_a_text_is_masked() -> None:
    text = "4111 1111 1111 1111 4111 1111 1111 1111, 378282246310005 and 1234567890123456"
    masked = "************1111 ************1111, ***********0005 and 1234567890123456"
    assert mask_card_numbers(text) == masked
    assert mask_card_numbers(masked) == masked
