"""Hourly windows in the admin, to look at, and the pages that are made of windows."""

from django.contrib import admin

from monitoring import pages  # noqa: F401 (registers them)
from monitoring.latency import percentile_ms
from monitoring.models import HourlyWindow
from scoring.workspace.admin import EventTypeFilter, ReadOnlyAdmin


@admin.register(HourlyWindow)
class HourlyWindowAdmin(ReadOnlyAdmin):
    """Read-only: the log decides what happened."""

    list_display = (
        *("start", "event_type", "received", "decided_allow", "decided_review", "decided_block", "fallbacks"),
        *("revised", "parked", "labels", "positives", "median_latency", "slow_latency"),
    )
    list_filter = (EventTypeFilter,)
    ordering = ("-start", "event_type")

    @admin.display(description="median latency (ms)")
    def median_latency(self, window: HourlyWindow) -> str:
        return _milliseconds(window, 0.5)

    @admin.display(description="99th percentile (ms)")
    def slow_latency(self, window: HourlyWindow) -> str:
        return _milliseconds(window, 0.99)


def _milliseconds(window: HourlyWindow, q: float) -> str:
    latency = percentile_ms(window.latency, q)
    return "-" if latency is None else f"{latency:.1f}"
