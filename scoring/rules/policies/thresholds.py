"""The thresholds of a policy for one event, and the outcome of its score. Pure and fast."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from scoring.catalog.outcomes import BASIC_OUTCOMES
from scoring.rules.policies.costs import cheapest_thresholds
from scoring.rules.policies.policy import MODEL, Policy, Segment, Terms


def thresholds_for(
    policy: Policy, *, stake: int, of_model: Mapping[str, float], segment: Segment | None = None
) -> Mapping[str, float]:
    """The lowest score of each outcome but the mildest; what it does not name is never given for a score.

    `stake`: the amount at stake in minor units of the base currency, or the type's nominal one. `of_model`:
    the thresholds stored with the model that decides. `segment`: the policy's segment that the event is in.
    """
    return terms_thresholds(segment.terms if segment else policy.terms, stake=stake, of_model=of_model)


def terms_thresholds(terms: Terms, *, stake: int, of_model: Mapping[str, float]) -> Mapping[str, float]:
    """`thresholds_for` of terms alone."""
    if terms.costs is not None:
        return cheapest_thresholds(terms.costs, stake)
    return of_model if terms.mode == MODEL else terms.thresholds


class HeadThresholds(NamedTuple):
    """The thresholds of a head, and what decisions record of the policy that gave them ({}: the model)."""

    thresholds: Mapping[str, float]
    policy: Mapping[str, Any]


def head_thresholds(
    policy: Policy | None, head: str, *, stake: int, of_model: Mapping[str, float]
) -> HeadThresholds:
    """The thresholds of the head of a content policy for one event, as `thresholds_for`.

    `of_model`: those stored with the head. They hold without a policy, and if it has no terms for the head.
    """
    terms = policy.heads.get(head) if policy else None
    if policy is None or terms is None:
        return HeadThresholds(of_model, {})
    given = terms_thresholds(terms, stake=stake, of_model=of_model)
    return HeadThresholds(given, {"number": policy.number, "mode": terms.mode})


def describe_use(policy: Policy, segment: Segment | None) -> dict[str, Any]:
    """What a decision records of the policy that gave its thresholds."""
    terms = segment.terms if segment else policy.terms
    used = {"number": policy.number, "mode": terms.mode}
    return {**used, "segment": segment.name} if segment else used


def outcome_of(
    score: float, thresholds: Mapping[str, float], outcomes: Sequence[str] = BASIC_OUTCOMES
) -> str:
    """The most severe outcome whose threshold a calibrated probability reaches; else the mildest.

    `thresholds`: the lowest score of each outcome, such as `{"review": 0.2, "block": 0.8}`; an outcome
    without one is never given because of a score. `outcomes`: the event type's, the mildest first.
    """
    for outcome in reversed(outcomes):
        if (threshold := thresholds.get(outcome)) is not None and score >= threshold:
            return outcome
    return outcomes[0]


def judged_again(
    heads: Mapping[str, Mapping[str, Any]],
    policy: Policy | None,
    *,
    stake: int,
    of_model: Callable[[str], Mapping[str, float]],
    outcomes: Sequence[str],
) -> dict[str, dict[str, Any]]:
    """Logged heads with the outcomes that their scores get under another policy, None for no policy.

    `of_model`: the thresholds stored with the head of a content policy; asked for only if a policy of the
    ruleset set the logged ones and this one does not.
    """
    found = {}
    for name, head in heads.items():
        is_set = policy is not None and name in policy.heads
        own = of_model(name) if head.get("policy") and not is_set else head["thresholds"]
        thresholds = head_thresholds(policy, name, stake=stake, of_model=own).thresholds
        found[name] = {**head, "outcome": outcome_of(head["score"], thresholds, outcomes)}
    return found
