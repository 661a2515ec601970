"""The list of policies: one card for each scored event type."""

from typing import Any, NamedTuple

from scoring.admin_kit.pages import AdminPage, register_page
from scoring.admin_kit.row_rules.visible import seen_scored_types
from scoring.catalog.registry import event_type
from scoring.learning.policies.state import PolicyState, read_policy_state
from scoring.rules.policies.policy import Policy
from scoring.rules.policies.words import MODE_WORDS, terms_in_words


class PolicyCard(NamedTuple):
    """An event type with its policy in words."""

    state: PolicyState
    policy: Policy
    mode: str
    sentences: list[str]

    @property
    def number(self) -> str:
        return str(self.policy.number)


@register_page
class PoliciesPage(AdminPage):
    """The policy in use of every scored event type."""

    path, name, title = "policies/", "policies", "Policies"
    permission = "scoring.view_storedpolicy"
    template_name = "policies/policies.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        states = [read_policy_state(event_type(name)) for name in seen_scored_types(self.request.user)]
        return super().get_context_data(cards=[_card(state) for state in states], **kwargs)


def _card(state: PolicyState) -> PolicyCard:
    policy = state.deciding()
    sentences = terms_in_words(policy.terms, state.kind, of_model=state.of_model)
    return PolicyCard(state, policy, MODE_WORDS[policy.terms.mode], sentences)
