"""The admin list of decisions."""

from collections.abc import Iterable

from django.contrib import admin
from django.db.models import Q

from scoring.admin_kit.badges import badge
from scoring.admin_kit.change_lists import moment_column, two_lines, unbroken
from scoring.admin_kit.entry_lists import EntriesAdmin, EventRowsAdmin, link_to_entry
from scoring.admin_kit.filters.by_event import ByAmount, ByEventType, ByOutcome, ByScore
from scoring.admin_kit.filters.exporting import columns_of
from scoring.admin_kit.filters.filtered_lists import FilteredAdmin
from scoring.admin_kit.filters.form_filters import ChoiceFilter, DayFilter, TextFilter
from scoring.admin_kit.formatting import NO_VALUE, money_text, percent_text
from scoring.admin_kit.outcomes import outcome_badge, outcome_text
from scoring.catalog.registry import event_type
from scoring.decisions.models import DECIDERS, Decision


class ByDecider(ChoiceFilter):
    """What gave the outcome."""

    title, field, parameter = "decided by", "decided_by", "decided_by__exact"

    def values(self) -> Iterable[tuple[str, str]]:
        return [(decider, decider) for decider in DECIDERS]


class ByModel(TextFilter):
    title, field, placeholder = "model", "model", "payment-1"


class ByBasis(ChoiceFilter):
    title, field = "basis", "basis"

    def values(self) -> Iterable[tuple[str, str]]:
        return [(Decision.Basis(value).value, value.replace("_", " ")) for value in Decision.Basis.values]


class ByExploration(ChoiceFilter):
    title, field = "exploration", "propensity__isnull"

    def values(self) -> Iterable[tuple[str, str]]:
        return [("False", "let through by exploration"), ("True", "not explored")]

    def condition(self, value: str) -> Q:
        return Q(propensity__isnull=value == "True")


class ByDecidedDay(DayFilter):
    title, field, position = "decided", "decided_at", "position"


@admin.register(Decision)
class DecisionAdmin(EventRowsAdmin, EntriesAdmin, FilteredAdmin):
    """Decisions, newest first; searched by the position or the full name of their event."""

    when_empty = "Decisions appear here as soon as events arrive."
    list_filter = (
        *(ByEventType, ByOutcome, ByDecider, ByScore, ByAmount, ByDecidedDay),
        *(ByModel, ByBasis, ByExploration),
    )
    export_columns = columns_of(
        *(
            "position",
            "event_position",
            "event_type",
            "revision",
            "outcome",
            "initial",
            "score",
            "decided_by",
        ),
        *("basis", "cause", "model", "arm", "stake", "propensity", "decided_at"),
    )
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
    sortable_by = ("position",)
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
