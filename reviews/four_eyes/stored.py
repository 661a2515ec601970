"""The settings of four-eyes by event type, as they are stored."""

from reviews.four_eyes.errors import FourEyesUnchanged
from reviews.four_eyes.settings import FourEyesSettings, check_settings
from reviews.four_eyes.words import settings_text
from reviews.models.quality import StoredFourEyes
from scoring.configuration.type_settings.stored import SettingsByType

four_eyes_settings = SettingsByType(
    stream="four_eyes",
    rows=StoredFourEyes,
    defaults=FourEyesSettings(),
    check=check_settings,
    text=settings_text,
    unchanged=FourEyesUnchanged,
)
