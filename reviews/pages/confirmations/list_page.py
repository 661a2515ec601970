"""The page of proposed verdicts, the oldest first, and the settings of four-eyes by event type."""

from typing import Any, NamedTuple

from django.utils import timezone

from reviews.four_eyes.stored import four_eyes_settings
from reviews.four_eyes.words import settings_text
from reviews.models import Case
from reviews.models.quality import StoredFourEyes
from reviews.pages.confirmations.settings_page import LOOK as LOOK_AT_SETTINGS
from reviews.work.reason_codes import action_title, broken_policies, verdict_words, words_of
from scoring.admin_kit.pages import AdminPage, register_page
from scoring.admin_kit.row_rules.visible import seen_scored_types, visible_to
from scoring.catalog.registry import event_type

MAX_ROWS = 100


class ProposedRow(NamedTuple):
    """A case whose verdict waits for a second person. `outcome`: what it gives the event, "" for none."""

    case: Case
    id: str
    title: str
    why: str
    outcome: str
    held_by: str
    own: bool


@register_page
class ConfirmationsPage(AdminPage):
    """Verdicts that wait for a second person, and which verdicts need one."""

    path, name, title = "four-eyes/", "confirmations", "Confirmations"
    subtitle = "Verdicts that take effect once a second person has given the same"
    permission = "reviews.view_case"
    template_name = "reviews/four_eyes/confirmations.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user, now = self.request.user, timezone.now()
        cases = list(visible_to(Case.objects.proposed(), user).order_by("proposed_at")[: MAX_ROWS + 1])
        rows = StoredFourEyes.objects.in_bulk()
        return super().get_context_data(
            rows=[
                _row(case, viewer=user.get_username(), held=case.is_held(now)) for case in cases[:MAX_ROWS]
            ],
            more=len(cases) > MAX_ROWS,
            may_confirm=user.has_perm("reviews.confirm_verdict"),
            settings=[
                (name, settings_text(four_eyes_settings.in_row(rows.get(name))))
                for name in seen_scored_types(user)
            ],
            may_look_at_settings=user.has_perm(LOOK_AT_SETTINGS),
            **kwargs,
        )


def _row(case: Case, *, viewer: str, held: bool) -> ProposedRow:
    kind, data = event_type(case.event_type), case.proposal
    broken = ", ".join(title for title, _ in broken_policies(kind, data.get("policies", {})))
    return ProposedRow(
        case=case,
        id=case.event_stream.split("/", 2)[-1],
        title=verdict_words(kind, data["verdict"]).title,
        why=broken or words_of(data["reason_code"]),
        outcome=action_title(kind, data["action"]) if data.get("action") else "",
        held_by=case.claimed_by if held else "",
        own=case.proposed_by == viewer,
    )
