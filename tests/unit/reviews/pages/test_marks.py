"""A text is cut into parts, and the telling ones are marked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviews.pages.content.marks import LEVELS, marked_parts

TEXT = "free iphone on my channel"
SPANS = st.lists(
    st.tuples(st.integers(-3, 30), st.integers(-3, 30), st.floats(-5, 5, allow_nan=False)), max_size=12
)


@pytest.mark.parametrize(
    ("spans", "parts"),
    [
        ([], [(TEXT, 0)]),
        ([(0, 4, 1.0)], [("free", 3), (" iphone on my channel", 0)]),
        ([(0, 4, 1.0), (5, 11, 0.4)], [("free", 3), (" ", 0), ("iphone", 2), (" on my channel", 0)]),
        ([(0, 11, 1.0), (5, 11, 1.0)], [("free ", 2), ("iphone", 3), (" on my channel", 0)]),  # they add up
        ([(12, 14, -1.0)], [("free iphone ", 0), ("on", -3), (" my channel", 0)]),
        ([(0, 4, 1.0), (4, 8, 1.0)], [("free iph", 3), ("one on my channel", 0)]),
        ([(0, 4, 1.0), (5, 11, 0.01)], [("free", 3), (" iphone on my channel", 0)]),  # too weak to say much
    ],
)
def test_the_strongest_parts_have_the_highest_level(spans: list, parts: list) -> None:
    assert [(part.text, part.level) for part in marked_parts(TEXT, spans)] == parts


@given(st.text(max_size=30), SPANS)
def test_no_character_is_lost_or_added(text: str, spans: list) -> None:
    parts = marked_parts(text, spans)
    assert "".join(part.text for part in parts) == text
    assert all(abs(part.level) <= LEVELS for part in parts)
