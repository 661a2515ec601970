"""The admin lists of the rooms below the kit: the log, and exchange rates."""

import orjson
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from scoring.admin_kit.change_lists import ModelAdmin, ReadOnlyAdmin, moment_column
from scoring.admin_kit.entry_lists import position_in
from scoring.catalog.exchange_rates.forms import ExchangeRateForm
from scoring.catalog.exchange_rates.models import ExchangeRate
from scoring.log.models import LogEntry


def pretty_json(text: str) -> str:
    return format_html(
        '<pre class="ws-json">{}</pre>',
        orjson.dumps(orjson.loads(text), option=orjson.OPT_INDENT_2).decode(),
    )


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnlyAdmin):
    """The log, newest first; searched by position or by the whole name of a stream."""

    list_title = "Log"
    when_empty = "Entries appear here from the first event or API key on."
    list_display = ("position", moment_column("recorded_at", "recorded"), "type", "stream", "stream_version")
    ordering = ("-position",)
    sortable_by = ()
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
