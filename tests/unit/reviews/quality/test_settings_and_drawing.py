"""Settings of quality checks, and which cases they draw."""

import pytest

from reviews.quality.drawing import gets_golden_item, gets_second_review
from reviews.quality.errors import QualityInvalid
from reviews.quality.settings import GOLDEN, SECOND, CheckShare, QualitySettings, check_settings
from reviews.quality.words import settings_text

EVENTS = [f"payment/shop/T-{number}" for number in range(20_000)]


def test_settings_are_what_was_logged_and_newer_ones_have_defaults() -> None:
    settings = QualitySettings(False, True, (CheckShare(SECOND, 0.05), CheckShare(GOLDEN, 0.01)))
    assert QualitySettings.of(settings.as_data()) == settings
    older = {**settings.as_data(), "checks": [{"name": SECOND, "share": 0.05}]}
    assert QualitySettings.of(older).share(GOLDEN) == 0.0


def test_every_share_that_is_not_allowed_is_named() -> None:
    settings = QualitySettings(checks=(CheckShare(SECOND, 1.5), CheckShare(GOLDEN, 0.5)))
    with pytest.raises(QualityInvalid) as caught:
        check_settings("payment", settings)
    assert [name for name, _, _ in caught.value.problems] == ["second_reviews.share", "golden_items.share"]


def test_settings_in_words() -> None:
    assert settings_text(QualitySettings()) == "none"
    settings = QualitySettings(checks=(CheckShare(SECOND, 0.05), CheckShare(GOLDEN, 0.02)))
    text = settings_text(settings).replace("\N{NO-BREAK SPACE}", " ")
    assert text.startswith("second reviews of 5")
    assert "misses not told" in text


def test_the_share_of_second_reviews_is_met_and_grows_by_adding_events() -> None:
    small = {event for event in EVENTS if gets_second_review(event, share=0.05)}
    large = {event for event in EVENTS if gets_second_review(event, share=0.2)}
    assert len(small) == pytest.approx(1_000, abs=150)
    assert small < large
    assert not any(gets_second_review(event, share=0.0) for event in EVENTS)


def test_the_share_of_golden_items_is_met_for_each_reviewer() -> None:
    for reviewer in ("ana", "bo"):
        drawn = [gets_golden_item(reviewer, each, answered=3, share=0.1) for each in EVENTS]
        assert sum(drawn) == pytest.approx(2_000, abs=200)


def test_after_an_answered_item_the_draw_is_another_one() -> None:
    share = 0.1
    drawn = [each for each in EVENTS if gets_golden_item("ana", each, answered=0, share=share)]
    again = [each for each in drawn if gets_golden_item("ana", each, answered=1, share=share)]
    assert len(again) == pytest.approx(len(drawn) * share, abs=60)
