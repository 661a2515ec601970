"""Admin pages of guardrails: the watched models, those that exceeded one, the settings of a type."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from monitoring.guardrails.checking import MAX_A_DAY, WatchedModel, watched_models
from monitoring.guardrails.forms import GuardrailsForm
from monitoring.guardrails.judging import Reading, State
from monitoring.guardrails.settings import SCORE_SHIFT, GuardrailSettings
from monitoring.guardrails.stored import guardrail_settings
from monitoring.guardrails.words import EXPLAINED, LABELS, limit_text, reading_text, settings_text
from monitoring.models import GuardrailTrip, StoredGuardrails
from scoring.admin_kit.formatting import NO_VALUE, count_text, decimal_text, percent_text
from scoring.admin_kit.pages import AdminPage, register_page
from scoring.admin_kit.row_rules.visible import seen_scored_types, sees_type, visible_to
from scoring.configuration.type_settings.settings_page import StoredSettingsPage

SET = "monitoring.set_guardrails"
MAX_SHOWN = 30
TONES = {State.EXCEEDED: "bad", State.WITHIN: "good"}


@dataclass(frozen=True)
class ReadingRow:
    """A reading as texts."""

    label: str
    explained: str
    value: str
    events: str
    allowed: str
    control: str
    state: State
    tone: str


@register_page
class GuardrailsPage(AdminPage):
    """The models that are watched with what was found, and those that exceeded a guardrail."""

    path, name, title = "guardrails/", "guardrails", "Guardrails"
    subtitle = "Canaries and new champions are rolled back by themselves"
    permission = "monitoring.view_guardrailtrip"
    template_name = "monitoring/guardrails/guardrails.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.request.user
        trips = visible_to(GuardrailTrip.objects.all(), user).order_by("-position")[:MAX_SHOWN]
        return super().get_context_data(
            watched=[
                (each, _rows(each))
                for each in watched_models(now=timezone.now())
                if sees_type(user, each.deployment.event_type)
            ],
            trips=[(trip, reading_text(trip.figures)) for trip in trips],
            limits=_limits_by_type(seen_scored_types(user)),
            may_set=user.has_perm(SET),
            may_see_models=user.has_perm("scoring.view_modelversion"),
            **kwargs,
        )


@register_page
class GuardrailLimitsPage(StoredSettingsPage):
    """The guardrails of an event type, and the history of their settings."""

    path, name, title = "guardrails/<str:event_type>/", "guardrail_limits", "Guardrails"
    permission, set_permission = "monitoring.view_guardrailtrip", SET
    template_name = "monitoring/guardrails/limits.html"

    settings_by_type, form_class = guardrail_settings, GuardrailsForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, max_a_day=MAX_A_DAY)

    def limits_of(self, settings: GuardrailSettings) -> list[tuple[str, str]]:
        return [(LABELS[each.metric], limit_text(each)) for each in settings.guardrails]


def _rows(model: WatchedModel) -> list[ReadingRow]:
    return [_row(each) for each in model.readings]


def _row(reading: Reading) -> ReadingRow:
    def text(value: float | None) -> str:
        if value is None:
            return NO_VALUE
        return decimal_text(value, 2) if reading.metric == SCORE_SHIFT else percent_text(value)

    return ReadingRow(
        label=LABELS[reading.metric],
        explained=EXPLAINED[reading.metric],
        value=text(reading.value),
        events=count_text(reading.events),
        allowed=text(reading.allowed),
        control=text(reading.control),
        state=reading.state,
        tone=TONES.get(reading.state, ""),
    )


def _limits_by_type(types: Iterable[str]) -> list[dict[str, Any]]:
    """The guardrails of each of these event types in words, with who set them."""
    stored = StoredGuardrails.objects.in_bulk()
    return [
        {
            "event_type": name,
            "stored": stored.get(name),
            "text": settings_text(guardrail_settings.in_row(stored.get(name))),
        }
        for name in types
    ]
