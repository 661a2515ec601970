"""The page of a content policy: how well its score tells violations, and what another threshold would do."""

from typing import Any

from django.http import Http404
from django.utils import timezone

from scoring.admin_kit.pages import AdminPage, register_page
from scoring.learning.heads.table import PolicyRow, policy_row
from scoring.learning.policies.heads.state import heads_now
from scoring.learning.policies.pages.actions import DRAFTS
from scoring.learning.policies.pages.head_panel import Ruling, head_panel
from scoring.learning.policies.pages.policy_page import find_kind
from scoring.learning.policies.state import read_policy_state
from scoring.registry.models import ModelVersion


@register_page
class ContentPolicyPage(AdminPage):
    """Shows a content policy of an event type; `?if_block=42` tries a threshold.

    Before decided events are old enough to be measured on, it shows the held-out events of the model.
    """

    path, name = "policies/<str:event_type>/content/<str:content_policy>/", "content_policy"
    title = "Content policy"
    permission = "scoring.view_storedpolicy"
    template_name = "policies/content_policy.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now, state = timezone.now(), read_policy_state(find_kind(self.kwargs["event_type"]))
        deciding = state.deciding()
        heads = heads_now(state, deciding)
        head = next((each for each in heads if each.name == self.kwargs["content_policy"]), None)
        if head is None:
            raise Http404("the event type has no such policy")
        self.title = f"{head.title} in {state.kind.name} events"
        panel = head_panel(
            head, Ruling(state.kind, deciding, state.of_heads), self.request.GET.dict(), now=now
        )
        return super().get_context_data(
            kind=state.kind,
            state=state,
            heads=heads,
            head=head,
            panel=panel,
            held_out=self._held_out(state.champion, head.name) if panel.why_empty else None,
            may_draft=self.request.user.has_perm(DRAFTS),
            **kwargs,
        )

    def _held_out(self, model: str, policy: str) -> PolicyRow | None:
        """What the model's held-out events say of the policy, to those who may see models."""
        if not self.request.user.has_perm("scoring.view_modelversion"):
            return None
        version = ModelVersion.objects.filter(name=model).first()
        return policy_row(version, policy) if version else None
