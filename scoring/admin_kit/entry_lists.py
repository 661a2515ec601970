"""Lists of rows that lead to entries of the log, searched along an index."""

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from scoring.admin_kit.change_lists import ReadOnlyAdmin, two_lines
from scoring.log.entries import LAST_POSITION
from scoring.log.models import LogEntry


def position_in(term: str) -> int | None:
    """The log position that a search term is, if it is one."""
    number = int(term) if term.isascii() and term.isdigit() and len(term) < 20 else None
    return number if number is not None and number <= LAST_POSITION else None


def find_events(rows: QuerySet[Any], field: str, search_term: str) -> tuple[QuerySet[Any], bool]:
    """The rows whose `field` is the position of the event searched for: by position, or type/source/id."""
    term = search_term.strip()
    if not term:
        return rows, False
    position = position_in(term)
    if position is None:
        received = LogEntry.objects.filter(stream=term, stream_version=1)
        return rows.filter(**{f"{field}__in": received.values("position")}), False
    return rows.filter(**{field: position}), False


def link_to_entry(field: str, title: str) -> Callable[[Any], str]:
    """A column that leads to the log entry whose position stands in `field`."""

    @admin.display(description=title, ordering=field)
    def link(row: Any) -> str:
        position = getattr(row, field)
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:scoring_logentry_change", args=[position]), position
        )

    link.entry_field = field  # type: ignore[attr-defined]
    return link


def event_text(stream: str) -> str:
    """An event's stream in a list: the sender's own id, and below it the event type and the source."""
    event_type, source, event_id = stream.split("/", 2)
    shown = format_html('<span class="ws-id" title="{}">{}</span>', stream, event_id)
    return two_lines(shown, f"{event_type}/{source}")


class EventRowsAdmin(ReadOnlyAdmin):
    """Rows about the event at `event_position`, of which the column `event` shows id, type and source."""

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """With the events of the page, read in one query; linked for those who may open them."""
        changelist = super().get_changelist_instance(request)
        positions = {row.event_position for row in changelist.result_list}
        streams = dict(LogEntry.objects.filter(pk__in=positions).values_list("position", "stream"))
        is_linked = request.user.has_perm("scoring.view_event")
        for row in changelist.result_list:
            row.shown_event = _event_cell(row.event_position, streams.get(row.event_position), is_linked)
        return changelist

    @admin.display(description="event")
    def event(self, row: Any) -> str:
        shown: str = row.shown_event
        return shown

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return find_events(queryset, "event_position", search_term)


def _event_cell(position: int, stream: str | None, is_linked: bool) -> str:
    """The event's text, or its position if the log does not have it."""
    shown = event_text(stream) if stream else str(position)
    if not (stream and is_linked):
        return shown
    address = reverse("admin:scoring_event_change", args=[position])
    return format_html('<a class="ws-link" href="{}">{}</a>', address, shown)


class EntriesAdmin(ReadOnlyAdmin):
    """Rows that lead to entries of the log, for those who may open it; others see the position alone."""

    def get_list_display(self, request: HttpRequest) -> Sequence[Any]:
        columns = super().get_list_display(request)
        if request.user.has_perm("scoring.view_logentry"):
            return columns
        return [getattr(column, "entry_field", column) for column in columns]
