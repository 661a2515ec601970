"""The page with all queues: how many cases wait in each, since when, and what their SLA says."""

from typing import Any, NamedTuple

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from reviews.models.queues import ReviewQueue
from reviews.pages.queues.words import members_text, queue_title, sla_text
from reviews.queue.sources.stored import review_sources
from reviews.queue.sources.words import settings_text
from reviews.queue.states import NOTHING_PENDING, QueueState, queue_states
from reviews.queues.rerouting import reroute_cases
from scoring.admin_kit.pages import AdminPage, actor_of, register_page
from scoring.admin_kit.row_rules.visible import of_seen_types, seen_scored_types, visible_to
from scoring.catalog.registry import scored_types

LOOK, SET = "reviews.view_reviewqueue", "reviews.set_reviewqueue"


class QueueLine(NamedTuple):
    """A queue of an event type; `queue`: its definition, None for the default queue or a content policy's."""

    event_type: str
    name: str
    title: str
    state: QueueState
    queue: ReviewQueue | None = None
    members: str = ""
    sla: str = ""


@register_page
class QueuesPage(AdminPage):
    """All queues. POST routes the open cases of an event type again."""

    path, name, title = "review-queues/", "review_queues", "Review queues"
    subtitle = "Which cases go to whom, and by when"
    permission = LOOK
    template_name = "reviews/queues/queues.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.request.user
        queues = list(visible_to(ReviewQueue.objects.all(), user).order_by("event_type", "priority", "name"))
        lines = of_seen_types(queue_lines(queues, now=timezone.now()), user)
        in_use = [line for line in lines if line.queue is None or not line.queue.retired]
        return super().get_context_data(
            lines=in_use,
            retired=[line for line in lines if line.queue is not None and line.queue.retired],
            routed=sorted({queue.event_type for queue in queues if not queue.retired}),
            breached=sum(line.state.breached for line in lines),
            soon=sum(line.state.soon for line in lines),
            pending=sum(line.state.pending for line in lines),
            may_set=self.request.user.has_perm(SET),
            sources=[(name, settings_text(review_sources.of(name))) for name in seen_scored_types(user)],
            **kwargs,
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        self.require(SET)
        event_type = request.POST.get("event_type", "")
        if event_type not in scored_types():
            messages.error(request, f"There is no scored event type {event_type!r}.")
            return redirect("admin:review_queues")
        moved = reroute_cases(event_type, actor=actor_of(request), now=timezone.now())
        cases = "1 open case was" if moved == 1 else f"{moved:,} open cases were"
        messages.success(request, f"{cases} moved to the queues that take them now.")
        return redirect("admin:review_queues")


def queue_lines(queues: list[ReviewQueue], *, now: Any) -> list[QueueLine]:
    """Every defined queue, and every other one with pending cases, by event type."""
    states = dict(queue_states(now=now))
    defined = [
        QueueLine(
            queue.event_type,
            queue.name,
            queue_title(queue.name),
            states.pop((queue.event_type, queue.name), NOTHING_PENDING),
            queue,
            members_text(queue.terms),
            sla_text(queue.terms["sla_minutes"]),
        )
        for queue in queues
    ]
    others = [QueueLine(kind, name, queue_title(name), state) for (kind, name), state in states.items()]
    return sorted([*defined, *others], key=lambda line: (line.event_type, line.queue is None))
