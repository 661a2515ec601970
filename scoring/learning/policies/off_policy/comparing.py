"""What a policy would do instead of the one in use, estimated from logged decisions."""

from dataclasses import dataclass
from datetime import datetime

from scoring.learning.policies.effect import costs_by_class, outcomes_under
from scoring.learning.policies.off_policy.reading import LoggedDecisions, read_logged_decisions
from scoring.learning.policies.sampled_segments import MAX_SEGMENTED, places_of
from scoring.learning.policies.sampling.stored import SIZE
from scoring.learning.policies.state import PolicyState
from scoring.rules.off_policy.estimating import OffPolicyResult, estimate_policy
from scoring.rules.off_policy.sums import GivenOutcomes, Sums
from scoring.rules.policies.costs import Costs
from scoring.rules.policies.policy import Policy


@dataclass(frozen=True)
class OffPolicyComparison:
    """The estimate, and the decisions that it rests on."""

    result: OffPolicyResult
    decisions: LoggedDecisions


def compare_off_policy(
    state: PolicyState, tried: Policy, *, costs: Costs | None, now: datetime
) -> OffPolicyComparison | None:
    """Estimate a policy against the deciding one; None without a model or mature decisions.

    `costs`: by which costs a day are measured, None for none.
    """
    in_use = state.deciding()
    size = MAX_SEGMENTED if in_use.segments or tried.segments else SIZE
    decisions = read_logged_decisions(state.kind, now=now, size=size) if state.of_model else None
    if decisions is None:
        return None
    sums = Sums(state.kind.outcomes)
    before, after = (_given(state, policy, decisions, costs) for policy in (in_use, tried))
    sums.add(decisions.events, before=before, after=after)
    result = estimate_policy(sums, outcomes=state.kind.outcomes, days=decisions.days)
    return OffPolicyComparison(result, decisions)


def _given(
    state: PolicyState, policy: Policy, decisions: LoggedDecisions, costs: Costs | None
) -> GivenOutcomes:
    outcomes = state.kind.outcomes
    places = outcomes_under(
        policy,
        decisions,
        of_model=state.of_model,
        outcomes=outcomes,
        segments=places_of(policy, decisions),
    )
    by_class = costs_by_class(decisions.stake, places, outcomes, costs) if costs else None
    return GivenOutcomes(places, by_class)
