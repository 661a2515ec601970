"""The admin's list of rules; the pages of one are in `pages`."""

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import admin
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from scoring.admin_kit.badges import badge
from scoring.admin_kit.change_lists import EventTypeFilter, ReadOnlyAdmin, two_lines, unbroken
from scoring.admin_kit.formatting import NO_VALUE, percent_text
from scoring.admin_kit.outcomes import outcome_badge
from scoring.admin_kit.time_zones import moment_text, with_zone
from scoring.rules.rules.models import Rule, StoredRuleVersion
from scoring.rules.rules.pages import editor_page, rule_page  # noqa: F401 - they register their pages with the admin
from scoring.rules.rules.pages.extensions import RuleColumn, rule_columns
from scoring.rules.rules.projections import version_key

MAX_EXPRESSION_SHOWN = 80  # characters

STAGES_SHOWN: dict[str, tuple[str, Q]] = {
    "active": ("active", Q(active__isnull=False)),
    "shadow": ("in shadow", Q(shadow__isnull=False)),
    "requested": ("waiting for approval", Q(requested__isnull=False)),
    "idle": ("not in use", Q(active=None, shadow=None)),
}


class StageFilter(admin.SimpleListFilter):
    """Filters by the stages that a rule's versions are in."""

    title = "stage"
    parameter_name = "stage"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, text) for value, (text, _) in STAGES_SHOWN.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = STAGES_SHOWN.get(self.value() or "")
        return queryset.filter(chosen[1]) if chosen else queryset


@admin.register(Rule)
class RuleAdmin(ReadOnlyAdmin):
    """Rules: those that wait for approval first, then those in use."""

    list_title = "Rules"
    when_empty = "A rule gives an outcome and a reason to the events that meet its condition."
    list_display_links = None
    list_filter = (EventTypeFilter, StageFilter)
    search_fields = ("name",)
    search_help_text = "Name of a rule"
    sortable_by = ()
    list_before_template = "rules/list_top.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rule]:
        return (
            super()
            .get_queryset(request)
            .order_by(
                F("requested_at").asc(nulls_last=True),
                F("active").desc(nulls_last=True),
                "event_type",
                "name",
            )
        )

    def get_list_display(self, request: HttpRequest) -> Sequence[Any]:
        added = [_added_column(column) for column in rule_columns()]
        return ("rule", "effect", "stages", "rollout", *added, "changed")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        rules = list(changelist.result_list)
        shown = {rule.key: version_key(rule.event_type, rule.name, shown_number(rule)) for rule in rules}
        versions = StoredRuleVersion.objects.in_bulk(list(shown.values()))
        cells = {column.name: column.cells(rules) for column in rule_columns()}
        for rule in changelist.result_list:
            rule.shown = versions[shown[rule.key]]
            rule.cells = {name: texts.get(rule.key, NO_VALUE) for name, texts in cells.items()}
        return changelist

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        found = Rule.objects.filter(pk=object_id).first()
        if found is None or not self.has_view_permission(request):
            return super().change_view(request, object_id, form_url, extra_context)
        return HttpResponseRedirect(rule_address(found))

    @admin.display(description="rule")
    def rule(self, rule: Any) -> str:
        link = format_html('<a class="ws-link ws-strong" href="{}">{}</a>', rule_address(rule), rule.name)
        return two_lines(link, rule.event_type)

    @admin.display(description="condition and outcome")
    def effect(self, rule: Any) -> str:
        text = " ".join(rule.shown.expression.split())
        short = (
            text
            if len(text) <= MAX_EXPRESSION_SHOWN
            else f"{text[: MAX_EXPRESSION_SHOWN - 1]}\N{HORIZONTAL ELLIPSIS}"
        )
        return format_html(
            '<span class="ws-wide-cell"><span class="ws-mono" title="{}">{}</span><br>{}</span>',
            text,
            short,
            outcome_badge(rule.shown.outcome, rule.event_type),
        )

    @admin.display(description="stage")
    def stages(self, rule: Any) -> str:
        return format_html(
            "<span>{}</span>", format_html_join(" ", "{}", ((each,) for each in stage_badges(rule)))
        )

    @admin.display(description="roll-out")
    def rollout(self, rule: Any) -> str:
        share = rule.shown.share
        return unbroken("every event" if share >= 1 else f"{percent_text(share, 0)} by {rule.shown.unit}")

    @admin.display(description=with_zone("changed"))
    def changed(self, rule: Any) -> str:
        return two_lines(unbroken(moment_text(rule.changed_at)), rule.changed_by.removeprefix("user/"))


def _added_column(column: RuleColumn) -> Callable[[Any], str]:
    @admin.display(description=column.title)
    def cell(rule: Any) -> str:
        return str(rule.cells[column.name])

    return cell


def shown_number(rule: Rule) -> int:
    """The version that stands for a rule: the active one, else that in shadow, else the newest."""
    return rule.active or rule.shadow or rule.newest


def stage_badges(rule: Rule) -> Sequence[str]:
    """A badge for each stage that one of the rule's versions is in."""
    held = [
        (rule.active, "good", "active"),
        (rule.shadow, "info", "shadow"),
        (rule.requested, "warn", "approval requested"),
    ]
    found = [badge(text, tone=tone, text=f"{text} v{number}") for number, tone, text in held if number]
    return found or [badge("draft", tone="neutral", text="not in use")]


def rule_address(rule: Rule) -> str:
    """The address of the page of a rule."""
    return reverse("admin:rule", args=[rule.event_type, rule.name])
