"""The outcome of a calibrated score, before lists and rules: by a policy, or by the model's thresholds."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from scoring.catalog.event_type import EventType
from scoring.rules.deciding.findings import Facts, Found
from scoring.rules.heads import Heads, severest_outcome
from scoring.rules.policies.segments import LivePolicy, SegmentError
from scoring.rules.policies.thresholds import describe_use, outcome_of, thresholds_for


@dataclass(frozen=True, slots=True)
class Base:
    """An outcome with the thresholds that gave it, None without a score.

    `policy`: what a decision records of the policy that gave the thresholds, {} for those of the model.
    `errors`: the policy's segments whose condition failed.
    """

    outcome: str
    thresholds: Mapping[str, float] | None = None
    policy: Mapping[str, Any] = field(default_factory=dict)
    errors: tuple[SegmentError, ...] = ()


def without_score(kind: type[EventType], *, failed: bool) -> Base:
    """The outcome of the failure policy, or the one of the event type before any model."""
    return Base(kind.failure_outcome if failed else kind.no_model_outcome)


def by_model(kind: type[EventType], score: float, thresholds: Mapping[str, float]) -> Base:
    """The outcome by the thresholds stored with a model."""
    return Base(outcome_of(score, thresholds, kind.outcomes), thresholds)


def with_heads(base: Base, heads: Heads, *, kind: type[EventType]) -> Base:
    """The outcome after the heads of the model: the most severe of all."""
    if not heads:
        return base
    return replace(base, outcome=severest_outcome(base.outcome, heads, kind.outcomes))


def by_policy(
    policy: LivePolicy,
    facts: Facts,
    found: Found,
    *,
    kind: type[EventType],
    score: float,
    of_model: Mapping[str, float],
) -> Base:
    """The outcome by a policy, under the terms of the segment that the event is in."""
    chosen = policy.choose(
        facts.event, features=[facts.features.get(name) for name in policy.features], hits=found.hits
    )
    stake = kind.stake(facts.event["fields"])
    thresholds = thresholds_for(
        policy.policy,
        stake=kind.nominal_stake if stake is None else stake,
        of_model=of_model,
        segment=chosen.segment,
    )
    return Base(
        outcome_of(score, thresholds, kind.outcomes),
        thresholds,
        describe_use(policy.policy, chosen.segment),
        chosen.errors,
    )
