"""The sentence that says what effects are measured on."""

from datetime import UTC, datetime

from scoring.catalog.registry import event_type
from scoring.learning.policies.pages.effects import source_in_words
from tests.factories.judged import EVENTS, judged

PAYMENT = event_type("payment")
DRAWN_AT = datetime(2026, 3, 1, 4, 5, tzinfo=UTC)


def test_events_that_were_read_just_now_have_no_time() -> None:
    assert source_in_words(judged(), PAYMENT).startswith("Measured on decisions that are old enough to be")
    assert "drawn" not in source_in_words(judged(), PAYMENT)


def test_a_sample_says_how_many_were_drawn_and_when_and_that_these_are_estimates() -> None:
    told = source_in_words(judged(drawn_at=DRAWN_AT, decided=1_234_567), PAYMENT)
    assert "1,234,567 payment events" in told
    assert told.endswith(
        f"{len(EVENTS)} of them were drawn at 2026-03-01 04:05 UTC, fraud and high scores the likeliest, each"
        " with its weight; so these are estimates."
    )


def test_a_sample_of_all_events_says_when_they_were_read() -> None:
    told = source_in_words(judged(drawn_at=DRAWN_AT, decided=len(EVENTS)), PAYMENT)
    assert told.endswith("They were read at 2026-03-01 04:05 UTC.")
    assert "estimates" not in told
