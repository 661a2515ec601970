"""The spine in the admin: what was received, decided, said and set aside; written by services, not by hand.

Every list is bounded at any size: pages are read along an index, and rows are counted only so far.
"""

from collections.abc import Callable, Sequence
from typing import Any

import orjson
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from scoring.admin_kit.badges import badge
from scoring.admin_kit.change_lists import EventTypeFilter, ModelAdmin, ReadOnlyAdmin, unbroken
from scoring.admin_kit.formatting import NO_VALUE, money_text, percent_text
from scoring.api.keys import pages as key_pages
from scoring.api.models import ApiKey
from scoring.catalog.forms import ExchangeRateForm
from scoring.catalog.models import ExchangeRate
from scoring.catalog.registry import event_type
from scoring.decisions.models import Decision
from scoring.ingest.labels import pages as label_pages  # noqa: F401 - the latter registers its page with the admin
from scoring.intake.label_sources import PRECEDENCE
from scoring.intake.models import Event, Label
from scoring.lanes.models import Pending
from scoring.learning import admin as learning_admin  # noqa: F401 - registers its lists and pages
from scoring.log.entries import LAST_POSITION
from scoring.log.models import LogEntry
from scoring.registry.models import Route


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


class EntriesAdmin(ReadOnlyAdmin):
    """Rows that lead to entries of the log, for those who may open it; others see the position alone."""

    def get_list_display(self, request: HttpRequest) -> Sequence[Any]:
        columns = super().get_list_display(request)
        if request.user.has_perm("scoring.view_logentry"):
            return columns
        return [getattr(column, "entry_field", column) for column in columns]


def pretty_json(text: str) -> str:
    return format_html(
        '<pre style="white-space: pre-wrap">{}</pre>',
        orjson.dumps(orjson.loads(text), option=orjson.OPT_INDENT_2).decode(),
    )


class TypeFilter(EventTypeFilter):
    field = "type"


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnlyAdmin):
    """The log, newest first; searched by position or by the whole name of a stream."""

    list_title = "Log"
    when_empty = "Everything that happens is written here, from the first event or login key on."
    list_display = ("position", "recorded_at", "type", "stream", "stream_version")
    ordering = ("-position",)
    sortable_by = ()
    search_fields = ("stream",)
    search_help_text = (
        "A position, or the whole name of a stream: payment/shop/T-1, model/payment-1, api_key/..."
    )
    fields = (
        "position",
        "recorded_at",
        "type",
        "schema_version",
        "stream",
        "stream_version",
        "content",
        "packed_bytes",
        "metadata",
        "epoch",
        "transaction",
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[LogEntry]:
        return super().get_queryset(request).defer("packed", "data", "metadata", "txid")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[LogEntry], search_term: str
    ) -> tuple[QuerySet[LogEntry], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        position = position_in(term)
        found = queryset.filter(stream=term) if position is None else queryset.filter(position=position)
        return found, False

    @admin.display(description="data")
    def content(self, entry: LogEntry) -> str:
        return pretty_json(entry.data)

    @admin.display(description="packed")
    def packed_bytes(self, entry: LogEntry) -> str:
        return "none" if entry.packed is None else f"{len(entry.packed):,} bytes"

    @admin.display(description="transaction")
    def transaction(self, entry: LogEntry) -> str:
        return str(entry.txid)


@admin.register(Event)
class EventAdmin(EntriesAdmin):
    """Received events, newest first; searched by position or by the whole name of their stream."""

    when_empty = "Events appear here when a sender posts them to the API, or manage.py ingest reads a file."
    list_display = (
        link_to_entry("position", "entry"),
        "type",
        "source",
        "external_id",
        "occurred_at",
        "received_at",
        "amended",
    )
    list_display_links = ("external_id",)
    list_filter = (TypeFilter,)
    ordering = ("-position",)
    sortable_by = ()
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


@admin.register(Decision)
class DecisionAdmin(EntriesAdmin):
    """Decisions, newest first; searched by the position of their event."""

    when_empty = "Decisions appear here as soon as events arrive."
    list_filter = ("outcome",)
    list_display = (
        link_to_entry("position", "entry"),
        link_to_entry("event_position", "event"),
        "event_type",
        "outcome_badge",
        "calibrated_score",
        "at_stake",
        "decided_by",
        "made_again",
        "decided_at",
    )
    list_display_links = None
    ordering = ("-position",)
    sortable_by = ()
    search_fields = ("event_position",)
    search_help_text = "The position of the event"

    @admin.display(description="outcome")
    def outcome_badge(self, decision: Decision) -> str:
        return badge(decision.outcome)

    @admin.display(description="at stake")
    def at_stake(self, decision: Decision) -> str:
        return unbroken(money_text(decision.stake, event_type(decision.event_type).base_currency))

    @admin.display(description="score")
    def calibrated_score(self, decision: Decision) -> str:
        return unbroken(percent_text(decision.score))

    @admin.display(description="decided by")
    def decided_by(self, decision: Decision) -> str:
        if decision.basis != Decision.Basis.MODEL:
            return badge(decision.basis)
        return unbroken(f"{decision.model} ({decision.arm})" if decision.arm else decision.model)

    @admin.display(description="made again")
    def made_again(self, decision: Decision) -> str:
        return f"{decision.revision}: {decision.cause}" if decision.revision else NO_VALUE

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Decision], search_term: str
    ) -> tuple[QuerySet[Decision], bool]:
        position = position_in(search_term.strip())
        return (queryset if position is None else queryset.filter(event_position=position)), False


class ConflictFilter(admin.SimpleListFilter):
    """Events whose sources say different things now; an entry from before they agreed is not one."""

    title = "agreement of sources"
    parameter_name = "in_conflict"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Sources disagree now")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Label]) -> QuerySet[Label]:
        if self.value() != "yes":
            return queryset
        later = Label.objects.filter(event_stream=OuterRef("event_stream"), position__gt=OuterRef("position"))
        return queryset.filter(~Exists(later), conflict=True)


@admin.register(Label)
class LabelAdmin(EntriesAdmin):
    """Labels, newest first; searched by the whole name of the event's stream."""

    list_display = (
        link_to_entry("position", "entry"),
        "event_stream",
        "source",
        "says",
        "holds",
        "sources_agree",
        "known_at",
    )
    list_display_links = ("event_stream",)
    list_filter = (ConflictFilter,)
    list_before_template = "scoring/label_precedence.html"
    when_empty = "Labels appear here when a sender posts them, a reviewer decides or a file is uploaded."
    precedence = PRECEDENCE  # for that template
    ordering = ("-position",)
    sortable_by = ()
    search_fields = ("event_stream",)
    search_help_text = "type/source/id of the event"

    @admin.display(description="says")
    def says(self, label: Label) -> str:
        return badge(label.value) if label.value else badge("retracted")

    @admin.display(description="label since then")
    def holds(self, label: Label) -> str:
        return badge(label.effective) if label.effective else NO_VALUE

    @admin.display(description="sources")
    def sources_agree(self, label: Label) -> str:
        return badge("disagree", tone="warn") if label.conflict else NO_VALUE

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Label], search_term: str
    ) -> tuple[QuerySet[Label], bool]:
        term = search_term.strip()
        return (queryset.filter(event_stream=term) if term else queryset), False


@admin.register(Pending)
class PendingAdmin(EntriesAdmin):
    """What waits for its lane, is held for its event, or was parked with its error."""

    list_title = "Waiting and parked"
    list_before_template = "scoring/pending_states.html"
    when_empty = "Nothing waits, and nothing was parked."
    list_display = (
        link_to_entry("position", "entry"),
        "state_badge",
        "lane",
        "kind",
        "event_stream",
        "enqueued_at",
        "first_line_of_error",
    )
    list_display_links = ("event_stream",)
    list_filter = ("state", "kind")
    ordering = ("position",)
    sortable_by = ()

    @admin.display(description="state")
    def state_badge(self, row: Pending) -> str:
        return badge(row.state)

    @admin.display(description="error")
    def first_line_of_error(self, row: Pending) -> str:
        return row.error.strip().partition("\n")[0][:200] or NO_VALUE


@admin.register(Route)
class RouteAdmin(ReadOnlyAdmin):
    """Which model versions decide each event type."""

    when_empty = "A route appears here once an event type's first model is promoted; no model decides before."
    list_display = ("event_type", "version", "who_decides", "unit", "changed_by", "reason", "changed_at")

    @admin.display(description="who decides")
    def who_decides(self, route: Route) -> str:
        return ", ".join(f"{arm['model']} ({arm['role']}, {arm['share']:.0%})" for arm in route.arms)


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    """API keys by prefix, each with a page of its own; made on another, and by `manage.py create_api_key`."""

    when_empty = "Senders need a key to post events. Add one here or with manage.py create_api_key."
    list_display = ("name", "starts_with", "source", "may", "state_badge", "last_used_at", "expires_at")
    ordering = ("-created_at",)
    sortable_by = ()
    search_fields = ("prefix", "name", "source")
    search_help_text = "Key, name or sender"

    @admin.display(description="key")
    def starts_with(self, key: ApiKey) -> str:
        return unbroken(f"{key.prefix}…")

    @admin.display(description="may")
    def may(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    @admin.display(description="state")
    def state_badge(self, key: ApiKey) -> str:
        return badge(key.state(timezone.now()))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(key_pages.CREATE)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        return redirect("admin:api_key_new")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = get_object_or_404(ApiKey, digest=object_id)
        return redirect("admin:api_key", prefix=row.prefix)


@admin.register(ExchangeRate)
class ExchangeRateAdmin(ModelAdmin):
    """Rates are configuration: they may be added, and hold from `valid_from` on."""

    when_empty = "Add a rate for each currency but the base: without one its amounts cannot be compared."
    form = ExchangeRateForm
    list_display = ("currency", "base", "rate", "valid_from")
    list_filter = ("base",)
    ordering = ("currency", "-valid_from")
