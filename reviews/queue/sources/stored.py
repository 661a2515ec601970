"""The sources of cases by event type, as they are stored."""

from reviews.models.queues import StoredReviewSources
from reviews.queue.sources.errors import SourcesUnchanged
from reviews.queue.sources.settings import SourceSettings, check_settings
from reviews.queue.sources.words import settings_text
from scoring.configuration.type_settings.stored import SettingsByType

review_sources = SettingsByType(
    stream="review_sources",
    rows=StoredReviewSources,
    defaults=SourceSettings(),
    check=check_settings,
    text=settings_text,
    unchanged=SourcesUnchanged,
)
