"""Taking the next case, of the queue that the user chose last."""

from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from reviews.errors import BreakDue, NothingToClaim, ViewingLimitReached
from reviews.pages.quality.case_panel import ADJUDICATE
from reviews.pages.queues.words import queue_title
from reviews.work.claims import claim_next_case
from scoring.admin_kit.row_rules.visible import limits_of

CHOSEN_QUEUE = "reviews_queue"  # in the session


def take_next(request: HttpRequest, *, now: datetime) -> HttpResponse:
    """Claim the next case, of the queue that the user chose last, and redirect to it or else to the queue."""
    queue = request.session.get(CHOSEN_QUEUE, "")
    escalations = request.user.has_perm("reviews.decide_escalation")
    reviewer = request.user.get_username()
    try:
        case = claim_next_case(
            reviewer=reviewer,
            now=now,
            escalations=escalations,
            adjudications=request.user.has_perm(ADJUDICATE),
            confirmations=request.user.has_perm("reviews.confirm_verdict"),
            queue=queue,
            event_types=limits_of(request.user).event_types,
        )
    except NothingToClaim:
        of_queue = f" in the queue {queue_title(queue)}" if queue else ""
        messages.info(request, f"No cases to claim{of_queue}: all are decided, closed or claimed by others.")
        return redirect("admin:queue")
    except (BreakDue, ViewingLimitReached):  # the queue says so, and until when
        return redirect("admin:queue")
    return redirect("admin:case", position=case.event_position)
