"""What a decision records of the ruleset: the keys of its entry that replay recomputes."""

from collections.abc import Mapping, Sequence
from typing import Any

from scoring.rules.breaker.tripping import CLOSED
from scoring.rules.deciding.live_rules import RuleError
from scoring.rules.deciding.precedence import Finding, Resolution
from scoring.rules.exploration.drawing import ExplorationResult
from scoring.rules.policies.segments import SegmentError

Unseen = Mapping[str, Any]


def recorded(
    ruleset: int,
    resolution: Resolution,
    findings: Sequence[Finding],
    *,
    errors: Sequence[RuleError | SegmentError] = (),
    breaker: str = CLOSED,
    exploration: ExplorationResult | None = None,
    policy: Mapping[str, Any] | None = None,
    unseen: Sequence[Unseen] = (),
) -> dict[str, Any]:
    """The outcome with the keys that a decision under a ruleset has; those that say nothing are left out."""
    told: dict[str, Any] = {
        "outcome": resolution.outcome,
        "ruleset": ruleset,
        "decided_by": resolution.decided_by,
        "findings": [finding.as_data() for finding in findings],
    }
    if resolution.initial:
        told["initial"] = resolution.initial
    if policy:
        told["policy"] = policy
    if errors:
        told["rule_errors"] = [error.as_data() for error in errors]
    if breaker != CLOSED:
        told["breaker"] = {"state": breaker}
    if exploration:
        told["exploration"] = exploration.as_data()
    if unseen:
        told["unseen"] = list(unseen)
    return told
