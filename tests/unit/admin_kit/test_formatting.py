"""How long names and shares are written."""

import pytest

from scoring.admin_kit.formatting import (
    MAX_TITLE_LENGTH,
    percent_text,
    shortened,
    signed_percent_text,
)


def test_a_long_name_keeps_its_start_and_end() -> None:
    assert shortened("short") == "short"
    long = "a" * 150 + "b" * 50
    assert len(shortened(long)) == MAX_TITLE_LENGTH
    assert (shortened(long)[0], shortened(long)[-1]) == ("a", "b")


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (0.0123, "1.2 %"),
        (0.0003, "< 0.1 %"),
        (-0.0003, "0.0 %"),
        (-0.02, "-2.0 %"),
    ],
)
def test_shares_are_percentages_and_zero_has_no_sign(share: float, expected: str) -> None:
    assert percent_text(share) == expected.replace(" ", "\N{NO-BREAK SPACE}")


@pytest.mark.parametrize(
    ("difference", "expected"), [(0.0123, "+1.2 %"), (-0.0123, "-1.2 %"), (-0.0003, "+0.0 %")]
)
def test_differences_of_shares_have_a_sign(difference: float, expected: str) -> None:
    assert signed_percent_text(difference) == expected.replace(" ", "\N{NO-BREAK SPACE}")
