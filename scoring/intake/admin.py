"""Admin lists of received events and of labels, read along an index and never counted in full."""

from collections.abc import Iterable, Sequence

from django.contrib import admin
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest

from scoring.admin_kit.badges import badge
from scoring.admin_kit.change_lists import moment_column
from scoring.admin_kit.entry_lists import EntriesAdmin, event_text, find_events, link_to_entry
from scoring.admin_kit.filters.by_event import ByEventType
from scoring.admin_kit.filters.exporting import columns_of
from scoring.admin_kit.filters.filtered_lists import FilteredAdmin
from scoring.admin_kit.filters.form_filters import ChoiceFilter, DayFilter, TextFilter
from scoring.admin_kit.formatting import NO_VALUE
from scoring.admin_kit.withheld_labels import without_withheld
from scoring.catalog.registry import event_types
from scoring.intake.label_sources import PRECEDENCE
from scoring.intake.models import Event, Label


class ByType(ByEventType):
    field, parameter = "type", "event_type"


class BySource(TextFilter):
    title, field, placeholder = "source", "source", "web shop"


class ByOccurredDay(DayFilter):
    title, field = "occurred", "occurred_at"


class ByReceivedDay(DayFilter):
    title, field, position = "received", "received_at", "position"


class ByChange(ChoiceFilter):
    title, field = "changed", "changed"

    def values(self) -> Iterable[tuple[str, str]]:
        return [("corrected", "corrected"), ("retracted", "retracted")]

    def condition(self, value: str) -> Q:
        return Q(versions__gt=1) if value == "corrected" else Q(retracted_at__isnull=False)


@admin.register(Event)
class EventAdmin(EntriesAdmin, FilteredAdmin):
    """Received events, newest first; searched by position or by the whole name of their stream."""

    when_empty = "Events appear here when a sender posts them to the API, or manage.py ingest reads a file."
    list_display = (
        link_to_entry("position", "entry"),
        "type",
        "source",
        "external_id",
        moment_column("occurred_at", "occurred"),
        moment_column("received_at", "received"),
        "amended",
    )
    list_display_links = ("external_id",)
    list_filter = (ByType, BySource, ByReceivedDay, ByOccurredDay, ByChange)
    export_columns = columns_of(
        *("position", "type", "source", "external_id", "occurred_at", "received_at", "versions"),
        "retracted_at",
    )
    ordering = ("-position",)
    sortable_by = ("position",)
    search_fields = ("position",)
    search_help_text = "A position, or type/source/id"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Event], search_term: str
    ) -> tuple[QuerySet[Event], bool]:
        return find_events(queryset, "position", search_term)

    @admin.display(description="changed")
    def amended(self, event: Event) -> str:
        if event.retracted_at:
            return badge("retracted")
        return f"version {event.versions}" if event.versions > 1 else "-"


class ByConflict(ChoiceFilter):
    """Events whose sources disagree now; an entry from before they agreed is not one."""

    title, field = "conflict", "in_conflict"

    def values(self) -> Iterable[tuple[str, str]]:
        return [("yes", "sources disagree now")]

    def condition(self, value: str) -> Q:
        later = Label.objects.filter(event_stream=OuterRef("event_stream"), position__gt=OuterRef("position"))
        return Q(~Exists(later), conflict=True)


class ByTypeOfEvent(ByEventType):
    def condition(self, value: str) -> Q:
        return Q(event_stream__startswith=f"{value}/")


class ByLabelSource(BySource):
    placeholder = "chargeback"


class ByLabel(TextFilter):
    title, field, placeholder = "label", "value", "fraud"


class ByKnownDay(DayFilter):
    title, field = "known", "known_at"


@admin.register(Label)
class LabelAdmin(EntriesAdmin, FilteredAdmin):
    """Labels, newest first; searched by the whole name of the event's stream."""

    list_display = (
        link_to_entry("position", "entry"),
        "event",
        "source",
        "label",
        "effective_label",
        "policies",
        "conflict_badge",
        moment_column("known_at", "known"),
    )
    list_display_links = ("event",)
    list_filter = (ByTypeOfEvent, ByLabelSource, ByLabel, ByKnownDay, ByConflict)
    export_columns = columns_of(
        *("position", "event_stream", "source", "value", "previous", "effective", "conflict", "known_at")
    )
    list_before_template = "scoring/label_precedence.html"
    when_empty = "Labels appear here when a sender posts them, a reviewer decides or a file is uploaded."
    precedence = PRECEDENCE  # for that template
    ordering = ("-position",)
    sortable_by = ("position",)
    search_fields = ("event_stream",)
    search_help_text = "type/source/id of the event"

    @admin.display(description="event")
    def event(self, label: Label) -> str:
        return event_text(label.event_stream)

    @admin.display(description="label")
    def label(self, label: Label) -> str:
        return badge(label.value) if label.value else badge("retracted")

    @admin.display(description="effective label")
    def effective_label(self, label: Label) -> str:
        return badge(label.effective) if label.effective else NO_VALUE

    @admin.display(description="policies")
    def policies(self, label: Label) -> str:
        """Those of the effective label."""
        return ", ".join(label.effective_policies) or NO_VALUE

    @admin.display(description="conflict")
    def conflict_badge(self, label: Label) -> str:
        return badge("sources disagree", tone="warn") if label.conflict else NO_VALUE

    def get_queryset(self, request: HttpRequest) -> QuerySet[Label]:
        return without_withheld(
            super().get_queryset(request), request.user.get_username(), stream="event_stream"
        )

    def get_list_display(self, request: HttpRequest) -> Sequence[str]:
        """The column of policies only if an event type has any."""
        has_policies = any(kind.policies for kind in event_types().values())
        return [name for name in super().get_list_display(request) if has_policies or name != "policies"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Label], search_term: str
    ) -> tuple[QuerySet[Label], bool]:
        term = search_term.strip()
        return (queryset.filter(event_stream=term) if term else queryset), False
