"""Admin pages of retraining triggers: the last check of every event type, and the settings of one."""

from typing import Any

from monitoring.models import StoredTriggers, TriggerCheck
from monitoring.triggers.changing import change_triggers, settings_in
from monitoring.triggers.checking import ACTOR, PATIENCE
from monitoring.triggers.forms import TriggersForm
from monitoring.triggers.judging import State
from monitoring.triggers.settings import TriggerSettings
from monitoring.triggers.words import EXPLAINED, TITLES, reading_text, settings_text, trigger_text
from scoring.admin_kit.pages import AdminPage, register_page
from scoring.admin_kit.settings_pages import EventTypeSettingsPage
from scoring.catalog.registry import scored_types
from scoring.learning.models import TrainingJob
from scoring.log.read import read_stream

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
        triggered = TrainingJob.objects.filter(requested_by__startswith=ACTOR).order_by("-number")
        return super().get_context_data(
            types=[_of_type(name, stored.get(name), checks.get(name)) for name in scored_types()],
            trainings=[(job, TITLES.get(job.trigger.get("trigger"), "")) for job in triggered[:MAX_SHOWN]],
            may_set=self.request.user.has_perm(SET),
            may_see_trainings=self.request.user.has_perm(SEE_TRAININGS),
            **kwargs,
        )


@register_page
class TriggerSettingsPage(EventTypeSettingsPage):
    """The last check of an event type's triggers, their settings, and the history of these."""

    path, name, title = "triggers/<str:event_type>/", "trigger_settings", "Retraining triggers"
    permission, set_permission = LOOK, SET
    template_name = "monitoring/triggers/settings.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        event_type = self.event_type
        self.title = f"Retraining triggers of {event_type}"
        stored = StoredTriggers.objects.filter(pk=event_type).first()
        settings = settings_in(stored)
        kwargs.setdefault("form", TriggersForm.showing(settings))
        check = TriggerCheck.objects.filter(pk=event_type).first()
        return super().get_context_data(
            **kwargs,
            settings=settings,
            limits=[(TITLES[each.name], trigger_text(each)) for each in settings.triggers],
            stored=stored,
            check=check,
            readings=[_row(each) for each in check.readings] if check else [],
            history=_history(event_type),
            patience_days=PATIENCE.days,
            may_see_trainings=self.request.user.has_perm(SEE_TRAININGS),
        )

    def posted_form(self) -> TriggersForm:
        return TriggersForm(self.request.POST)

    def change(self, form: TriggersForm, **by: Any) -> str:
        reason = form.cleaned_data["reason"]
        change_triggers(self.event_type, form.settings(), reason=reason, **by)
        return f"The retraining triggers of {self.event_type} hold from the next check on."


def _of_type(name: str, stored: StoredTriggers | None, check: TriggerCheck | None) -> dict[str, Any]:
    text = settings_text(settings_in(stored))
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


def _history(event_type: str) -> list[dict[str, Any]]:
    """The latest changes of settings, newest first."""
    return [
        {
            "text": settings_text(TriggerSettings.of(entry.data)),
            "reason": entry.data["reason"],
            "actor": entry.metadata.get("actor", ""),
            "at": entry.recorded_at,
        }
        for entry in reversed(read_stream(f"trigger/{event_type}")[-MAX_SHOWN:])
    ]
