"""Hourly windows in the admin, to look at, and the pages that are made of windows."""

from collections.abc import Callable

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from monitoring import pages  # noqa: F401 (registers them)
from monitoring.latency import percentile_ms
from monitoring.models import HourlyWindow
from scoring.workspace.admin import EventTypeFilter, ReadOnlyAdmin, unbroken
from scoring.workspace.figures import count_text


def counted(field: str, title: str = "") -> Callable[[HourlyWindow], str]:
    """A column with the count in `field`, under `title` if it is not the field's name."""

    @admin.display(description=title or field)
    def count(window: HourlyWindow) -> str:
        return count_text(getattr(window, field))

    return count


@admin.register(HourlyWindow)
class HourlyWindowAdmin(ReadOnlyAdmin):
    """Read-only: the log decides what happened. Hours to come, when loaded labels fall due, are left out."""

    when_empty = "Each hour appears here as soon as something happens in it."
    list_display = (
        *("hour", "event_type", counted("received"), counted("decided_allow", "allow")),
        *(counted("decided_review", "review"), counted("decided_block", "block"), counted("fallbacks")),
        *(counted("revised"), counted("parked"), counted("labels"), counted("positives", "fraud")),
        *("median_latency", "slow_latency"),
    )
    list_display_links = None
    sortable_by = ()
    list_filter = (EventTypeFilter,)
    ordering = ("-start", "event_type")

    def get_queryset(self, request: HttpRequest) -> QuerySet[HourlyWindow]:
        return super().get_queryset(request).filter(start__lte=timezone.now())

    @admin.display(description="hour (UTC)")
    def hour(self, window: HourlyWindow) -> str:
        return unbroken(f"{window.start:%Y-%m-%d %H:%M}")

    @admin.display(description="median ms")
    def median_latency(self, window: HourlyWindow) -> str:
        return _milliseconds(window, 0.5)

    @admin.display(description="99th pct. ms")
    def slow_latency(self, window: HourlyWindow) -> str:
        return _milliseconds(window, 0.99)


def _milliseconds(window: HourlyWindow, q: float) -> str:
    latency = percentile_ms(window.latency, q)
    return "-" if latency is None else f"{latency:.1f}"
