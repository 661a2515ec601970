"""How long names are written."""

from scoring.admin_kit.formatting import MAX_TITLE_LENGTH, shortened


def test_a_long_name_keeps_its_start_and_end() -> None:
    assert shortened("short") == "short"
    long = "a" * 150 + "b" * 50
    assert len(shortened(long)) == MAX_TITLE_LENGTH
    assert (shortened(long)[0], shortened(long)[-1]) == ("a", "b")
