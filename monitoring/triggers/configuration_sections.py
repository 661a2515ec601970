"""The section `triggers` of the configuration file: by event type, what differs from the defaults."""

from monitoring.models import StoredTriggers
from monitoring.triggers.changing import change_triggers, check_change, settings_in
from monitoring.triggers.errors import TriggersInvalid, TriggersUnchanged
from monitoring.triggers.settings import TriggerSettings
from scoring.configuration.sections.event_type_settings import SettingsSection
from scoring.configuration.sections.registry import register_section
from scoring.configuration.sections.section import ENABLED, FLAG, NUMBER, WHOLE


def stored_settings() -> dict[str, TriggerSettings]:
    """The retraining triggers that were set, by event type."""
    return {row.event_type: settings_in(row) for row in StoredTriggers.objects.all()}


register_section(
    SettingsSection(
        name="triggers",
        title="Retraining triggers",
        defaults=TriggerSettings(),
        kinds={ENABLED: FLAG, "cool_down_hours": WHOLE, "max_a_day": WHOLE},
        rows="triggers",
        row_key="name",
        row_kinds={ENABLED: FLAG, "limit": NUMBER, "minimum": WHOLE, "psi": NUMBER},
        stored=stored_settings,
        check=check_change,
        change=change_triggers,
        invalid=TriggersInvalid,
        unchanged=TriggersUnchanged,
    )
)
