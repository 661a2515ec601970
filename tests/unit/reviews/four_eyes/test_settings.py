"""Which verdicts need a second person."""

import pytest

from reviews.four_eyes.errors import FourEyesInvalid
from reviews.four_eyes.settings import NEGATIVE, POSITIVE, ConfirmedLabel, FourEyesSettings, check_settings
from reviews.four_eyes.words import settings_text
from reviews.pages.confirmations.forms import FourEyesForm
from scoring.catalog.registry import event_type

NEVER = ConfirmedLabel(NEGATIVE)
FROM_500 = FourEyesSettings(labels=(ConfirmedLabel(POSITIVE, from_amount=500), NEVER))
ALWAYS = FourEyesSettings(labels=(ConfirmedLabel(POSITIVE, always=True), NEVER))
REMOVALS = FourEyesSettings(outcomes=("block",))


@pytest.mark.parametrize(
    ("settings", "is_positive", "outcome", "amount", "needed"),
    [
        (FourEyesSettings(), True, "block", 1e9, False),  # none by default
        (FROM_500, True, "", 499.99, False),
        (FROM_500, True, "", 500.0, True),
        (FROM_500, True, "", None, False),  # without an amount
        (FROM_500, False, "", 900.0, False),  # the other label
        (ALWAYS, True, "", None, True),
        (ALWAYS, False, "", None, False),
        (REMOVALS, True, "block", None, True),
        (REMOVALS, True, "limit", None, False),
        (REMOVALS, False, "", None, False),
    ],
)
def test_amount_label_and_outcome_say_whether_a_second_person_is_needed(
    settings: FourEyesSettings, is_positive: bool, outcome: str, amount: float | None, needed: bool
) -> None:
    assert settings.need_second(is_positive=is_positive, outcome=outcome, amount=amount) is needed


def test_settings_are_what_was_logged() -> None:
    settings = FourEyesSettings(("block",), FROM_500.labels)
    assert FourEyesSettings.of(settings.as_data()) == settings
    older = {"outcomes": [], "labels": [{"name": POSITIVE, "always": True}]}
    assert FourEyesSettings.of(older).label(POSITIVE) == ConfirmedLabel(POSITIVE, always=True)


def test_every_setting_that_is_not_allowed_is_named() -> None:
    settings = FourEyesSettings(("review", "limit"), (ConfirmedLabel(POSITIVE, from_amount=-1), NEVER))
    with pytest.raises(FourEyesInvalid) as caught:
        check_settings("payment", settings)
    assert [name for name, _, _ in caught.value.problems] == ["positive.from_amount", "outcomes", "outcomes"]
    assert caught.value.problems[1][2] == ["allow", "block"]


def test_settings_in_words() -> None:
    assert settings_text(FourEyesSettings()) == "none"
    assert settings_text(FROM_500) == "the positive label from 500"
    both = FourEyesSettings(("block",), ALWAYS.labels)
    assert settings_text(both) == "the positive label always; outcomes block"


def test_the_form_asks_for_what_the_type_has() -> None:
    payment = FourEyesForm.showing(FROM_500, kind=event_type("payment"))
    assert "positive_from" in payment.fields
    assert "outcomes" not in payment.fields
    content = FourEyesForm.showing(REMOVALS, kind=event_type("content"))
    assert "positive_from" not in content.fields
    assert content.fields["outcomes"].choices[0] == ("block", "Remove")  # type: ignore[attr-defined]
    sent = FourEyesForm({"outcomes": ["block"], "reason": "test"}, kind=event_type("content"))
    assert sent.is_valid()
    assert sent.settings() == REMOVALS
