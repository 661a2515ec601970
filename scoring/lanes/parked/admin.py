"""The admin list of pending, held and parked entries, of which parked ones can be retried."""

from collections.abc import Iterable

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.forms import ActionForm

from scoring.admin_kit.badges import badge
from scoring.admin_kit.change_lists import moment_column
from scoring.admin_kit.entry_lists import EntriesAdmin, event_text, link_to_entry
from scoring.admin_kit.filters.filtered_lists import FilteredAdmin
from scoring.admin_kit.filters.form_filters import ChoiceFilter, DayFilter, TextFilter
from scoring.admin_kit.formatting import NO_VALUE
from scoring.admin_kit.pages import actor_of
from scoring.lanes.errors import ReasonMissing
from scoring.lanes.models import Pending
from scoring.lanes.parked.retrying import MAX_REASON_LENGTH, retry_parked

RETRY = "scoring.retry_pending"


class ByState(ChoiceFilter):
    title, field, parameter = "state", "state", "state__exact"

    def values(self) -> Iterable[tuple[str, str]]:
        return Pending.State.choices


class ByKind(ChoiceFilter):
    title, field, parameter = "kind", "kind", "kind__exact"

    def values(self) -> Iterable[tuple[str, str]]:
        return Pending.Kind.choices


class ByLane(TextFilter):
    title, field = "lane", "lane"


class ByEnqueuedDay(DayFilter):
    title, field = "enqueued", "enqueued_at"


class RetryForm(ActionForm):
    """An action with the reason for it."""

    reason = forms.CharField(
        label="",
        required=False,
        max_length=MAX_REASON_LENGTH,
        widget=forms.TextInput(attrs={"placeholder": "Reason", "aria-label": "Reason", "class": "ws-onbar"}),
    )


@admin.register(Pending)
class PendingAdmin(EntriesAdmin, FilteredAdmin):
    """Entries that wait for their lane, are held for their event, or were parked with an error."""

    list_title = "Pending and parked"
    list_before_template = "scoring/pending_states.html"
    when_empty = "No entry is waiting or parked."
    list_display = (
        link_to_entry("position", "entry"),
        "state_badge",
        "lane",
        "kind",
        "event",
        moment_column("enqueued_at", "enqueued"),
        "first_line_of_error",
    )
    list_display_links = ("event",)
    list_filter = (ByState, ByKind, ByLane, ByEnqueuedDay)
    ordering = ("position",)
    sortable_by = ("position",)
    actions = ("retry",)
    action_form = RetryForm

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(RETRY)

    @admin.action(description="Retry selected parked entries", permissions=["retry"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Pending]) -> None:
        positions = list(queryset.values_list("position", flat=True))
        try:
            retried = retry_parked(
                positions,
                reason=request.POST.get("reason", ""),
                actor=actor_of(request),
                now=timezone.now(),
            )
        except ReasonMissing as error:
            self.message_user(request, f"Nothing was retried: {error}.", messages.ERROR)
            return
        self.message_user(request, _retry_text(len(retried), len(positions) - len(retried)))

    @admin.display(description="state")
    def state_badge(self, row: Pending) -> str:
        return badge(row.state)

    @admin.display(description="event")
    def event(self, row: Pending) -> str:
        return event_text(row.event_stream)

    @admin.display(description="error")
    def first_line_of_error(self, row: Pending) -> str:
        return row.error.strip().partition("\n")[0][:200] or NO_VALUE


def _retry_text(retried: int, left: int) -> str:
    """ "2 entries will be retried." and how many of the selected ones were not parked."""
    text = f"{retried} {'entry' if retried == 1 else 'entries'} will be retried."
    return text + (f" {left} of the selected ones were not parked." if left else "")
