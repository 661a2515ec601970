"""The admin list of decisions."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from scoring.admin_kit.badges import badge
from scoring.admin_kit.change_lists import moment_column, two_lines, unbroken
from scoring.admin_kit.entry_lists import EntriesAdmin, event_text, find_events, link_to_entry
from scoring.admin_kit.formatting import NO_VALUE, money_text, percent_text
from scoring.catalog.registry import all_outcomes, event_type
from scoring.decisions.models import DECIDERS, Decision
from scoring.intake.models import Event


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
class DecisionAdmin(EntriesAdmin):
    """Decisions, newest first; searched by the position or the full name of their event."""

    when_empty = "Decisions appear here as soon as events arrive."
    list_filter = (OutcomeFilter, DeciderFilter)
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

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """With the ids of the page's events, read in one query; linked for those who may open them."""
        changelist = super().get_changelist_instance(request)
        events = Event.objects.in_bulk([decision.event_position for decision in changelist.result_list])
        is_linked = request.user.has_perm("scoring.view_event")
        for decision in changelist.result_list:
            decision.shown_event = _event_cell(events.get(decision.event_position), decision, is_linked)
        return changelist

    @admin.display(description="event")
    def event(self, decision: Any) -> str:
        shown: str = decision.shown_event
        return shown

    @admin.display(description="outcome")
    def outcome_badge(self, decision: Decision) -> str:
        if not decision.initial:
            return badge(decision.outcome)
        return two_lines(badge(decision.outcome), f"instead of {decision.initial}")

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

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Decision], search_term: str
    ) -> tuple[QuerySet[Decision], bool]:
        return find_events(queryset, "event_position", search_term)


def _event_cell(event: Event | None, decision: Decision, is_linked: bool) -> str:
    """The event's own id and below it its type and source; its position if the event is not there."""
    if event is None:
        return str(decision.event_position)
    shown = event_text(event.stream)
    if not is_linked:
        return shown
    address = reverse("admin:scoring_event_change", args=[event.position])
    return format_html('<a class="ws-link" href="{}">{}</a>', address, shown)
