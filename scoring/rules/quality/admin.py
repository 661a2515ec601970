"""The admin's list of hits; the pages of rule quality are in `pages`."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from scoring.admin_kit.badges import badge
from scoring.admin_kit.change_lists import EventTypeFilter, two_lines, unbroken
from scoring.admin_kit.entry_lists import EventRowsAdmin
from scoring.admin_kit.formatting import NO_VALUE, money_text
from scoring.admin_kit.outcomes import outcome_badge
from scoring.admin_kit.time_zones import moment_text, with_zone
from scoring.admin_kit.withheld_labels import without_withheld
from scoring.catalog.registry import event_types
from scoring.rules.quality.models import RuleHit
from scoring.rules.quality.pages import columns, overview_page, subject_page  # noqa: F401 - they register themselves


class StageFilter(admin.SimpleListFilter):
    """Filters by the stage in which the rule was."""

    title = "stage"
    parameter_name = "stage"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("active", "active"), ("shadow", "in shadow")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        return queryset.filter(stage=chosen) if chosen in ("active", "shadow") else queryset


@admin.register(RuleHit)
class RuleHitAdmin(EventRowsAdmin):
    """Hits of rules and lists, newest first; searched by the position or the full name of the event."""

    list_title = "Hits of rules and lists"
    when_empty = "Hits appear here as soon as a rule or list finds an event."
    list_display = (
        "event",
        "found_by",
        "asked",
        "decided_badge",
        "effect",
        "at_stake",
        "label_badge",
        "decided",
    )
    list_display_links = None
    list_filter = (EventTypeFilter, StageFilter)
    ordering = ("-id",)
    sortable_by = ()
    search_fields = ("event_position",)
    search_help_text = "The event's position, or type/source/id"

    def get_queryset(self, request: HttpRequest) -> QuerySet[RuleHit]:
        rows = super().get_queryset(request)
        return without_withheld(rows, request.user.get_username(), position="event_position")

    @admin.display(description="found by")
    def found_by(self, hit: RuleHit) -> str:
        address = reverse("admin:rule_quality_of", args=[hit.event_type, hit.kind, hit.name])
        link = format_html('<a class="ws-link" href="{}">{}</a>', address, hit.name)
        number = f", version {hit.number}" if hit.kind == "rule" else f", {hit.field}"
        return two_lines(link, f"{hit.kind}{number}{', in shadow' if hit.stage == 'shadow' else ''}")

    @admin.display(description="asked for")
    def asked(self, hit: RuleHit) -> str:
        return outcome_badge(hit.outcome, hit.event_type) if hit.outcome else NO_VALUE

    @admin.display(description="outcome")
    def decided_badge(self, hit: RuleHit) -> str:
        return outcome_badge(hit.decided, hit.event_type)

    @admin.display(description="effect")
    def effect(self, hit: RuleHit) -> str:
        if hit.is_unique:
            return badge("unique", tone="info")
        return badge("needless") if hit.is_needless else NO_VALUE

    @admin.display(description="at stake")
    def at_stake(self, hit: RuleHit) -> str:
        kind = event_types().get(hit.event_type)
        return unbroken(money_text(hit.stake, kind.base_currency if kind else ""))

    @admin.display(description=with_zone("decided"))
    def decided(self, hit: RuleHit) -> str:
        day, time = moment_text(hit.decided_at, "%Y-%m-%d %H:%M:%S").split()
        return two_lines(unbroken(day), time)

    @admin.display(description="label")
    def label_badge(self, hit: RuleHit) -> str:
        return badge(hit.label) if hit.label else NO_VALUE
