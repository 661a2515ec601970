"""What counts as identical, a sentence a row."""

import numpy as np
import pytest

from scoring.replay.compare import TOLERANCE, near, same_bits, same_reasons, shown

REASON = {
    "code": "CARD_COUNT_1H",
    "feature": "card_count_1h",
    "value": 7.0,
    "usual": 1.5,
    "contribution": 0.25,
    "text": "7 payments with this card in 1 h; usual is 1.5",
}


@pytest.mark.parametrize(
    ("logged", "again", "same"),
    [
        (0.3, 0.3, True),
        (0.3, 0.1 + 0.2, False),  # one bit
        (0.0, -0.0, False),  # the sign of zero
        (float("nan"), float("nan"), True),
        (float("nan"), -float("nan"), False),
        (1, 1.0, True),  # whole numbers, as JSON may read them
        (None, 0.0, False),
        (0.0, None, False),
    ],
)
def test_numbers_are_the_same_to_the_bit(logged, again, same):
    assert same_bits(logged, again) is same


@pytest.mark.parametrize(
    ("again", "same"),
    [
        ([0.5, -0.25], True),
        ([0.5 + 0.9 * TOLERANCE, -0.25], True),
        ([0.5 + 1.1 * TOLERANCE, -0.25], False),
        ([0.5, np.nan], False),
        ([0.5], False),
        ([], False),
    ],
)
def test_contributions_are_the_same_to_a_tolerance(again, same):
    assert near(np.array([0.5, -0.25]), np.array(again)) is same


@pytest.mark.parametrize(
    ("changed", "same"),
    [
        ({}, True),
        ({"contribution": 0.25 + TOLERANCE}, True),
        ({"contribution": 0.25 + 3 * TOLERANCE}, False),
        ({"value": 8.0}, False),
        ({"usual": None}, False),
        ({"text": "7 payments"}, False),
        ({"more": 1}, False),
    ],
)
def test_reasons_are_the_same_in_every_word(changed, same):
    assert same_reasons([REASON], [REASON | changed]) is same
    assert same_reasons([REASON | changed], [REASON]) is same


def test_another_number_or_order_of_reasons_is_another_explanation():
    other = REASON | {"feature": "amount"}
    assert not same_reasons([REASON], [REASON, other])
    assert not same_reasons([REASON, other], [other, REASON])


def test_different_values_look_different():
    values = [0.0, -0.0, 0.1, float(np.nextafter(0.1, 1)), float("nan"), -float("nan"), None, "none found"]
    assert len({shown(value) for value in values}) == len(values)
