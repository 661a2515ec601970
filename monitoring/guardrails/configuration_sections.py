"""The section `guardrails` of the configuration file: by event type, what differs from the defaults."""

from monitoring.guardrails.errors import GuardrailsInvalid, GuardrailsUnchanged
from monitoring.guardrails.stored import guardrail_settings
from scoring.configuration.sections.event_type_settings import SettingsSection
from scoring.configuration.sections.registry import register_section
from scoring.configuration.sections.section import ENABLED, FLAG, NUMBER, WHOLE

register_section(
    SettingsSection(
        name="guardrails",
        title="Guardrails",
        defaults=guardrail_settings.defaults,
        kinds={ENABLED: FLAG, "watch_hours": WHOLE},
        rows="guardrails",
        row_key="metric",
        row_kinds={
            ENABLED: FLAG,
            "limit": NUMBER,
            "minimum": WHOLE,
            "times": NUMBER,
            "slower_than_ms": NUMBER,
        },
        stored=guardrail_settings.by_type,
        check=guardrail_settings.check_change,
        change=guardrail_settings.change,
        invalid=GuardrailsInvalid,
        unchanged=GuardrailsUnchanged,
    )
)
