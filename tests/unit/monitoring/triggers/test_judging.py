"""When a retraining trigger is reached: tables."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from monitoring.drift.distance import NO_DATA, Drift
from monitoring.drift.distance import State as DriftState
from monitoring.drift.report import DriftReport, FeatureDrift, SideShares
from monitoring.performance.losses import ScoredEvents
from monitoring.triggers.judging import (
    Reading,
    State,
    judge_drift,
    judge_labels,
    judge_performance,
    judge_recipe,
)
from monitoring.triggers.settings import DEFAULT_TRIGGERS, Trigger
from monitoring.triggers.words import reading_text
from tests.factories.log import NOW

RECIPE, DRIFT, PERFORMANCE, LABELS = DEFAULT_TRIGGERS
SIDE = SideShares(shares=[1.0], missing=0.0)
WEIGHTS = {"amount": 0.7, "hour": 0.2, "age": 0.1}


def drift(psi: float, *, chance: float = 0.01) -> Drift:
    return Drift(psi, expected=0.0, limit=chance, state=DriftState.SHIFTED)


STILL = drift(0.02)


def report(*, score: Drift = STILL, rows: int = 5_000, **features: Drift) -> DriftReport:
    named = {"amount": STILL, "hour": STILL, "age": STILL} | features
    drifts = [FeatureDrift(name, each, ["any"], SIDE, SIDE) for name, each in named.items()]
    return DriftReport("payment-1", rows, 10_000, NOW, drifts, score, [], {})


DRIFTS: list[tuple[str, DriftReport | None, State]] = [
    ("nothing has moved", report(), State.NOT_REACHED),
    ("the strongest feature has", report(amount=drift(0.4)), State.REACHED),
    ("a feature with 10 % of the importance has", report(age=drift(3.0)), State.NOT_REACHED),
    ("one with exactly the 20 % has", report(hour=drift(0.4)), State.REACHED),
    ("it has moved a little", report(amount=drift(0.25)), State.NOT_REACHED),
    ("it has moved no further than chance", report(amount=drift(0.4, chance=0.5)), State.NOT_REACHED),
    (
        "it cannot be compared",
        report(amount=replace(drift(9), state=DriftState.NOT_COMPARED)),
        State.NOT_REACHED,
    ),
    ("the scores have moved", report(score=drift(0.3)), State.REACHED),
    ("few decisions", report(amount=drift(0.4), rows=999), State.TOO_FEW),
    ("no decisions", report(score=NO_DATA, rows=0), State.TOO_FEW),
    ("no reference", None, State.UNKNOWN),
]


@pytest.mark.parametrize(("what", "found", "expected"), DRIFTS)
def test_drift(what: str, found: DriftReport | None, expected: State) -> None:
    assert judge_drift(DRIFT, found, WEIGHTS).state is expected, what


def test_without_importance_all_features_count_the_same() -> None:
    reading = judge_drift(DRIFT, report(age=drift(3.0)), {})
    assert reading.value == pytest.approx(1 / 3)
    assert reading.state is State.REACHED


def scored(positives: int, negatives: int, *, right: bool = True) -> ScoredEvents:
    positive = np.arange(positives + negatives) < positives
    score = np.random.default_rng(3).uniform(size=len(positive)) + (positive if right else 0)
    return ScoredEvents(score, positive, np.ones(len(positive)))


PROMISED = scored(100, 900)
PERFORMANCES: list[tuple[str, ScoredEvents, ScoredEvents | None, State]] = [
    ("it ranks as before", scored(80, 700), PROMISED, State.NOT_REACHED),
    ("it ranks by chance", scored(80, 700, right=False), PROMISED, State.REACHED),
    ("few positives yet", scored(49, 700, right=False), PROMISED, State.TOO_FEW),
    ("nothing is mature", scored(0, 0), PROMISED, State.TOO_FEW),
    ("positives alone", scored(80, 0), PROMISED, State.TOO_FEW),
    ("no promise", scored(80, 700), None, State.UNKNOWN),
    ("a promise without positives", scored(80, 700), scored(0, 100), State.UNKNOWN),
]


@pytest.mark.parametrize(("what", "live", "promised", "expected"), PERFORMANCES)
def test_performance(what: str, live: ScoredEvents, promised: ScoredEvents | None, expected: State) -> None:
    assert judge_performance(PERFORMANCE, live, promised).state is expected, what


@pytest.mark.parametrize(
    ("new", "trained_with", "expected"),
    [
        (200, 1_000, State.REACHED),
        (199, 10, State.TOO_FEW),
        (300, 1_501, State.NOT_REACHED),
        (300, 1_500, State.REACHED),
        (200, 0, State.REACHED),
    ],
)
def test_labels(new: int, trained_with: int, expected: State) -> None:
    assert judge_labels(LABELS, new=new, trained_with=trained_with).state is expected


@pytest.mark.parametrize(
    ("changes", "trained_since", "expected"),
    [
        ([], "", State.NOT_REACHED),
        (["features"], "", State.REACHED),
        (["depth", "shares.gap_days"], "", State.REACHED),
        (["features"], "payment-7", State.NOT_REACHED),
    ],
)
def test_recipe(changes: list[str], trained_since: str, expected: State) -> None:
    assert judge_recipe(RECIPE, changes, trained_since=trained_since).state is expected


def test_a_trigger_that_is_off_is_never_reached() -> None:
    def off(trigger: Trigger) -> Trigger:
        return replace(trigger, on=False)

    readings = [
        judge_drift(off(DRIFT), report(amount=drift(0.4)), WEIGHTS),
        judge_drift(off(DRIFT), None, WEIGHTS),
        judge_performance(off(PERFORMANCE), scored(80, 700, right=False), PROMISED),
        judge_performance(off(PERFORMANCE), scored(0, 0), None),
        judge_labels(off(LABELS), new=900, trained_with=9),
        judge_recipe(off(RECIPE), ["features"], trained_since=""),
    ]
    assert {each.state for each in readings} == {State.OFF}


READINGS: list[tuple[Reading, str]] = [
    (
        judge_drift(DRIFT, report(amount=drift(0.4)), WEIGHTS),
        "1 feature with 70 % of the importance has drifted (20 % suffice): amount;"
        " the PSI of the scores is 0.02 (above 0.25 suffices)",
    ),
    (
        judge_drift(DRIFT, report(rows=12), WEIGHTS),
        "12 of the 1,000 decisions within a week that are needed",
    ),
    (
        judge_labels(LABELS, new=340, trained_with=1_360),
        "340 new labels, 25 % of the 1,360 that the champion was trained with (20 % suffice)",
    ),
    (judge_recipe(RECIPE, [], trained_since=""), "features and recipe are the champion's"),
    (
        judge_recipe(RECIPE, ["features", "depth"], trained_since="payment-7"),
        "a training would differ from the champion's in features, depth; payment-7 has that already",
    ),
    (judge_drift(DRIFT, None, {}), "the champion has no reference distributions"),
    (judge_drift(replace(DRIFT, on=False), None, {}), "switched off"),
]


@pytest.mark.parametrize(("reading", "expected"), READINGS)
def test_readings_in_words(reading: Reading, expected: str) -> None:
    figures: dict[str, Any] = reading.as_data()
    assert reading_text(figures).replace("\N{NO-BREAK SPACE}", " ") == expected


def test_a_loss_in_words() -> None:
    reading = judge_performance(PERFORMANCE, scored(80, 700, right=False), PROMISED)
    text = reading_text(reading.as_data()).replace("\N{NO-BREAK SPACE}", " ")
    assert text.startswith("average precision on 780 matured events is 0.")
    assert text.endswith("; wholly above 10 % suffices)")
    assert "(99 % interval " in text
