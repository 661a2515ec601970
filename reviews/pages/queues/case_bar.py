"""The bar at the top of a case: its queue, SLA, why it is next, and setting it aside."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from reviews.errors import ReviewError
from reviews.models import Case
from reviews.models.queues import ReviewQueue
from reviews.pages.queues.next_case import take_next
from reviews.pages.queues.words import next_because, queue_title, sla_line
from reviews.work.claims import release_case
from reviews.work.setting_aside import assign_case, snooze_case, transfer_case
from scoring.admin_kit.pages import AdminPage, register_page
from scoring.admin_kit.time_zones import zoned_text

WORK, ASSIGN = "reviews.work_case", "reviews.assign_case"
# What the page offers: a key, how long, and how it is called.
SNOOZES = {
    "hour": (timedelta(hours=1), "for 1 hour"),
    "4hours": (timedelta(hours=4), "for 4 hours"),
    "day": (timedelta(days=1), "for 1 day"),
    "3days": (timedelta(days=3), "for 3 days"),
    "week": (timedelta(days=7), "for 1 week"),
}
MAX_REVIEWERS = 200  # offered by name


def case_bar(case: Case, *, user: Any, mine: bool, now: datetime) -> dict[str, Any]:
    """The template context of the bar."""
    pending = case.state in (Case.State.OPEN, Case.State.CLAIMED)
    may = pending and (user.has_perm(ASSIGN) or (mine and user.has_perm(WORK)))
    queues = ReviewQueue.objects.in_use().filter(event_type=case.event_type).exclude(pk=case.queue)
    return {
        "bar": {
            "queue": queue_title(case.queue),
            "sla": sla_line(case.due_at, now=now) if pending else None,
            "because": next_because(case, now=now) if mine else "",
            "snoozed": case.snoozed_until is not None and case.snoozed_until > now,
            "may": may,
            "mine": mine,
            "snoozes": {key: words for key, (_, words) in SNOOZES.items()},
            "queues": {queue.name: queue_title(queue.name) for queue in queues} if may else {},
            "reviewers": reviewers() if may else [],
        }
    }


def reviewers() -> list[str]:
    """The user names of people who may decide cases."""
    users = get_user_model()._default_manager.with_perm(
        WORK, backend="django.contrib.auth.backends.ModelBackend"
    )
    return list(users.order_by("username").values_list("username", flat=True)[:MAX_REVIEWERS])


@register_page
class SetAsidePage(AdminPage):
    """POST skips, snoozes, assigns or transfers a case; the address itself leads to the case."""

    path, name, title = "cases/<int:position>/aside/", "case_aside", "Set a case aside"
    permission = "reviews.view_case"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return redirect("admin:case", position=kwargs["position"])

    def post(self, request: HttpRequest, position: int) -> HttpResponse:
        self.require(WORK)
        act = ACTIONS.get(request.POST.get("action", ""))
        if act is None:
            raise BadRequest(f"unknown action; use {', '.join(ACTIONS)}")
        if not Case.objects.filter(pk=position).exists():
            raise Http404(f"There is no case for the event at position {position}.")
        now = timezone.now()
        mine = Case.objects.get(pk=position).is_held_by(self.reviewer, now)
        try:
            done = act(self, position, now)
        except ReviewError as error:
            text = str(error)
            messages.error(request, f"{text[0].upper()}{text[1:]}.")
            return redirect("admin:case", position=position)
        messages.success(request, done)
        return take_next(request, now=now) if mine else redirect("admin:case", position=position)

    def skip(self, position: int, now: datetime) -> str:
        release_case(position, reviewer=self.reviewer, now=now, reason=self.sent("reason"))
        return "Skipped. For an hour you get this case again only if no other is left."

    def snooze(self, position: int, now: datetime) -> str:
        if self.sent("for") not in SNOOZES:
            raise BadRequest(f"unknown time; use {', '.join(SNOOZES)}")
        length, words = SNOOZES[self.sent("for")]
        until = now + length
        snooze_case(
            position,
            reviewer=self.reviewer,
            until=until,
            reason=self.sent("reason"),
            now=now,
            may_assign=self.may_assign,
        )
        return f"Snoozed {words}: the case is not offered before {zoned_text(until)}. Claim it to end that."

    def assign(self, position: int, now: datetime) -> str:
        to = self.sent("to")
        assign_case(
            position,
            reviewer=self.reviewer,
            to=to,
            reason=self.sent("reason"),
            now=now,
            may_assign=self.may_assign,
        )
        return f"Assigned to {to}, who gets the case next." if to else "The case is assigned to nobody."

    def transfer(self, position: int, now: datetime) -> str:
        queue = self.sent("queue")
        transfer_case(
            position,
            reviewer=self.reviewer,
            queue=queue,
            reason=self.sent("reason"),
            now=now,
            may_assign=self.may_assign,
        )
        return f"Transferred to the queue {queue_title(queue)}."

    def sent(self, name: str) -> str:
        return self.request.POST.get(name, "").strip()

    @property
    def reviewer(self) -> str:
        return self.request.user.get_username()

    @property
    def may_assign(self) -> bool:
        return self.request.user.has_perm(ASSIGN)


ACTIONS: dict[str, Callable[[SetAsidePage, int, datetime], str]] = {
    "skip": SetAsidePage.skip,
    "snooze": SetAsidePage.snooze,
    "assign": SetAsidePage.assign,
    "transfer": SetAsidePage.transfer,
}
