"""Ask the heads of a model: the score, outcome and reasons of each policy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scoring.catalog.registry import event_type
from scoring.decisions.predictions.predicting import predict_head
from scoring.decisions.predictions.reasoning import Reasoner
from scoring.registry.loaded_models import LoadedHead, LoadedModel
from scoring.rules.policies.policy import Policy
from scoring.rules.policies.thresholds import HeadThresholds, head_thresholds, outcome_of


@dataclass(frozen=True, slots=True)
class HeadAnswer:
    """What the head of a policy answered. `reasons`: only of a score that reaches a threshold.

    `policy`: what decisions record of the ruleset's policy that gave the thresholds, {} for the model's own.
    """

    score: float
    outcome: str
    thresholds: Mapping[str, float]
    reasons: Sequence[Mapping[str, Any]]
    policy: Mapping[str, Any] = field(default_factory=dict)

    def as_data(self) -> dict[str, Any]:
        """As decisions log it."""
        return {
            "score": self.score,
            "outcome": self.outcome,
            "thresholds": dict(self.thresholds),
            "reasons": list(self.reasons),
            **({"policy": dict(self.policy)} if self.policy else {}),
        }


HeadAnswers = Mapping[str, HeadAnswer]  # by policy, in the order of the catalog
NO_HEADS: Final[HeadAnswers] = {}


def ask_heads(
    loaded: LoadedModel,
    features: NDArray[np.float64],
    *,
    reasoner: Reasoner,
    fields: Sequence[Mapping[str, Any]],
    policies: Sequence[Policy | None],
) -> list[HeadAnswers]:
    """The answers of all heads of a model for each of its vectors [n, F]. Raises ModelFailed.

    `fields` [n]: of the events. `policies` [n]: those of the ruleset that decide them, None without one.
    """
    if not loaded.heads:
        return [NO_HEADS] * len(features)
    kind = event_type(loaded.event_type)
    stakes = [kind.nominal_stake if (stake := kind.stake(each)) is None else stake for each in fields]
    by_head = {
        policy.name: _ask(
            loaded,
            head,
            features,
            reasoner=reasoner,
            given=[
                head_thresholds(ruled, policy.name, stake=stake, of_model=head.thresholds)
                for ruled, stake in zip(policies, stakes, strict=True)
            ],
            outcomes=kind.outcomes,
        )
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
    given: Sequence[HeadThresholds],
    outcomes: Sequence[str],
) -> list[HeadAnswer]:
    """Only scores that reach a threshold of those `given` [n] are explained, since most reach none."""
    scores = predict_head(loaded, head, features).tolist()
    results = [
        outcome_of(score, each.thresholds, outcomes) for score, each in zip(scores, given, strict=True)
    ]
    reached = [row for row, outcome in enumerate(results) if outcome != outcomes[0]]
    contributions = head.contributions(features[reached]) if reached else ()
    reasons = {row: reasoner.reasons(row, of_row) for row, of_row in zip(reached, contributions, strict=True)}
    return [
        HeadAnswer(score, outcome, thresholds, reasons.get(row, []), policy)
        for row, (score, outcome, (thresholds, policy)) in enumerate(zip(scores, results, given, strict=True))
    ]
