"""The admin list of routes."""

from django.contrib import admin

from scoring.admin_kit.change_lists import ReadOnlyAdmin, moment_column
from scoring.registry.models import Route


@admin.register(Route)
class RouteAdmin(ReadOnlyAdmin):
    """Which model versions decide each event type."""

    when_empty = "A route appears here once an event type's first model is promoted; no model decides before."
    list_display = (
        "event_type",
        "version",
        "who_decides",
        "unit",
        "changed_by",
        "reason",
        moment_column("changed_at", "changed"),
    )

    @admin.display(description="who decides")
    def who_decides(self, route: Route) -> str:
        return ", ".join(f"{arm['model']} ({arm['role']}, {arm['share']:.0%})" for arm in route.arms)
