"""Admin pages of breakers: the open ones, the reset by hand, the limits of an event type, the history."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from scoring.admin_kit.pages import AdminPage, actor_of, register_page
from scoring.admin_kit.row_rules.visible import seen_scored_types, visible_to
from scoring.admin_kit.settings_pages import EventTypeSettingsPage
from scoring.catalog.parsing.reasons import MAX_REASON_LENGTH
from scoring.errors import ScoringError
from scoring.rules.breaker.changing import change_settings, reset_breaker, settings_of
from scoring.rules.breaker.forms import LimitsForm
from scoring.rules.breaker.models import BreakerChange, BreakerState, StoredBreakerSettings
from scoring.rules.breaker.settings import BreakerSettings
from scoring.rules.breaker.words import change_text, limits_text, responsible_text, tripped_text

SET, RESET = "scoring.set_breaker", "scoring.reset_breaker"
MAX_CLOSED, MAX_CHANGES = 50, 30


@dataclass(frozen=True)
class OpenBreaker:
    """An open breaker in words, with the rules responsible and the addresses of their pages."""

    state: BreakerState
    tripped: str
    responsible: str
    rules: list[tuple[str, str]]
    is_due: bool  # its cool-down is over, so the next event closes it unless the limits are still exceeded


@dataclass(frozen=True)
class HistoryLine:
    """A change of a breaker, or of the limits (`source` is "")."""

    event_type: str
    source: str
    text: str
    at: datetime


@register_page
class BreakersPage(AdminPage):
    """Which breakers are open, and the limits of every event type. Posting resets an open one."""

    path, name, title = "breakers/", "breakers", "Breakers"
    subtitle = "Blocks become reviews when there are suddenly too many"
    permission = "scoring.view_breakerstate"
    template_name = "breaker/breakers.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now, user = timezone.now(), self.request.user
        states = visible_to(BreakerState.objects.all(), user).order_by("-since")
        return super().get_context_data(
            open=[_open_breaker(state, now) for state in states.filter(until__isnull=False)],
            limits=_limits_by_type(seen_scored_types(user)),
            closed=[
                (state, tripped_text(state.tripped))
                for state in states.filter(until__isnull=True, since__isnull=False)[:MAX_CLOSED]
            ],
            history=_history(visible_to(BreakerChange.objects.all(), user)),
            may_set=user.has_perm(SET),
            may_reset=user.has_perm(RESET),
            may_see_rules=user.has_perm("scoring.view_rule"),
            max_reason=MAX_REASON_LENGTH,
            **kwargs,
        )

    def shown_types(self) -> Iterable[str]:
        """That of the breaker to reset, too."""
        yield from super().shown_types()
        if reset := self.request.POST.get("reset"):
            yield reset.partition("/")[0]

    def post(self, request: HttpRequest) -> HttpResponse:
        self.require(RESET)
        event_type, _, source = request.POST.get("reset", "").partition("/")
        reason = request.POST.get("reason", "")
        try:
            reset_breaker(event_type, source, reason=reason, actor=actor_of(request), now=timezone.now())
        except ScoringError as error:
            messages.error(request, f"Nothing changed: {error}.")
        else:
            messages.success(
                request, f"The breaker of {event_type} from {source} is closed. Blocks are counted anew."
            )
        return redirect("admin:breakers")


@register_page
class BreakerLimitsPage(EventTypeSettingsPage):
    """The limits of an event type's breakers, and their history."""

    path, name, title = "breakers/<str:event_type>/", "breaker_limits", "Breakers"
    permission, set_permission = "scoring.view_breakerstate", SET
    template_name = "breaker/limits.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        event_type = self.event_type
        self.title = f"Breakers of {event_type}"
        settings = settings_of(event_type)
        kwargs.setdefault("form", LimitsForm.showing(settings))
        return super().get_context_data(
            **kwargs,
            settings=settings,
            limits=limits_text(settings),
            defaults=limits_text(BreakerSettings()),
            stored=StoredBreakerSettings.objects.filter(pk=event_type).first(),
            open=BreakerState.objects.filter(event_type=event_type, until__isnull=False).count(),
            history=_history(BreakerChange.objects.filter(event_type=event_type)),
        )

    def posted_form(self) -> LimitsForm:
        return LimitsForm(self.request.POST)

    def change(self, form: LimitsForm, **by: Any) -> str:
        change_settings(self.event_type, form.settings(), reason=form.cleaned_data["reason"], **by)
        return f"The limits of {self.event_type} hold from the next events on."


def rule_address(event_type: str, rule: str) -> str:
    """The address of a rule's page, "" if there is none."""
    try:
        return reverse("admin:rule", args=[event_type, rule])
    except NoReverseMatch:
        return ""


def _open_breaker(state: BreakerState, now: datetime) -> OpenBreaker:
    return OpenBreaker(
        state,
        tripped_text(state.tripped),
        responsible_text(state.tripped),
        [
            (rule["name"], address)
            for rule in state.tripped["rules"]
            if (address := rule_address(state.event_type, rule["name"]))
        ],
        is_due=state.until is not None and state.until <= now,
    )


def _limits_by_type(types: Iterable[str]) -> list[dict[str, Any]]:
    """The limits of each of these event types, with who set them."""
    stored = StoredBreakerSettings.objects.in_bulk()
    return [
        {"event_type": name, "stored": stored.get(name), "settings": settings, "text": limits_text(settings)}
        for name in types
        for settings in [_settings_in(stored.get(name))]
    ]


def _settings_in(row: StoredBreakerSettings | None) -> BreakerSettings:
    if row is None:
        return BreakerSettings()
    return BreakerSettings(row.max_share, row.max_blocks, row.min_events, row.window_s, row.cool_down_s)


def _history(changes: QuerySet[BreakerChange]) -> list[HistoryLine]:
    """The latest of these changes, newest first."""
    return [
        HistoryLine(change.event_type, change.source, change_text(change), change.changed_at)
        for change in changes.order_by("-position")[:MAX_CHANGES]
    ]
