"""The page of the replay check: how many sampled decisions came out again as they were logged, by aspect."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.http import Http404
from django.utils import timezone

from monitoring.replay_check.aspects import ASPECTS_IN_WORDS
from monitoring.windows.hourly import to_hour
from scoring.admin_kit.formatting import count_text
from scoring.admin_kit.pages import AdminPage, register_page
from scoring.admin_kit.row_rules.visible import require_scored_types
from scoring.catalog.registry import event_type as find_event_type
from scoring.replay.consistency.mismatches import AspectCheck, read_aspects
from scoring.replay.models import LaneCheckpoint

SPANS = {"day": timedelta(days=1), "week": timedelta(weeks=1), "30 days": timedelta(days=30)}


@register_page
class ReplayCheckPage(AdminPage):
    """`?type=payment&span=week` choose what is shown."""

    path, name, title = "replay-check/", "replay_check", "Replay check"
    permission = "monitoring.view_modelwindow"
    template_name = "monitoring/replay_check.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now, types = timezone.now(), require_scored_types(self.request.user)
        event_type = self.request.GET.get("type") or types[0]
        span = self.request.GET.get("span") or "day"
        if event_type not in types or span not in SPANS:
            spans = ", ".join(SPANS)
            raise Http404(f"Unknown event type {event_type!r} or span {span!r}; spans are {spans}.")
        since = to_hour(now - SPANS[span])
        checks = read_aspects(since=since, event_type=event_type)
        lane = find_event_type(event_type).lane
        return super().get_context_data(
            event_type=event_type,
            types=types,
            span=span,
            spans=list(SPANS),
            since=since,
            summary=summarize(checks),
            rows=[(*ASPECTS_IN_WORDS[check.aspect], check) for check in checks],
            checked_at=LaneCheckpoint.objects.filter(lane=lane).values_list("checked_at", flat=True).first(),
            **kwargs,
        )


def summarize(checks: Sequence[AspectCheck]) -> tuple[str, str]:
    """(tone, sentence): whether what was recomputed is what was logged."""
    if not checks:
        return "info", "No decision was recomputed in this period."
    decisions = max(check.compared for check in checks)
    if differ := max(check.mismatched for check in checks):
        what = "decision differs" if differ == 1 else "decisions differ"
        return "bad", f"{count_text(differ)} of {count_text(decisions)} recomputed {what} from the log."
    what = "decision is" if decisions == 1 else "decisions are"
    return "good", f"All {count_text(decisions)} recomputed {what} as logged."
