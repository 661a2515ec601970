"""Which verdicts, reasons and notes are valid."""

import pytest

from reviews.errors import InvalidVerdict
from reviews.work.reason_codes import REASONS, reasons_for, words_of
from reviews.work.verdict_rules import MAX_NOTE_LENGTH, Verdict, check_contradiction, check_verdict
from scoring.catalog.errors import UnknownEventType

REFUSED = [
    (Verdict("spam", "known_pattern"), "verdict", "fraud, legitimate"),
    (Verdict("", ""), "verdict", "fraud, legitimate"),
    (Verdict("fraud", ""), "reason_code", "stolen_card"),
    (Verdict("fraud", "confirmed_by_customer"), "reason_code", "stolen_card"),
    (Verdict("legitimate", "stolen_card"), "reason_code", "confirmed_by_customer"),
    (Verdict("fraud", "other"), "note", "a few words"),
    (Verdict("fraud", "other", "   "), "note", "a few words"),
    (Verdict("fraud", "stolen_card", "x" * (MAX_NOTE_LENGTH + 1)), "note", "2,000"),
]


@pytest.mark.parametrize(("verdict", "field", "allowed"), REFUSED)
def test_an_invalid_verdict_is_refused_with_the_allowed_values(
    verdict: Verdict, field: str, allowed: str
) -> None:
    with pytest.raises(InvalidVerdict) as refused:
        check_verdict("payment", verdict)
    assert refused.value.field == field
    assert allowed in refused.value.allowed


def test_a_note_is_trimmed_and_required_only_for_the_code_other() -> None:
    assert check_verdict("payment", Verdict("fraud", "stolen_card")).note == ""
    assert check_verdict("payment", Verdict("fraud", "other", " odd \x00")).note == "odd"


def test_each_verdict_has_its_own_reasons_and_other() -> None:
    fraud = {reason.code for reason in reasons_for("payment", "fraud")}
    legitimate = {reason.code for reason in reasons_for("payment", "legitimate")}
    assert fraud & legitimate == {"other"}
    assert fraud | legitimate == {reason.code for reason in REASONS}
    assert reasons_for("payment", "spam") == []
    with pytest.raises(UnknownEventType):
        reasons_for("no_such_type", "fraud")


def test_codes_are_unique_short_enough_to_keep_and_have_words() -> None:
    codes = [reason.code for reason in REASONS]
    assert len(set(codes)) == len(codes)
    assert max(map(len, codes)) <= 40
    assert words_of("stolen_card") == "Stolen or copied card"
    assert words_of("long_gone") == "long gone"


FRAUD = Verdict("fraud", "stolen_card")


@pytest.mark.parametrize(
    ("note", "standing", "refused"),
    [
        ("", {}, False),
        ("", {"chargeback": "fraud"}, False),
        ("", {"chargeback": "legitimate"}, True),
        ("   ", {"chargeback": "legitimate"}, True),
        ("the bank erred", {"chargeback": "legitimate"}, False),
        ("", {"review": "legitimate"}, False),  # a reviewer's earlier word is what this one replaces
        ("", {"chargeback": "fraud", "customer": "legitimate"}, True),
    ],
)
def test_only_a_verdict_that_contradicts_other_sources_needs_a_note(
    note: str, standing: dict[str, str], refused: bool
) -> None:
    given = FRAUD._replace(note=note)
    if not refused:
        check_contradiction(given, standing)
        return
    with pytest.raises(InvalidVerdict, match="says legitimate, which contradicts this verdict") as error:
        check_contradiction(given, standing)
    assert error.value.field == "note"
    assert "says fraud" not in str(error.value)


def test_a_note_of_maximum_length_is_accepted() -> None:
    longest = "x" * MAX_NOTE_LENGTH
    assert check_verdict("payment", FRAUD._replace(note=f" {longest} ")).note == longest
