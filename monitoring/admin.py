"""Hourly windows in the admin, to look at."""

from django.contrib import admin
from django.http import HttpRequest

from monitoring.models import HourlyWindow


@admin.register(HourlyWindow)
class HourlyWindowAdmin(admin.ModelAdmin):
    """Read-only: the log decides what happened."""

    list_display = (
        *("start", "event_type", "received", "decided_allow", "decided_review", "decided_block", "fallbacks"),
        *("revised", "parked", "labels", "mean_latency_ms", "most_latency_ms"),
    )
    list_filter = ("event_type",)
    date_hierarchy = "start"
    ordering = ("-start", "event_type")
    list_per_page = 100
    show_full_result_count = False

    @admin.display(description="mean latency (ms)")
    def mean_latency_ms(self, window: HourlyWindow) -> str:
        mean = window.latency_ms_mean
        return "-" if mean is None else f"{mean:.1f}"

    @admin.display(description="longest latency (ms)", ordering="latency_us_max")
    def most_latency_ms(self, window: HourlyWindow) -> str:
        return f"{window.latency_ms_max:.1f}"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: HourlyWindow | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: HourlyWindow | None = None) -> bool:
        return False
