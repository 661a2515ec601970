"""Hourly windows in the admin, to look at, and the pages that are made of windows."""

from collections.abc import Callable

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from monitoring.drift import page as pages  # noqa: F401 (registers them)
from monitoring.feature_pages import batch_view_pages as view_pages  # noqa: F401
from monitoring.feature_pages import pages as catalogue_pages  # noqa: F401
from monitoring.models import HourlyWindow
from monitoring.windows.latency import percentile_ms
from scoring.admin_kit.admin import EventTypeFilter, ReadOnlyAdmin, unbroken
from scoring.admin_kit.figures import NOTHING, count_text


def counted(field: str) -> Callable[[HourlyWindow], str]:
    """A column with the count in `field`."""

    @admin.display(description=field)
    def count(window: HourlyWindow) -> str:
        return count_text(getattr(window, field))

    return count


@admin.register(HourlyWindow)
class HourlyWindowAdmin(ReadOnlyAdmin):
    """Read-only: the log decides what happened. Hours to come, when loaded labels fall due, are left out."""

    when_empty = "Each hour appears here as soon as something happens in it."
    list_display = (
        *("hour", "event_type", counted("received"), "outcomes", counted("fallbacks"), counted("revised")),
        *(counted("parked"), "labelled", "latency_ms"),
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

    @admin.display(description="allow / review / block")
    def outcomes(self, window: HourlyWindow) -> str:
        counts = (window.decided_allow, window.decided_review, window.decided_block)
        return unbroken(" / ".join(map(count_text, counts))) if window.decided else NOTHING

    @admin.display(description="labels / fraud")
    def labelled(self, window: HourlyWindow) -> str:
        return unbroken(f"{count_text(window.labels)} / {count_text(window.positives)}")

    @admin.display(description="p50 / p99 ms")
    def latency_ms(self, window: HourlyWindow) -> str:
        median, slow = (percentile_ms(window.latency, q) for q in (0.5, 0.99))
        return NOTHING if median is None else unbroken(f"{median:.0f} / {slow:.0f}")
