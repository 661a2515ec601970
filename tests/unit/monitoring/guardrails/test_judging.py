"""When a deployed model exceeds a guardrail: a table."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from monitoring.guardrails.judging import Observed, State, judge
from monitoring.guardrails.settings import (
    BLOCKS,
    DEFAULT_GUARDRAILS,
    ERRORS,
    SCORE_SHIFT,
    SLOW,
    WRONG_BLOCKS,
)
from monitoring.windows.latency_histogram import bin_of

GUARDRAILS = {each.metric: each for each in DEFAULT_GUARDRAILS}
NOTHING = Observed()


def latencies(fast: int, slow: int) -> list[int]:
    histogram = [0] * (bin_of(2_000_000) + 1)
    histogram[bin_of(10_000)], histogram[-1] = fast, slow
    return histogram


def scores(*counts: int) -> Any:
    return np.array(counts, dtype=np.int64)


PROMISED = scores(9_000, 800, 200)

TABLE = [
    ("a canary that always fails", ERRORS, Observed(failed=20), Observed(decided=500), State.EXCEEDED),
    ("fewer events than the minimum", ERRORS, Observed(failed=19), NOTHING, State.TOO_FEW),
    ("one failure in a hundred", ERRORS, Observed(decided=99, failed=1), NOTHING, State.WITHIN),
    (
        "failures that the champion has too",
        ERRORS,
        Observed(decided=70, failed=30),
        Observed(decided=140, failed=60),
        State.WITHIN,
    ),
    (
        "a champion with few events does not excuse a canary",
        ERRORS,
        Observed(decided=70, failed=30),
        Observed(decided=1, failed=1),
        State.EXCEEDED,
    ),
    (
        "half of the decisions are slow",
        SLOW,
        Observed(waited=60, latency=latencies(30, 30)),
        Observed(waited=600, latency=latencies(600, 0)),
        State.EXCEEDED,
    ),
    (
        "everything is slow, with the other model too",
        SLOW,
        Observed(waited=60, latency=latencies(30, 30)),
        Observed(waited=60, latency=latencies(30, 30)),
        State.WITHIN,
    ),
    ("nobody waited", SLOW, Observed(decided=900), NOTHING, State.TOO_FEW),
    (
        "it blocks everything",
        BLOCKS,
        Observed(decided=50, blocked=50),
        Observed(decided=400, blocked=4),
        State.EXCEEDED,
    ),
    ("it blocks as many as allowed", BLOCKS, Observed(decided=400, blocked=20), NOTHING, State.WITHIN),
    (
        "an event type of many blocks",
        BLOCKS,
        Observed(decided=400, blocked=120),
        Observed(decided=400, blocked=110),
        State.WITHIN,
    ),
    ("it blocks nothing", BLOCKS, Observed(decided=4_000), Observed(decided=900, blocked=90), State.WITHIN),
    ("blocks that were all wrong", WRONG_BLOCKS, Observed(wrong_blocks=18), NOTHING, State.EXCEEDED),
    ("half of them", WRONG_BLOCKS, Observed(wrong_blocks=10, right_blocks=10), NOTHING, State.WITHIN),
    ("three labels say little", WRONG_BLOCKS, Observed(wrong_blocks=3), NOTHING, State.TOO_FEW),
    (
        "scores all high",
        SCORE_SHIFT,
        Observed(scores=scores(0, 0, 600), promised=PROMISED),
        NOTHING,
        State.EXCEEDED,
    ),
    (
        "scores as promised",
        SCORE_SHIFT,
        Observed(scores=scores(540, 48, 12), promised=PROMISED),
        NOTHING,
        State.WITHIN,
    ),
    (
        "events changed for both models",
        SCORE_SHIFT,
        Observed(scores=scores(100, 100, 400), promised=PROMISED),
        Observed(scores=scores(100, 100, 400), promised=PROMISED),
        State.WITHIN,
    ),
    ("no reference", SCORE_SHIFT, Observed(scores=scores(0, 0, 600)), NOTHING, State.WITHIN),
]


@pytest.mark.parametrize(("what", "metric", "model", "control", "expected"), TABLE)
def test_a_model_against_its_guardrail(
    what: str, metric: str, model: Observed, control: Observed, expected: State
) -> None:
    assert judge(GUARDRAILS[metric], model, control).state is expected, what


def test_a_guardrail_that_is_off_is_never_exceeded() -> None:
    off = replace(GUARDRAILS[BLOCKS], on=False)
    assert judge(off, Observed(decided=50, blocked=50), NOTHING).state is State.OFF


def test_a_reading_has_the_figures_of_both_models() -> None:
    reading = judge(GUARDRAILS[BLOCKS], Observed(decided=50, blocked=40), Observed(decided=1_000, blocked=20))
    assert (reading.value, reading.count, reading.events, reading.control) == (0.8, 40, 50, 0.02)
    assert 3 * 0.02 < reading.allowed < 0.15  # three times the upper bound of the other model's share


def test_without_enough_of_the_other_models_events_the_limit_alone_holds() -> None:
    reading = judge(GUARDRAILS[BLOCKS], Observed(decided=50, blocked=4), Observed(decided=49, blocked=49))
    assert (reading.allowed, reading.control) == (0.05, None)
