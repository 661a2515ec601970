"""What a model's heads say of an event's policies, as decisions log it: {"spam": {"score", ...}}."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from scoring.rules.expressions.operands import policy_operand

Heads = Mapping[str, Mapping[str, Any]]
NO_HEADS: Final[Heads] = MappingProxyType({})


def heads_of(decision: Mapping[str, Any]) -> Heads:
    """The heads that a decision logged, by policy; none of a model without heads."""
    return decision.get("policies") or NO_HEADS


def scores_by_operand(heads: Heads) -> dict[str, float | None]:
    """The scores by the names under which expressions read them.

    >>> scores_by_operand({"spam": {"score": 0.97}})
    {'policy_spam': 0.97}
    """
    return {policy_operand(policy): head["score"] for policy, head in heads.items()}


def severest_outcome(outcome: str, heads: Heads, outcomes: Sequence[str]) -> str:
    """The most severe of the outcome of the main score and those of the heads. `outcomes`: by severity.

    >>> severest_outcome("review", {"spam": {"outcome": "block"}}, ("allow", "review", "block"))
    'block'
    """
    if not heads:
        return outcome
    return max([outcome, *(head["outcome"] for head in heads.values())], key=outcomes.index)
