"""The off-policy estimate of a version, as pages of policies show it."""

from datetime import datetime

from scoring.admin_kit.time_zones import zoned_text
from scoring.learning.policies.off_policy.comparing import compare_off_policy
from scoring.learning.policies.off_policy.reading import LoggedDecisions
from scoring.learning.policies.state import PolicyState
from scoring.rules.off_policy.words import EstimatePanel, estimate_panel
from scoring.rules.policies.costs import Costs
from scoring.rules.policies.policy import Policy


def estimate_shown(
    state: PolicyState, tried: Policy, *, costs: Costs | None, now: datetime
) -> tuple[EstimatePanel | None, str]:
    """The estimate of a version against the deciding one, and a sentence on its source; (None, "") without.

    `costs`: taken where no stored version has costs.
    """
    compared = compare_off_policy(state, tried, costs=state.costs() or costs, now=now)
    if compared is None:
        return None, ""
    return estimate_panel(compared.result, state.kind), _source(compared.decisions)


def _source(decisions: LoggedDecisions) -> str:
    """What the estimate is measured on."""
    period = f"{decisions.since:%Y-%m-%d} to {decisions.until:%Y-%m-%d}"
    told = f"What the scores of the decisions from {period} would give, without rules and lists."
    if decisions.drawn_at is None:
        return told
    return f"{told} {len(decisions.rows):,} of them were drawn at {zoned_text(decisions.drawn_at)}."
