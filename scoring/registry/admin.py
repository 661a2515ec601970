"""The admin list of routes."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin

from scoring.admin_kit.change_lists import ReadOnlyAdmin, moment_column
from scoring.admin_kit.formatting import NO_BREAK_SPACE
from scoring.registry.models import Route


@admin.register(Route)
class RouteAdmin(ReadOnlyAdmin):
    """Which model versions decide each event type."""

    when_empty = "A route appears here once an event type's first model is promoted."
    list_display = (
        "event_type",
        "version",
        "models",
        "unit",
        "changed_by",
        "reason",
        moment_column("changed_at", "changed"),
    )

    @admin.display(description="models")
    def models(self, route: Route) -> str:
        """ "payment-1 (champion 90 %), payment-2 (canary 10 %)"; a share of 100 % is left out."""
        return ", ".join(f"{arm['model']} ({_role_and_share(arm)})" for arm in route.arms)


def _role_and_share(arm: Mapping[str, Any]) -> str:
    role: str = arm["role"]
    return role if arm["share"] >= 1 else f"{role}{NO_BREAK_SPACE}{100 * arm['share']:.3g}{NO_BREAK_SPACE}%"
