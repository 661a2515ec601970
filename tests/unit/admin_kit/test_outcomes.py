"""Outcomes on pages: their words, and colors by severity that can be read in both themes."""

import re
from pathlib import Path

import pytest

from scoring.admin_kit.outcomes import TONES, outcome_badge, outcome_color, outcome_text
from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Entity
from scoring.catalog.registry import all_outcomes
from tests.factories.catalog import catalog_with

STYLE = Path(__file__).parents[3] / "scoring" / "static" / "admin_kit" / "admin_kit.css"
MIN_CONTRAST = 4.5  # WCAG 2.2, AA, for text


class Deal(EventType):
    name, lane = "deal", "deals"
    outcomes = ("allow", "nudge", "review", "freeze", "block")
    who = Entity()


def test_an_outcome_is_called_as_its_event_type_says() -> None:
    assert outcome_text("block", "content") == "remove"
    assert outcome_text("block", "payment") == "block"
    assert outcome_text("block", "gone_from_the_catalog") == "block"
    assert str(outcome_badge("block", "content")) == '<span class="ws-badge ws-badge--bad">remove</span>'


def test_outcomes_without_a_color_of_their_own_are_colored_by_severity() -> None:
    with catalog_with(__name__):
        assert outcome_color("nudge") == "challenge"
        assert outcome_color("freeze") == "limit"
    assert outcome_color("of_no_type") == "series-5"


def test_every_declared_outcome_has_a_color_and_a_badge_in_both_themes() -> None:
    for theme in themes():
        for outcome in all_outcomes():
            color = outcome_color(outcome)
            assert f"--ws-{color}" in theme
            tone = TONES.get(color, color)
            assert f".ws-badge--{tone} " in STYLE.read_text()


@pytest.mark.parametrize("tone", ["limit", "label"])
def test_words_in_badges_can_be_read(tone: str) -> None:
    for theme in themes():
        assert contrast(theme[f"--ws-{tone}-ink"], theme[f"--ws-{tone}-soft"]) >= MIN_CONTRAST


def themes() -> list[dict[str, str]]:
    """The colors of the light and the dark theme by name."""
    text = STYLE.read_text()
    light, dark = text[text.index(":root {") : text.index(".dark {")], text[text.index(".dark {") :]
    colors = [dict(re.findall(r"(--ws-[\w-]+): (#[0-9a-f]+);", part)) for part in (light, dark)]
    return [colors[0], {**colors[0], **colors[1]}]


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colors by WCAG 2.2."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(color: str) -> float:
    """The relative luminance of "#rrggbb"."""
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
