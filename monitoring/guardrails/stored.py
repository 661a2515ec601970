"""The settings of guardrails by event type; models that exceed one are recorded in the same streams."""

from monitoring.guardrails.errors import GuardrailsUnchanged
from monitoring.guardrails.settings import GuardrailSettings, check_settings
from monitoring.guardrails.words import settings_text
from monitoring.models import StoredGuardrails
from scoring.configuration.type_settings.stored import SettingsByType

guardrail_settings = SettingsByType(
    stream="guardrail",
    rows=StoredGuardrails,
    defaults=GuardrailSettings(),
    check=check_settings,
    text=settings_text,
    unchanged=GuardrailsUnchanged,
)
