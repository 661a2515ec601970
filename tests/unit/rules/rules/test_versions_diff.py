"""What differs between two versions of a rule."""

from hypothesis import given
from hypothesis import strategies as st

from scoring.rules.rules.versions_diff import ChangedField, compare_expressions, compare_versions
from tests.factories.rules import rule_version

TEXTS = st.text(alphabet='ab1 &|<=>.("\n', max_size=40)


def marked(before: str, after: str) -> str:
    signs = {"same": "{}", "removed": "[-{}-]", "added": "[+{}+]"}
    return "".join(signs[change].format(text) for change, text in compare_expressions(before, after))


def test_words_and_operators_are_compared_as_a_whole() -> None:
    assert marked("amount > 500", "amount >= 500") == "amount [->-][+>=+] 500"
    assert marked("card_count_1h > 5", "card_count_24h > 5") == "[-card_count_1h-][+card_count_24h+] > 5"
    assert marked("amount > 12.5", "amount > 125") == "amount > [-12.5-][+125+]"


def test_what_is_added_at_the_end_is_marked_alone() -> None:
    assert marked("amount > 5", "amount > 5 && !has(device)") == "amount > 5[+ && !has(device)+]"


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_from_the_parts(before: str, after: str) -> None:
    parts = list(compare_expressions(before, after))
    assert "".join(part.text for part in parts if part.change != "added") == before
    assert "".join(part.text for part in parts if part.change != "removed") == after


def test_fields_are_compared_one_by_one() -> None:
    diff = compare_versions(rule_version(1), rule_version(2, outcome="block", share=0.1, unit="card"))
    assert not diff.expression_differs
    assert diff.fields == (
        ChangedField("outcome", "review", "block"),
        ChangedField("share", 1.0, 0.1),
        ChangedField("unit", "", "card"),
    )
