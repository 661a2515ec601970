"""The admin lists of the rooms below the kit: the log, and exchange rates."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from scoring.admin_kit.change_lists import ModelAdmin, moment_column
from scoring.admin_kit.entry_lists import position_in
from scoring.admin_kit.filters.exporting import columns_of
from scoring.admin_kit.filters.filtered_lists import FilteredAdmin
from scoring.admin_kit.filters.form_filters import DayFilter, Rows, TextFilter
from scoring.admin_kit.formatting import NO_VALUE
from scoring.admin_kit.row_rules.visible import hidden_types
from scoring.catalog.exchange_rates.forms import ExchangeRateForm
from scoring.catalog.exchange_rates.models import ExchangeRate
from scoring.log.models import ACTOR, HAS_INDEXED_ACTOR, LogEntry

MAX_SUGGESTIONS = 200


def pretty_json(text: str) -> str:
    return format_html(
        '<pre class="ws-json">{}</pre>',
        orjson.dumps(orjson.loads(text), option=orjson.OPT_INDENT_2).decode(),
    )


class ByActor(TextFilter):
    """A person by name, or another actor by its whole name; not API keys, which the index leaves out."""

    title, field, placeholder = "actor", "actor", "ana or guardrails"

    def form_fields(self) -> dict[str, forms.Field]:
        fields = super().form_fields()
        fields[self.field].validators.append(refuse_api_keys)
        return fields

    def suggestions(self) -> list[str]:
        return list(User.objects.order_by("username").values_list("username", flat=True)[:MAX_SUGGESTIONS])

    def narrow(self, rows: Rows, values: Mapping[str, Any]) -> Rows:
        name = values[self.field]
        actors = (name, f"user/{name}")
        return rows.filter(HAS_INDEXED_ACTOR).filter(acting__in=actors)


def streams_of(types: Iterable[str]) -> str:
    """A pattern of the streams of events of these types, and of what is about one, or about a type: labels, a
    case, its models and settings.
    """
    return rf"(^|/)({'|'.join(types)})(/|-[0-9]+$|$)"


def refuse_api_keys(actor: str) -> None:
    if actor.startswith("api_key/"):
        raise forms.ValidationError("The log is not searched by API key; search by the stream of an event.")


class ByType(TextFilter):
    title, field, placeholder = "type", "type", "case.decided"


class ByRecordedDay(DayFilter):
    title, field, position = "recorded", "recorded_at", "position"


@admin.register(LogEntry)
class LogEntryAdmin(FilteredAdmin):
    """The log, newest first; searched by position or by the whole name of a stream."""

    list_title = "Log"
    when_empty = "Entries appear here from the first event or API key on."
    list_display = (
        "position",
        moment_column("recorded_at", "recorded"),
        "type",
        "acted_by",
        "stream",
        "stream_version",
    )
    list_filter = (ByActor, ByType, ByRecordedDay)
    export_columns = columns_of(
        *("position", "recorded_at", "type", "acting", "stream", "stream_version", "data")
    )
    ordering = ("-position",)
    sortable_by = ("position",)
    search_fields = ("stream",)
    search_help_text = "Position, or stream: model/payment-1"
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
        """With `acting`: the actor, None if there is none. Without entries about events of types not seen."""
        entries = super().get_queryset(request).annotate(acting=ACTOR)
        if hidden := hidden_types(request.user):
            entries = entries.exclude(stream__regex=streams_of(hidden))
        return entries.defer("packed", "metadata", "txid")

    @admin.display(description="actor")
    def acted_by(self, entry: LogEntry) -> str:
        return entry.acting or NO_VALUE  # type: ignore[attr-defined]

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


@admin.register(ExchangeRate)
class ExchangeRateAdmin(ModelAdmin):
    """Rates are configuration: they may be added, and hold from `valid_from` on."""

    when_empty = (
        "Add a rate for every currency other than the base. Amounts in a currency without a rate are refused."
    )
    form = ExchangeRateForm
    list_display = ("currency", "base", "rate", moment_column("valid_from", "valid from"))
    list_filter = ("base",)
    ordering = ("currency", "-valid_from")
