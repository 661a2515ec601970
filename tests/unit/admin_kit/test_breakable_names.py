"""Names that break where their parts end."""

from scoring.templatetags.admin_kit import breakable


def test_a_name_may_break_after_slashes_and_underscores() -> None:
    assert breakable("rule/card_testing") == "rule/<wbr>card_<wbr>testing"


def test_a_name_cannot_bring_markup() -> None:
    assert breakable("<b>_x") == "&lt;b&gt;_<wbr>x"
