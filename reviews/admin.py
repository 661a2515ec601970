"""The list of all cases, and the registration of the reviewers' pages."""

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from reviews.models import Case, WellnessLimit
from reviews.quality.blinding import withheld_cases
from scoring.admin_kit.badges import badge
from scoring.admin_kit.change_lists import LinkedAdmin, ModelAdmin, two_lines, unbroken
from scoring.admin_kit.entry_lists import event_text, find_events
from scoring.admin_kit.filters.by_event import ByAmount, ByEventType, ByOutcome, ByScore
from scoring.admin_kit.filters.exporting import columns_of
from scoring.admin_kit.filters.filtered_lists import FilteredAdmin
from scoring.admin_kit.filters.form_filters import ChoiceFilter, DayFilter, Rows, TextFilter
from scoring.admin_kit.formatting import NO_VALUE, money_text, percent_text
from scoring.admin_kit.time_zones import moment_text, with_zone
from scoring.admin_kit.withheld_labels import Withheld, register_withheld

for page in (
    "queue",
    "case",
    "event",
    "explanation",
    "subjects.entities",
    "subjects.erasure",
    "list_values",
    "content.statement",
    "content.figures",
    "content.bank_media",
    "risks.profiles",
    "risks.profile",
    "quality.settings_page",
    "confirmations.settings_page",
    "confirmations.list_page",
    "appeals.list_page",
    "quality.leads_page",
    "quality.own_page",
    "related.links",
    "investigations.console",
    "investigations.export",
    "queues.list_page",
    "queues.editor_page",
    "queues.case_bar",
    "queues.sources_page",
    "actions.request_page",
    "actions.list_page",
    "actions.editor_page",
):
    import_module(f"reviews.pages.{page}")


MAX_SUGGESTIONS = 200
WITH_A_VERDICT = ("verdict", "decided_by", "decided_at", "reason_code")


class ByState(ChoiceFilter):
    title, field, parameter = "state", "state", "state__exact"

    def values(self) -> Iterable[tuple[str, str]]:
        return Case.State.choices


class ByOrigin(ChoiceFilter):
    title, field, parameter = "origin", "why", "why__exact"

    def values(self) -> Iterable[tuple[str, str]]:
        return Case.Why.choices


class ByReviewer(TextFilter):
    """Who holds a case or gave its verdict; not of verdicts that are withheld from the user."""

    title, field = "reviewer", "reviewer"

    def suggestions(self) -> list[str]:
        return list(User.objects.order_by("username").values_list("username", flat=True)[:MAX_SUGGESTIONS])

    def condition(self, value: str) -> Q:
        return Q(claimed_by=value) | Q(decided_by=value, withheld=False)


class ByVerdict(TextFilter):
    title, field, placeholder = "verdict", "verdict", "a label"

    def condition(self, value: str) -> Q:
        return Q(verdict=value, withheld=False)


class ByQueue(TextFilter):
    title, field = "queue", "queue"


class ByOpenedDay(DayFilter):
    title, field = "opened", "opened_at"


class ByDecidedDay(DayFilter):
    title, field = "decided", "decided_at"

    def narrow(self, rows: Rows, values: Mapping[str, Any]) -> Rows:
        return super().narrow(rows, values).filter(withheld=False)


def known_of(name: str) -> Any:
    """What the export holds of a field that a verdict sets: nothing of one withheld from the user."""
    return lambda case: "" if case.withheld else getattr(case, name)


@admin.register(Case)
class CaseAdmin(LinkedAdmin, FilteredAdmin):
    """Every case, newest first; search by the position or the full name of its event."""

    page = ("case", "position")
    list_title = "All cases"
    when_empty = (
        "A case appears here when a decision sends an event to review, and for a random sample of the others."
    )
    list_display = (
        "event",
        "state_badge",
        "verdict_and_reviewer",
        "origin",
        "calibrated_score",
        "at_stake",
        "loss",
        "opened",
    )
    list_display_links = None
    list_filter = (
        *(ByState, ByReviewer, ByVerdict, ByEventType, ByOutcome, ByScore, ByAmount),
        *(ByOpenedDay, ByDecidedDay, ByOrigin, ByQueue),
    )
    export_columns = {
        **columns_of(*("event_position", "event_stream", "event_type", "state", "why", "outcome", "score")),
        **columns_of(*("stake", "expected_loss", "currency", "queue", "opened_at", "claimed_by")),
        **{name: known_of(name) for name in WITH_A_VERDICT},
    }
    ordering = ("-event_position",)
    sortable_by = ("event", "calibrated_score", "at_stake", "loss", "opened")
    search_fields = ("event_position",)
    search_help_text = "The event's position, or type/source/id"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Case], search_term: str
    ) -> tuple[QuerySet[Case], bool]:
        return find_events(queryset, "event_position", search_term)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Case]:
        """With `withheld`: whether the verdict of a case is withheld from the user."""
        hidden = withheld_cases(request.user.get_username()).filter(pk=OuterRef("pk"))
        return super().get_queryset(request).annotate(withheld=Exists(hidden))

    @admin.display(description="event", ordering="event_position")
    def event(self, case: Case) -> str:
        address = reverse("admin:case", args=[case.event_position])
        return format_html('<a class="ws-link" href="{}">{}</a>', address, event_text(case.event_stream))

    @admin.display(description="state")
    def state_badge(self, case: Case) -> str:
        return badge(Case.State.OPEN if case.is_free(timezone.now()) else case.state)

    @admin.display(description="verdict")
    def verdict_and_reviewer(self, case: Case) -> str:
        if case.withheld:  # type: ignore[attr-defined]
            return case.claimed_by or NO_VALUE
        reviewer = case.decided_by or case.claimed_by
        if not reviewer:
            return NO_VALUE
        by = f"by {reviewer}" if case.verdict else reviewer
        return two_lines(case.verdict or NO_VALUE, by)

    @admin.display(description="origin")
    def origin(self, case: Case) -> str:
        sampled = case.why == Case.Why.SAMPLE
        return unbroken(f"sample of {case.outcome}" if sampled else case.get_why_display())

    @admin.display(description="score", ordering=Coalesce("score", -1.0))
    def calibrated_score(self, case: Case) -> str:
        return unbroken(percent_text(case.score))

    @admin.display(description="at stake", ordering=Coalesce("stake", -1))
    def at_stake(self, case: Case) -> str:
        return unbroken(money_text(case.stake, case.currency))

    @admin.display(description="expected loss", ordering="expected_loss")
    def loss(self, case: Case) -> str:
        return unbroken(money_text(case.expected_loss, case.currency))

    @admin.display(description=with_zone("opened"), ordering="opened_at")
    def opened(self, case: Case) -> str:
        return unbroken(moment_text(case.opened_at))


def _withheld(user_name: str) -> Withheld:
    cases = withheld_cases(user_name)
    return Withheld(cases.values("event_position"), cases.values("event_stream"))


register_withheld(_withheld)


@admin.register(WellnessLimit)
class WellnessLimitAdmin(ModelAdmin):
    """What the reviewers of a group are spared; enforced when they claim a case."""

    list_title = "Reviewers' limits"
    list_display = ("group", "sensitive_cases", "work", "pause")
    when_empty = (
        "No group has limits. Add one to bound how many sensitive cases its reviewers open an hour,"
        " and how long they work without a break."
    )

    @admin.display(description="sensitive cases an hour", ordering="sensitive_per_hour")
    def sensitive_cases(self, limit: WellnessLimit) -> str:
        return str(limit.sensitive_per_hour or "no limit")

    @admin.display(description="break after", ordering="work_minutes")
    def work(self, limit: WellnessLimit) -> str:
        return f"{limit.work_minutes} min" if limit.work_minutes else "no limit"

    @admin.display(description="length of a break", ordering="break_minutes")
    def pause(self, limit: WellnessLimit) -> str:
        return f"{limit.break_minutes} min"
