"""Admin pages of retraining triggers: the last check of every event type, and the settings of one."""

from typing import Any

from monitoring.models import StoredTriggers, TriggerCheck
from monitoring.triggers.checking import ACTOR, PATIENCE
from monitoring.triggers.forms import TriggersForm
from monitoring.triggers.judging import State
from monitoring.triggers.settings import TriggerSettings
from monitoring.triggers.stored import trigger_settings
from monitoring.triggers.words import EXPLAINED, TITLES, reading_text, settings_text, trigger_text
from scoring.admin_kit.pages import AdminPage, register_page
from scoring.admin_kit.row_rules.visible import seen_scored_types, visible_to
from scoring.configuration.type_settings.settings_page import StoredSettingsPage
from scoring.learning.models import TrainingJob

LOOK, SET = "monitoring.view_storedtriggers", "monitoring.set_triggers"
SEE_TRAININGS = "scoring.view_trainingjob"
MAX_SHOWN = 30
TONES = {State.REACHED: "warn", State.NOT_REACHED: "good"}


@register_page
class TriggersPage(AdminPage):
    """The last check of every event type, and the trainings that triggers requested."""

    path, name, title = "triggers/", "triggers", "Retraining triggers"
    subtitle = "What starts a training besides people and schedules"
    permission = LOOK
    template_name = "monitoring/triggers/triggers.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        stored, checks = StoredTriggers.objects.in_bulk(), TriggerCheck.objects.in_bulk()
        user = self.request.user
        triggered = (
            visible_to(TrainingJob.objects.all(), user)
            .filter(requested_by__startswith=ACTOR)
            .order_by("-number")
        )
        return super().get_context_data(
            types=[_of_type(name, stored.get(name), checks.get(name)) for name in seen_scored_types(user)],
            trainings=[(job, TITLES.get(job.trigger.get("trigger"), "")) for job in triggered[:MAX_SHOWN]],
            may_set=user.has_perm(SET),
            may_see_trainings=user.has_perm(SEE_TRAININGS),
            **kwargs,
        )


@register_page
class TriggerSettingsPage(StoredSettingsPage):
    """The last check of an event type's triggers, their settings, and the history of these."""

    path, name, title = "triggers/<str:event_type>/", "trigger_settings", "Retraining triggers"
    permission, set_permission = LOOK, SET
    template_name = "monitoring/triggers/settings.html"

    settings_by_type, form_class = trigger_settings, TriggersForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        check = TriggerCheck.objects.filter(pk=self.event_type).first()
        return super().get_context_data(
            **kwargs,
            check=check,
            readings=[_row(each) for each in check.readings] if check else [],
            patience_days=PATIENCE.days,
            may_see_trainings=self.request.user.has_perm(SEE_TRAININGS),
        )

    def limits_of(self, settings: TriggerSettings) -> list[tuple[str, str]]:
        return [(TITLES[each.name], trigger_text(each)) for each in settings.triggers]


def _of_type(name: str, stored: StoredTriggers | None, check: TriggerCheck | None) -> dict[str, Any]:
    text = settings_text(trigger_settings.in_row(stored))
    return {"event_type": name, "text": text, "stored": stored, "check": check}


def _row(reading: dict[str, Any]) -> dict[str, Any]:
    """A stored reading as texts."""
    name, state = reading["trigger"], State(reading["state"])
    return {
        "title": TITLES[name],
        "explained": EXPLAINED[name],
        "text": reading_text(reading),
        "state": state,
        "tone": TONES.get(state, ""),
    }
