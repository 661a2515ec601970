"""Reasons in stored form."""

from scoring.catalog.parsing.reasons import MAX_REASON_LENGTH, clean_reason


def test_spaces_are_joined_and_card_numbers_masked() -> None:
    assert clean_reason("  used  4111 1111\n1111 1111 ") == "used ************1111"


def test_a_reason_is_cut_to_what_entries_hold() -> None:
    assert clean_reason("x" * (MAX_REASON_LENGTH + 1)) == "x" * MAX_REASON_LENGTH
