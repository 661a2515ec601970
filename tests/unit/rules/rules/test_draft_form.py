"""What is typed into the editor, as a draft and as problems."""

import pytest

from scoring.rules.rules.errors import InvalidRule
from scoring.rules.rules.pages.draft_form import DraftForm, problems_by_field, read_share
from tests.factories.rules import rule_version


def test_a_version_passes_through_the_form_unchanged() -> None:
    version = rule_version(share=0.125, unit="card", overrides_lists=True, description="Why")
    assert DraftForm.of(version).as_draft().numbered(version.number) == version


def test_line_ends_of_browsers_become_plain_ones() -> None:
    assert DraftForm.sent("payment", {"expression": "a\r\nb"}).expression == "a\nb"


@pytest.mark.parametrize(("text", "share"), [("100", 1.0), (" 12,5 % ", 0.125), ("0.1", 0.001), ("7%", 0.07)])
def test_percentages_are_read_as_people_type_them(text: str, share: float) -> None:
    assert read_share(text) == pytest.approx(share)


def test_what_is_no_percentage_is_refused_at_its_field() -> None:
    with pytest.raises(InvalidRule) as refused:
        read_share("much")
    assert refused.value.problems == (("share", "'much' is not a percentage", "a number such as 10"),)


def test_problems_become_sentences_with_what_is_allowed() -> None:
    problems = (
        ("sentence", "is missing", "up to 200 characters"),
        ("outcome", "'x' is not an outcome of payment", ["allow", "review"]),
        ("expression", "line 1, column 2: No.", ""),
    )
    assert problems_by_field(problems) == {
        "sentence": ["This is missing. Allowed: up to 200 characters."],
        "outcome": ["'x' is not an outcome of payment. Allowed: allow, review."],
        "expression": ["Line 1, column 2: No."],
    }
