"""One event, without the workflow of a case: what was sent, decided and said; and its retraction."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from reviews.console.event_details import EventDetail, event_detail
from reviews.models import Case
from reviews.pages.event_panels import event_panels, may_see_personal
from reviews.pages.history_table import history_of, number_in
from scoring.admin_kit.pages import AdminPage, actor_of, register_page
from scoring.intake.corrections import MAX_REASON_LENGTH, retract_event
from scoring.intake.errors import EventAlreadyRetracted, EventStillHistory
from scoring.log.errors import EntryNotFound, StreamConflict

MOST_TITLE = 40
RETRACT = "scoring.retract_event"


@register_page
class EventPage(AdminPage):
    """Any event that was received, decided or not.

    POST retracts it, with a `reason` and a `confirmed` that is not empty.
    """

    path, name, title = "events/<int:position>/", "event", "Event"
    permission = "scoring.view_event"
    template_name = "reviews/event.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        position = kwargs["position"]
        detail, personal = detail_or_404(position), may_see_personal(self.request.user)
        self.title = f"{detail.type.capitalize()} {shortened(detail.external_id)}"
        sees_cases = self.request.user.has_perm("reviews.view_case")
        return super().get_context_data(
            case=Case.objects.filter(pk=position).first() if sees_cases else None,
            now=timezone.now(),
            may_retract=self.request.user.has_perm(RETRACT) and not detail.is_retracted,
            longest_reason=MAX_REASON_LENGTH,
            history=history_of(
                detail,
                chosen=number_in(self.request.GET.get("entity")) or 0,
                before=number_in(self.request.GET.get("before")),
                position=position,
                personal=personal,
            ),
            **event_panels(detail, personal=personal),
            **kwargs,
        )

    def post(self, request: HttpRequest, position: int) -> HttpResponse:
        self.require(RETRACT)
        detail = detail_or_404(position)
        reason = " ".join(request.POST.get("reason", "").split())[:MAX_REASON_LENGTH]
        if not reason or not request.POST.get("confirmed"):
            messages.error(request, "Not retracted: give a reason and confirm that it is for good.")
            return redirect("admin:event", position=position)
        try:
            retract_event(detail.stream, reason=reason, now=timezone.now(), actor=actor_of(request))
        except (EventAlreadyRetracted, EventStillHistory, StreamConflict) as error:
            messages.error(request, f"Not retracted: {error}.")
        else:
            messages.success(request, "The event is retracted: it counts no more.")
        return redirect("admin:event", position=position)


def shortened(text: str) -> str:
    """A name as it fits into the head of a page: the middle of a long one is left out."""
    return text if len(text) <= MOST_TITLE else f"{text[: MOST_TITLE - 13]}...{text[-10:]}"


def detail_or_404(position: int) -> EventDetail:
    try:
        return event_detail(position)
    except EntryNotFound as error:
        raise Http404(str(error)) from error
