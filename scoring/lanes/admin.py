"""The admin list of pending, held and parked entries."""

from django.contrib import admin

from scoring.admin_kit.badges import badge
from scoring.admin_kit.change_lists import moment_column
from scoring.admin_kit.entry_lists import EntriesAdmin, event_text, link_to_entry
from scoring.admin_kit.formatting import NO_VALUE
from scoring.lanes.models import Pending


@admin.register(Pending)
class PendingAdmin(EntriesAdmin):
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
    list_filter = ("state", "kind")
    ordering = ("position",)
    sortable_by = ()

    @admin.display(description="state")
    def state_badge(self, row: Pending) -> str:
        return badge(row.state)

    @admin.display(description="event")
    def event(self, row: Pending) -> str:
        return event_text(row.event_stream)

    @admin.display(description="error")
    def first_line_of_error(self, row: Pending) -> str:
        return row.error.strip().partition("\n")[0][:200] or NO_VALUE
