"""The section `triggers` of the configuration file: by event type, what differs from the defaults."""

from monitoring.triggers.errors import TriggersInvalid, TriggersUnchanged
from monitoring.triggers.stored import trigger_settings
from scoring.configuration.sections.event_type_settings import SettingsSection
from scoring.configuration.sections.registry import register_section
from scoring.configuration.sections.section import ENABLED, FLAG, NUMBER, WHOLE

register_section(
    SettingsSection(
        name="triggers",
        title="Retraining triggers",
        defaults=trigger_settings.defaults,
        kinds={ENABLED: FLAG, "cool_down_hours": WHOLE, "max_a_day": WHOLE},
        rows="triggers",
        row_key="name",
        row_kinds={ENABLED: FLAG, "limit": NUMBER, "minimum": WHOLE, "psi": NUMBER},
        stored=trigger_settings.by_type,
        check=trigger_settings.check_change,
        change=trigger_settings.change,
        invalid=TriggersInvalid,
        unchanged=TriggersUnchanged,
    )
)
