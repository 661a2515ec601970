"""The settings of retraining triggers by event type."""

from monitoring.models import StoredTriggers
from monitoring.triggers.errors import TriggersUnchanged
from monitoring.triggers.settings import TriggerSettings, check_settings
from monitoring.triggers.words import settings_text
from scoring.configuration.type_settings.stored import SettingsByType

trigger_settings = SettingsByType(
    stream="trigger",
    rows=StoredTriggers,
    defaults=TriggerSettings(),
    check=check_settings,
    text=settings_text,
    unchanged=TriggersUnchanged,
)
