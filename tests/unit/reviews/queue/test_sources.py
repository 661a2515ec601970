"""The sources of cases: settings, what they draw and their caps. No database."""

from dataclasses import replace
from typing import Any

import pytest

from reviews.queue.sources.drawing import is_uncertain, source_of, within_caps
from reviews.queue.sources.errors import SourcesInvalid
from reviews.queue.sources.settings import (
    CANDIDATE,
    EXPLORED,
    UNCERTAIN,
    SourceSettings,
    SourceShare,
    check_settings,
)
from reviews.queue.sources.words import settings_text

OFF = SourceSettings()
THRESHOLDS = {"review": 0.5, "block": 0.9}
LET_THROUGH = {"share": 0.1, "drawn": True, "propensity": 0.1, "stopped_by": ""}


def settings(*, per_day: int = 50, **shares: float) -> SourceSettings:
    sources = tuple(replace(each, share=shares.get(each.name, 0.0), per_day=per_day) for each in OFF.sources)
    return SourceSettings(sources=sources)


def decision(score: float | None = 0.2, **data: Any) -> dict[str, Any]:
    return {"score": score, "thresholds": THRESHOLDS, **data}


def test_settings_are_read_back_as_they_were_logged() -> None:
    changed = settings(uncertain=0.2, per_day=7)
    assert SourceSettings.of(changed.as_data()) == changed


def test_settings_in_words() -> None:
    assert settings_text(OFF) == "none"
    said = settings_text(settings(uncertain=0.1)).replace("\xa0", " ")
    assert said == "score near a threshold: 10.0 % of them, at most 50 a day"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"margin": 0.6}, "margin"),
        ({"rise": 0}, "rise"),
        ({"sources": (SourceShare(UNCERTAIN, 1.5), *OFF.sources[1:])}, "uncertain.share"),
        ({"sources": (SourceShare(UNCERTAIN, 1, -1), *OFF.sources[1:])}, "uncertain.per_day"),
        ({"sources": OFF.sources[1:]}, "sources"),
    ],
)
def test_what_is_refused(change: dict[str, Any], field: str) -> None:
    with pytest.raises(SourcesInvalid) as refused:
        check_settings("payment", replace(OFF, **change))
    assert field in {name for name, _, _ in refused.value.problems}


@pytest.mark.parametrize(
    ("score", "uncertain"),
    [(None, False), (0.2, False), (0.44, False), (0.46, True), (0.54, True), (0.86, True), (0.99, False)],
)
def test_a_score_near_a_threshold_is_uncertain(score: float | None, uncertain: bool) -> None:
    assert is_uncertain(decision(score), margin=0.05) is uncertain


def test_nothing_is_uncertain_without_thresholds() -> None:
    assert not is_uncertain({"score": 0.5, "thresholds": None}, margin=0.5)


@pytest.mark.parametrize(
    ("on", "data", "source"),
    [
        ({}, decision(0.5, exploration=LET_THROUGH), ""),
        ({"uncertain": 1.0}, decision(0.5), UNCERTAIN),
        ({"uncertain": 1.0}, decision(0.2), ""),
        ({"explored": 1.0}, decision(0.95, exploration=LET_THROUGH), EXPLORED),
        ({"explored": 1.0}, decision(0.95, exploration={**LET_THROUGH, "drawn": False}), ""),
        ({"explored": 1.0, "uncertain": 1.0}, decision(0.9, exploration=LET_THROUGH), EXPLORED),
        ({"candidate": 1.0}, decision(0.5), ""),
    ],
)
def test_the_source_of_a_decided_event(on: dict[str, float], data: dict[str, Any], source: str) -> None:
    assert source_of(data, "payment/shop/T-1", settings(**on)) == source


def test_a_share_of_events_is_drawn() -> None:
    half = settings(uncertain=0.5)
    drawn = [bool(source_of(decision(0.5), f"payment/shop/{number}", half)) for number in range(1_000)]
    assert 450 < sum(drawn) < 550
    assert drawn == [
        bool(source_of(decision(0.5), f"payment/shop/{number}", half)) for number in range(1_000)
    ]


def test_a_source_rests_once_its_day_is_full() -> None:
    drawn = [(f"payment/shop/{number}", "payment", UNCERTAIN) for number in range(5)]
    drawn.append(("payment/shop/9", "payment", EXPLORED))
    chosen = within_caps(drawn, {"payment": settings(per_day=3)}, {("payment", UNCERTAIN): 1})
    assert chosen == {
        "payment/shop/0": UNCERTAIN,
        "payment/shop/1": UNCERTAIN,
        "payment/shop/9": EXPLORED,
    }
    assert within_caps(drawn, {"payment": settings(per_day=0)}, {}) == {}
    assert CANDIDATE not in chosen.values()
