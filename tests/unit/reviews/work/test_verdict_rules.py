"""Which verdicts, reasons and notes are valid."""

from collections.abc import Iterator

import pytest

from reviews.errors import InvalidVerdict
from reviews.work.notes import MAX_NOTE_LENGTH
from reviews.work.reason_codes import NEGATIVE, OTHER, POSITIVE, reasons_for, verdict_words, words_of
from reviews.work.verdict_rules import (
    Verdict,
    actions_of,
    check_contradiction,
    check_verdict,
)
from scoring.catalog.errors import UnknownEventType
from scoring.catalog.event_type import EventType
from scoring.catalog.registry import event_type
from scoring.event_types.payment_verdicts import PAYMENT_VERDICTS
from tests.factories.catalog import catalog_with

ALL = (*(reason for words in PAYMENT_VERDICTS.values() for reason in words.reasons), OTHER)

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
    assert fraud | legitimate == {reason.code for reason in ALL}
    assert reasons_for("payment", "spam") == []
    with pytest.raises(UnknownEventType):
        reasons_for("no_such_type", "fraud")


def test_a_type_without_declared_words_gets_neutral_ones_and_not_those_of_payments() -> None:
    class Claim(EventType):
        name = "claim"
        lane = "claims"
        scored = False

    for label, neutral in (("fraud", POSITIVE), ("legitimate", NEGATIVE)):
        words = verdict_words(Claim, label)
        assert words.reasons == (*neutral, OTHER)
        assert (words.title, words.outcome) == (label.capitalize(), "")
        assert not {"stolen_card", "confirmed_by_customer"} & {code for code, _ in words.reasons}


def test_a_verdict_has_the_outcome_that_its_type_declares() -> None:
    assert check_verdict("payment", Verdict("fraud", "stolen_card")).action == "block"
    assert check_verdict("payment", Verdict("legitimate", "trusted_party")).action == "allow"
    with pytest.raises(InvalidVerdict) as refused:
        check_verdict("payment", Verdict("legitimate", "trusted_party", action="block"))
    assert refused.value.field == "action"


def test_a_confidence_is_one_of_three_or_not_stated() -> None:
    assert check_verdict("payment", Verdict("fraud", "stolen_card", confidence="low")).confidence == "low"
    with pytest.raises(InvalidVerdict) as refused:
        check_verdict("payment", Verdict("fraud", "stolen_card", confidence="90%"))
    assert (refused.value.field, refused.value.allowed) == ("confidence", "high, medium, low")


def test_codes_are_unique_short_enough_to_keep_and_have_words() -> None:
    codes = [reason.code for reason in ALL]
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


SPAM = Verdict("violating", "", policies={"spam": "advertising"}, action="block")


@pytest.fixture
def notes() -> Iterator[None]:
    with catalog_with("tests.factories.moderated"):
        yield


def test_a_verdict_names_policies_in_order_of_the_catalog_each_with_its_reason(notes: None) -> None:
    both = SPAM._replace(policies={"threat": "announces_violence", "spam": "same_text"}, strike=True)
    checked = check_verdict("note", both)
    assert list(checked.policies.items()) == [("spam", "same_text"), ("threat", "announces_violence")]
    assert (checked.reason_code, checked.action, checked.strike) == ("same_text", "block", True)


def test_the_actions_are_the_outcomes_of_the_type_the_most_severe_first(notes: None) -> None:
    assert actions_of(event_type("note")) == ("block", "limit", "label")
    assert actions_of(event_type("payment")) == ()


def test_leaving_an_event_up_allows_it_and_names_no_policy(notes: None) -> None:
    checked = check_verdict("note", Verdict("acceptable", "within_rules"))
    assert (checked.action, checked.policies, checked.strike) == ("allow", {}, False)


@pytest.mark.parametrize(
    ("verdict", "field", "allowed"),
    [
        (SPAM._replace(policies={}), "policies", "spam, threat"),
        (SPAM._replace(policies={"fraud": "advertising"}), "policies", "spam, threat"),
        (
            SPAM._replace(policies={"spam": "announces_violence"}),
            "reason_code",
            "advertising, same_text, other",
        ),
        (SPAM._replace(policies={"spam": "other"}), "note", "a few words"),
        (SPAM._replace(action=""), "action", "block, limit, label"),
        (SPAM._replace(action="review"), "action", "block, limit, label"),
        (Verdict("acceptable", "within_rules", policies={"spam": "advertising"}), "policies", "none"),
        (Verdict("acceptable", "within_rules", action="block"), "action", "none"),
        (Verdict("acceptable", "within_rules", strike=True), "strike", "none"),
        (Verdict("acceptable", "advertising"), "reason_code", "within_rules, other"),
    ],
)
def test_an_invalid_verdict_by_policy_is_refused_with_the_allowed_values(
    notes: None, verdict: Verdict, field: str, allowed: str
) -> None:
    with pytest.raises(InvalidVerdict) as refused:
        check_verdict("note", verdict)
    assert refused.value.field == field
    assert allowed in refused.value.allowed


def test_a_verdict_on_a_type_without_policies_takes_neither_policy_nor_action_nor_strike() -> None:
    for given in ({"policies": {"spam": "other"}}, {"action": "allow_all"}, {"strike": True}):
        with pytest.raises(InvalidVerdict, match="does not go with fraud"):
            check_verdict("payment", FRAUD._replace(**given))


def test_reasons_of_the_catalog_have_their_words(notes: None) -> None:
    assert words_of("same_text") == "The same text many times"
    assert words_of("within_rules") == "Within the rules"
