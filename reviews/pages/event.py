"""The page of an event, with or without a case: its fields, decisions and labels; and its retraction."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from reviews.console.event_details import EventDetail, event_detail
from reviews.models import Case
from reviews.pages.content.media import media_panel
from reviews.pages.content.panel import content_panel, is_restricted
from reviews.pages.event_panels import event_panels
from reviews.pages.history_table import history_of, number_in
from reviews.pages.list_panel import event_lists_panel
from reviews.pages.related.places import place_map
from reviews.pages.risks.panel import risk_panel
from reviews.quality.blinding import seen_case, seen_detail
from reviews.work.viewing import open_case
from scoring.admin_kit.formatting import shortened
from scoring.admin_kit.pages import actor_of, register_page
from scoring.admin_kit.personal.revealing import PersonalPage
from scoring.intake.amending.corrections import MAX_REASON_LENGTH, retract_event
from scoring.intake.errors import EventAlreadyRetracted, EventStillHistory
from scoring.log.errors import EntryNotFound, StreamConflict

RETRACT = "scoring.retract_event"


@register_page
class EventPage(PersonalPage):
    """Any event that was received, decided or not.

    POST retracts it; needs a `reason` and a non-empty `confirmed`.
    """

    path, name, title = "events/<int:position>/", "event", "Event"
    permission = "scoring.view_event"
    template_name = "reviews/event.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        position = kwargs["position"]
        reviewer = self.request.user.get_username()
        stored = Case.objects.filter(pk=position).first()
        case = seen_case(stored, reviewer) if stored else None
        detail = seen_detail(detail_or_404(position), stored, reviewer)
        personal = self.personal
        self.title = f"{detail.type.capitalize()} {shortened(detail.external_id)}"
        panels = event_panels(detail, personal=personal)
        sees_cases, now = self.request.user.has_perm("reviews.view_case"), timezone.now()
        withheld = open_case(case, reviewer=reviewer, now=now) if case else None
        content = (
            None if withheld else content_panel(detail, personal=personal, user=self.request.user, now=now)
        )
        return super().get_context_data(
            case=case if sees_cases else None,
            withheld=withheld,
            now=now,
            content=content,
            author=content.author if content else None,
            media=None if withheld else media_panel(detail, user=self.request.user),
            stated=sees_cases and is_restricted(detail, case),
            may_retract=self.request.user.has_perm(RETRACT) and not detail.is_retracted,
            max_reason_length=MAX_REASON_LENGTH,
            history=history_of(
                detail,
                chosen=number_in(self.request.GET.get("entity")) or 0,
                before=number_in(self.request.GET.get("before")),
                position=position,
                personal=personal,
                viewer=self.request.user,
            ),
            places=None if withheld else place_map(detail),
            list_reason=f"Event {shortened(detail.external_id)}",
            **event_lists_panel(
                detail, panels["reasons"], user=self.request.user, personal=personal, now=timezone.now()
            ),
            **risk_panel(detail.entities, user=self.request.user, personal=personal, now=now),
            **panels,
            **kwargs,
        )

    def post(self, request: HttpRequest, position: int) -> HttpResponse:
        self.require(RETRACT)
        detail = detail_or_404(position)
        reason = " ".join(request.POST.get("reason", "").split())[:MAX_REASON_LENGTH]
        if not reason or not request.POST.get("confirmed"):
            messages.error(request, "Not retracted: enter a reason and confirm that it cannot be undone.")
            return redirect("admin:event", position=position)
        try:
            retract_event(detail.stream, reason=reason, now=timezone.now(), actor=actor_of(request))
        except (EventAlreadyRetracted, EventStillHistory, StreamConflict) as error:
            messages.error(request, f"Not retracted: {error}.")
        else:
            messages.success(request, "Event retracted and removed from the counts of its entities.")
        return redirect("admin:event", position=position)


def detail_or_404(position: int) -> EventDetail:
    try:
        return event_detail(position)
    except EntryNotFound as error:
        raise Http404(str(error)) from error
