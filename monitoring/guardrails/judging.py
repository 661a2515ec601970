"""Judges the counts of a deployed model by the guardrails of its event type. Pure."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np

from monitoring.drift.distance import chi_square_quantile, population_stability
from monitoring.guardrails.evidence import ALPHA, exceeds, upper_bound
from monitoring.guardrails.settings import BLOCKS, ERRORS, SCORE_SHIFT, SLOW, Guardrail
from monitoring.windows.binning import BinCounts
from monitoring.windows.latency_histogram import bin_of

NO_SCORES: BinCounts = np.zeros(0, dtype=np.int64)


class State(StrEnum):
    """What the events say of a guardrail."""

    OFF = "off"
    TOO_FEW = "too few"
    WITHIN = "within"
    EXCEEDED = "exceeded"


@dataclass(frozen=True)
class Observed:
    """The counts of a model in a span of time: the columns of `ArmWindow`, summed.

    `promised`: the scores of the model's reference in the bins of `scores`; both are empty without one.
    """

    decided: int = 0
    failed: int = 0
    blocked: int = 0
    right_blocks: int = 0
    wrong_blocks: int = 0
    waited: int = 0
    latency: Sequence[int] = ()
    scores: BinCounts = field(default_factory=lambda: NO_SCORES)
    promised: BinCounts = field(default_factory=lambda: NO_SCORES)


@dataclass(frozen=True, slots=True)
class Reading:
    """A guardrail with what was found: `count` of `events`, or their PSI, as `value`.

    `value` is None without events, `control` (that of the model it is compared with) without enough of them.
    `allowed`: up to which value it is within.
    """

    metric: str
    state: State
    value: float | None
    count: int
    events: int
    allowed: float
    control: float | None
    slower_than_ms: float | None = None

    def as_data(self) -> dict[str, Any]:
        return asdict(self)


def judge(guardrail: Guardrail, model: Observed, control: Observed) -> Reading:
    """The reading of one guardrail."""
    if guardrail.metric == SCORE_SHIFT:
        return _judge_shift(guardrail, model, control)
    return _judge_share(guardrail, model, control)


def _judge_share(guardrail: Guardrail, model: Observed, control: Observed) -> Reading:
    count, events = count_of(guardrail, model)
    other_count, others = count_of(guardrail, control)
    allowed, compared = guardrail.limit, None
    if others >= guardrail.minimum:
        compared = other_count / others
        allowed = max(allowed, guardrail.times * upper_bound(other_count, others))
    return Reading(
        metric=guardrail.metric,
        state=_state(guardrail, events, exceeded=exceeds(count, events, allowed)),
        value=count / events if events else None,
        count=count,
        events=events,
        allowed=min(allowed, 1.0),
        control=compared,
        slower_than_ms=guardrail.slower_than_ms,
    )


def count_of(guardrail: Guardrail, observed: Observed) -> tuple[int, int]:
    """How many events have the property that the guardrail limits, and of how many."""
    if guardrail.metric == ERRORS:
        return observed.failed, observed.decided + observed.failed
    if guardrail.metric == SLOW:
        limit = bin_of(round(1_000 * (guardrail.slower_than_ms or 0)))
        return sum(observed.latency[limit + 1 :]), observed.waited
    if guardrail.metric == BLOCKS:
        return observed.blocked, observed.decided
    return observed.wrong_blocks, observed.right_blocks + observed.wrong_blocks


def _judge_shift(guardrail: Guardrail, model: Observed, control: Observed) -> Reading:
    """Exceeded if the PSI is above what is allowed by more than chance explains (Yurdakul 2018).

    The PSI of the model that it is compared with is allowed too, since both saw the same change of events.
    """
    events, compared = int(model.scores.sum()), None
    if control.scores.sum() >= guardrail.minimum and control.promised.sum():
        compared = population_stability(control.promised, control.scores)
    allowed = guardrail.limit + (compared or 0.0)
    psi = population_stability(model.promised, model.scores) if events and model.promised.sum() else None
    exceeded = psi is not None and psi > allowed + _chance(model)
    return Reading(
        metric=guardrail.metric,
        state=_state(guardrail, events, exceeded=exceeded),
        value=psi,
        count=events,
        events=events,
        allowed=allowed,
        control=compared,
    )


def _chance(model: Observed) -> float:
    """The PSI that equal distributions stay below with a probability of 1 - ALPHA."""
    bins = int(((model.promised > 0) | (model.scores > 0)).sum())
    if bins < 2:
        return math.inf
    per_degree = 1 / model.promised.sum() + 1 / model.scores.sum()
    return chi_square_quantile(1 - ALPHA, bins - 1) * float(per_degree)


def _state(guardrail: Guardrail, events: int, *, exceeded: bool) -> State:
    if not guardrail.on:
        return State.OFF
    if events < guardrail.minimum:
        return State.TOO_FEW
    return State.EXCEEDED if exceeded else State.WITHIN
