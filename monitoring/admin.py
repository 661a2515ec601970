"""Registers the pages of monitoring, and hourly windows as a read-only list."""

from collections.abc import Callable
from importlib import import_module

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from monitoring.models import HourlyWindow
from monitoring.windows.latency_histogram import percentile_ms
from scoring.admin_kit.change_lists import EventTypeFilter, ReadOnlyAdmin, unbroken
from scoring.admin_kit.formatting import NO_VALUE, count_text
from scoring.admin_kit.time_zones import moment_text, with_zone
from scoring.catalog.registry import all_outcomes

PAGES = (
    "monitoring.overview.page",
    "monitoring.alerts.pages.alerts",
    "monitoring.alerts.pages.rules",
    "monitoring.drift.pages.drift_page",
    "monitoring.performance.pages.performance_page",
    "monitoring.labels.page",
    "monitoring.guardrails.pages",
    "monitoring.triggers.pages",
    "monitoring.replay_check.page",
    "monitoring.operations.page",
    "monitoring.quality.page",
    "monitoring.notifications.pages",
    "monitoring.business.pages.business_page",
    "monitoring.feature_pages.pages",
    "monitoring.feature_pages.batch_view_pages",
)
for page in PAGES:
    import_module(page)


def counted(field: str) -> Callable[[HourlyWindow], str]:
    """A column with the count in `field`."""

    @admin.display(description=field)
    def count(window: HourlyWindow) -> str:
        return count_text(getattr(window, field))

    return count


@admin.register(HourlyWindow)
class HourlyWindowAdmin(ReadOnlyAdmin):
    """Read-only, from the log. Future hours, in which loaded labels fall due, are left out."""

    when_empty = "An hour appears here as soon as it has events, decisions or labels."
    list_display = (
        *("hour", "event_type", counted("received"), "outcomes", counted("fallbacks"), counted("revised")),
        *(counted("parked"), "labeled", "latency_ms"),
    )
    list_display_links = None
    sortable_by = ()
    list_filter = (EventTypeFilter,)
    ordering = ("-start", "event_type")

    def get_queryset(self, request: HttpRequest) -> QuerySet[HourlyWindow]:
        return super().get_queryset(request).filter(start__lte=timezone.now())

    @admin.display(description=with_zone("hour"))
    def hour(self, window: HourlyWindow) -> str:
        return unbroken(moment_text(window.start))

    @admin.display(description="decisions")
    def outcomes(self, window: HourlyWindow) -> str:
        """The outcomes that there were, the mildest first: "90 allow / 8 review"."""
        counts = {outcome: window.decided_as(outcome) for outcome in all_outcomes()}
        shown = [f"{count_text(count)} {outcome}" for outcome, count in counts.items() if count]
        return unbroken(" / ".join(shown)) if shown else NO_VALUE

    @admin.display(description="labels / fraud")
    def labeled(self, window: HourlyWindow) -> str:
        return unbroken(f"{count_text(window.labels)} / {count_text(window.positives)}")

    @admin.display(description="latency p50 / p99, ms")
    def latency_ms(self, window: HourlyWindow) -> str:
        median, slow = (percentile_ms(window.latency, q) for q in (0.5, 0.99))
        return NO_VALUE if median is None else unbroken(f"{median:.0f} / {slow:.0f}")
