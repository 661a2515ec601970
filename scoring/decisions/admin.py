"""The admin list of decisions."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from scoring.admin_kit.badges import badge
from scoring.admin_kit.change_lists import moment_column, unbroken
from scoring.admin_kit.entry_lists import EntriesAdmin, link_to_entry, position_in
from scoring.admin_kit.formatting import NO_VALUE, money_text, percent_text
from scoring.catalog.registry import event_type
from scoring.decisions.models import Decision


@admin.register(Decision)
class DecisionAdmin(EntriesAdmin):
    """Decisions, newest first; searched by the position of their event."""

    when_empty = "Decisions appear here as soon as events arrive."
    list_filter = ("outcome",)
    list_display = (
        link_to_entry("position", "entry"),
        link_to_entry("event_position", "event"),
        "event_type",
        "outcome_badge",
        "calibrated_score",
        "at_stake",
        "decided_by",
        "made_again",
        moment_column("decided_at", "decided"),
    )
    list_display_links = None
    ordering = ("-position",)
    sortable_by = ()
    search_fields = ("event_position",)
    search_help_text = "The position of the event"

    @admin.display(description="outcome")
    def outcome_badge(self, decision: Decision) -> str:
        return badge(decision.outcome)

    @admin.display(description="at stake")
    def at_stake(self, decision: Decision) -> str:
        return unbroken(money_text(decision.stake, event_type(decision.event_type).base_currency))

    @admin.display(description="score")
    def calibrated_score(self, decision: Decision) -> str:
        return unbroken(percent_text(decision.score))

    @admin.display(description="decided by")
    def decided_by(self, decision: Decision) -> str:
        if decision.basis != Decision.Basis.MODEL:
            return badge(decision.basis)
        return unbroken(f"{decision.model} ({decision.arm})" if decision.arm else decision.model)

    @admin.display(description="made again")
    def made_again(self, decision: Decision) -> str:
        return f"{decision.revision}: {decision.cause}" if decision.revision else NO_VALUE

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Decision], search_term: str
    ) -> tuple[QuerySet[Decision], bool]:
        position = position_in(search_term.strip())
        return (queryset if position is None else queryset.filter(event_position=position)), False
