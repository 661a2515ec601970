"""Judges what is known of a champion by the retraining triggers of its event type. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from monitoring.drift.distance import Drift
from monitoring.drift.report import DriftReport, FeatureDrift
from monitoring.performance.losses import ScoredEvents, relative_loss
from monitoring.triggers.settings import Trigger

MAX_NAMED = 5  # features


class State(StrEnum):
    """What is known of a trigger."""

    OFF = "off"
    UNKNOWN = "unknown"  # there is nothing to compare
    TOO_FEW = "too few"
    NOT_REACHED = "not reached"
    REACHED = "reached"


@dataclass(frozen=True, slots=True)
class Reading:
    """A trigger with what was found: `value` against `limit`, from `count` of at least `minimum`.

    What they are depends on the trigger, as its settings do. `details`: further figures for words.
    """

    trigger: str
    state: State
    value: float | None = None
    limit: float | None = None
    count: int = 0
    minimum: int | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    def as_data(self) -> dict[str, Any]:
        return asdict(self)


def judge_drift(trigger: Trigger, report: DriftReport | None, weights: Mapping[str, float]) -> Reading:
    """Whether features that matter, or the scores, are distributed unlike in training.

    A PSI counts only beyond its threshold, which `monitoring.drift` explains. `weights`: the importance of
    features; without any, all count the same. No report: the model has no reference.
    """
    if report is None:
        return _reading(trigger, State.UNKNOWN)
    compared = [each for each in report.features if each.compared]
    moved = [each for each in compared if has_drifted(each.drift, trigger)]
    moved.sort(key=lambda each: -weights.get(each.name, 0.0))
    share = _share(moved, compared, weights)
    scores = has_drifted(report.score, trigger)
    details = {
        "features": [{"name": each.name, "psi": each.drift.psi} for each in moved[:MAX_NAMED]],
        "drifted": len(moved),
        "score_psi": report.score.psi,
        "psi": trigger.psi,
    }
    state = _state(trigger, report.rows, reached=scores or share >= (trigger.limit or 0))
    return _reading(trigger, state, value=share, count=report.rows, details=details)


def has_drifted(drift: Drift, trigger: Trigger) -> bool:
    """Whether a PSI exceeds both what the trigger allows and what chance and ordinary days explain."""
    return drift.psi > max(trigger.psi or 0, drift.threshold)


def judge_performance(trigger: Trigger, live: ScoredEvents, promised: ScoredEvents | None) -> Reading:
    """Whether the champion ranks worse than on its held-out events by certainly more than the limit."""
    if promised is None or not promised.rarer:
        return _reading(trigger, State.UNKNOWN)
    if live.rarer < max(trigger.minimum or 0, 1):
        return _reading(trigger, State.TOO_FEW, count=live.rarer)
    loss = relative_loss(live, promised)
    details = {
        **asdict(loss.interval),
        "events": len(live.score),
        "average_precision": loss.live,
        "promised": loss.promised,
    }
    state = _state(trigger, live.rarer, reached=loss.interval.low > (trigger.limit or 0))
    return _reading(trigger, state, value=loss.interval.estimate, count=live.rarer, details=details)


def judge_labels(trigger: Trigger, *, new: int, trained_with: int) -> Reading:
    """Whether the events that have matured with a label since the champion's cut-off are enough.

    `trained_with`: the labeled events that it was trained with.
    """
    share = new / trained_with if trained_with else float(new > 0)
    state = _state(trigger, new, reached=share >= (trigger.limit or 0))
    return _reading(trigger, state, value=share, count=new, details={"trained_with": trained_with})


def judge_recipe(trigger: Trigger, changes: Sequence[str], *, trained_since: str) -> Reading:
    """Whether a training would use other features or another recipe than the champion's.

    `changes`: in what they differ, "features" or paths of the recipe. `trained_since`: a later version that
    has them already, "" if none has.
    """
    details = {"changes": list(changes), "trained_since": trained_since}
    state = _state(trigger, 0, reached=bool(changes) and not trained_since)
    return _reading(trigger, state, count=len(changes), details=details)


def _share(
    moved: Sequence[FeatureDrift], compared: Sequence[FeatureDrift], weights: Mapping[str, float]
) -> float:
    """The share of the compared features' importance that is on those that moved."""
    weight = {each.name: weights.get(each.name, 0.0) if weights else 1.0 for each in compared}
    total = sum(weight.values())
    return sum(weight[each.name] for each in moved) / total if total else 0.0


def _state(trigger: Trigger, count: int, *, reached: bool) -> State:
    if not trigger.on:
        return State.OFF
    if count < (trigger.minimum or 0):
        return State.TOO_FEW
    return State.REACHED if reached else State.NOT_REACHED


def _reading(trigger: Trigger, state: State, **found: Any) -> Reading:
    state = state if trigger.on else State.OFF
    return Reading(trigger.name, state, limit=trigger.limit, minimum=trigger.minimum, **found)
