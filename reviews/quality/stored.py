"""The quality checks of reviews by event type, as they are stored."""

from reviews.models.quality import StoredReviewQuality
from reviews.quality.errors import QualityUnchanged
from reviews.quality.settings import QualitySettings, check_settings
from reviews.quality.words import settings_text
from scoring.configuration.type_settings.stored import SettingsByType

quality_settings = SettingsByType(
    stream="review_quality",
    rows=StoredReviewQuality,
    defaults=QualitySettings(),
    check=check_settings,
    text=settings_text,
    unchanged=QualityUnchanged,
)
