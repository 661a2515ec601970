"""Ask the heads of a model: the score, outcome and reasons of each policy."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scoring.catalog.registry import event_type
from scoring.decisions.predictions.predicting import predict_head
from scoring.decisions.predictions.reasoning import Reasoner
from scoring.registry.loaded_models import LoadedHead, LoadedModel
from scoring.rules.policies.thresholds import outcome_of


@dataclass(frozen=True, slots=True)
class HeadAnswer:
    """What the head of a policy answered. `reasons`: only of a score that reaches a threshold."""

    score: float
    outcome: str
    thresholds: Mapping[str, float]
    reasons: Sequence[Mapping[str, Any]]

    def as_data(self) -> dict[str, Any]:
        """As decisions log it."""
        return asdict(self)


HeadAnswers = Mapping[str, HeadAnswer]  # by policy, in the order of the catalog
NO_HEADS: Final[HeadAnswers] = {}


def ask_heads(loaded: LoadedModel, features: NDArray[np.float64], *, reasoner: Reasoner) -> list[HeadAnswers]:
    """The answers of all heads of a model for each of its vectors [n, F]. Raises ModelFailed."""
    if not loaded.heads:
        return [NO_HEADS] * len(features)
    kind = event_type(loaded.event_type)
    by_head = {
        policy.name: _ask(loaded, head, features, reasoner=reasoner, outcomes=kind.outcomes)
        for policy in kind.policies
        if (head := loaded.heads.get(policy.name))
    }
    return [{name: answers[row] for name, answers in by_head.items()} for row in range(len(features))]


def as_data(heads: HeadAnswers) -> dict[str, dict[str, Any]]:
    """The answers as decisions log them."""
    return {policy: answer.as_data() for policy, answer in heads.items()}


def _ask(
    loaded: LoadedModel,
    head: LoadedHead,
    features: NDArray[np.float64],
    *,
    reasoner: Reasoner,
    outcomes: Sequence[str],
) -> list[HeadAnswer]:
    """Only scores that reach a threshold are explained, since most reach none."""
    scores = predict_head(loaded, head, features).tolist()
    results = [outcome_of(score, head.thresholds, outcomes) for score in scores]
    reached = [row for row, outcome in enumerate(results) if outcome != outcomes[0]]
    contributions = head.contributions(features[reached]) if reached else ()
    reasons = {row: reasoner.reasons(row, of_row) for row, of_row in zip(reached, contributions, strict=True)}
    return [
        HeadAnswer(score, outcome, head.thresholds, reasons.get(row, []))
        for row, (score, outcome) in enumerate(zip(scores, results, strict=True))
    ]
