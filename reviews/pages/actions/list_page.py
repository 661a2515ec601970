"""The page with all actions and their latest requests."""

from typing import Any, NamedTuple

from reviews.actions.definition import ActionDefinition
from reviews.models import ActionRequest, CaseAction, CaseActionAddress
from reviews.pages.actions.words import RequestLine, groups_text, request_lines
from scoring.admin_kit.pages import AdminPage, register_page
from scoring.webhooks.posting import host_of

LOOK, SET = "reviews.view_caseaction", "reviews.set_caseaction"
MAX_SHOWN = 50


class ActionLine(NamedTuple):
    """An action with the host that gets its requests, "" without an address."""

    definition: ActionDefinition
    host: str
    groups: str
    retired: bool


@register_page
class CaseActionsPage(AdminPage):
    """All actions, and what became of the latest requests."""

    path, name, title = "case-actions/", "case_actions", "Actions of cases"
    subtitle = "What reviewers can have done in other systems, from the page of a case"
    permission = LOOK
    needs_all_types = True
    template_name = "reviews/actions/actions.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        hosts = {each.action: host_of(each.url) for each in CaseActionAddress.objects.all()}
        lines = [
            ActionLine(
                ActionDefinition.of(row.terms), hosts.get(row.name, ""), groups_text(row.terms), row.retired
            )
            for row in CaseAction.objects.order_by("name")
        ]
        return super().get_context_data(
            lines=[line for line in lines if not line.retired],
            retired=[line for line in lines if line.retired],
            requests=latest_requests(),
            may_set=self.request.user.has_perm(SET),
            **kwargs,
        )


def latest_requests(action: str = "") -> list[RequestLine]:
    """The latest requests, of one action or of all."""
    found = ActionRequest.objects.order_by("-created_at")
    return request_lines((found.filter(action=action) if action else found)[:MAX_SHOWN])
