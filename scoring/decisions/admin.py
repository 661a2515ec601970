"""The admin list of decisions."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from scoring.admin_kit.badges import badge
from scoring.admin_kit.change_lists import EventTypeFilter, moment_column, two_lines, unbroken
from scoring.admin_kit.entry_lists import EntriesAdmin, EventRowsAdmin, link_to_entry
from scoring.admin_kit.formatting import NO_VALUE, money_text, percent_text
from scoring.admin_kit.outcomes import outcome_badge, outcome_text
from scoring.catalog.registry import all_outcomes, event_type
from scoring.decisions.models import DECIDERS, Decision


class OutcomeFilter(admin.SimpleListFilter):
    """Filters by the outcomes that event types declare."""

    title = "outcome"
    parameter_name = "outcome__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(outcome, outcome) for outcome in all_outcomes()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Decision]) -> QuerySet[Decision]:
        chosen = self.value()
        return queryset.filter(outcome=chosen) if chosen in all_outcomes() else queryset


class DeciderFilter(admin.SimpleListFilter):
    """Filters by what gave the outcome."""

    title = "decided by"
    parameter_name = "decided_by__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(decider, decider) for decider in DECIDERS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Decision]) -> QuerySet[Decision]:
        chosen = self.value()
        return queryset.filter(decided_by=chosen) if chosen in DECIDERS else queryset


@admin.register(Decision)
class DecisionAdmin(EventRowsAdmin, EntriesAdmin):
    """Decisions, newest first; searched by the position or the full name of their event."""

    when_empty = "Decisions appear here as soon as events arrive."
    list_filter = (EventTypeFilter, OutcomeFilter, DeciderFilter)
    list_display = (
        link_to_entry("position", "entry"),
        "event",
        "outcome_badge",
        "calibrated_score",
        "at_stake",
        "decider",
        "revision_and_cause",
        moment_column("decided_at", "decided"),
    )
    list_display_links = None
    ordering = ("-position",)
    sortable_by = ()
    search_fields = ("event_position",)
    search_help_text = "The event's position, or type/source/id"

    @admin.display(description="outcome")
    def outcome_badge(self, decision: Decision) -> str:
        if not decision.initial:
            return outcome_badge(decision.outcome, decision.event_type)
        instead = outcome_text(decision.initial, decision.event_type)
        return two_lines(outcome_badge(decision.outcome, decision.event_type), f"instead of {instead}")

    @admin.display(description="at stake")
    def at_stake(self, decision: Decision) -> str:
        return unbroken(money_text(decision.stake, event_type(decision.event_type).base_currency))

    @admin.display(description="score")
    def calibrated_score(self, decision: Decision) -> str:
        return unbroken(percent_text(decision.score))

    @admin.display(description="decided by")
    def decider(self, decision: Decision) -> str:
        """The model with its arm; a list or rule above the model; or why there was no model."""
        if decision.basis != Decision.Basis.MODEL:
            by = decision.basis if decision.decided_by == "policy" else decision.decided_by
            return badge(by)
        if decision.decided_by != "model":
            return two_lines(badge(decision.decided_by), unbroken(decision.model))
        if not decision.arm:
            return unbroken(decision.model)
        return two_lines(unbroken(decision.model), unbroken(decision.arm))

    @admin.display(description="revision")
    def revision_and_cause(self, decision: Decision) -> str:
        return f"{decision.revision}: {decision.cause.replace('_', ' ')}" if decision.revision else NO_VALUE
