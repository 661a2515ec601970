"""The section `guardrails` of the configuration file: by event type, what differs from the defaults."""

from monitoring.guardrails.changing import change_guardrails, check_change
from monitoring.guardrails.errors import GuardrailsInvalid, GuardrailsUnchanged
from monitoring.guardrails.settings import GuardrailSettings
from monitoring.models import StoredGuardrails
from scoring.configuration.sections.event_type_settings import SettingsSection
from scoring.configuration.sections.registry import register_section
from scoring.configuration.sections.section import ENABLED, FLAG, NUMBER, WHOLE


def stored_settings() -> dict[str, GuardrailSettings]:
    """The guardrails that were set, by event type."""
    return {row.event_type: GuardrailSettings.of(row.settings) for row in StoredGuardrails.objects.all()}


register_section(
    SettingsSection(
        name="guardrails",
        title="Guardrails",
        defaults=GuardrailSettings(),
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
        stored=stored_settings,
        check=check_change,
        change=change_guardrails,
        invalid=GuardrailsInvalid,
        unchanged=GuardrailsUnchanged,
    )
)
