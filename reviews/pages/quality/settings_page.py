"""The page with the quality checks of an event type's reviews."""

from reviews.pages.quality.forms import QualityForm
from reviews.quality.stored import quality_settings
from scoring.admin_kit.pages import register_page
from scoring.configuration.type_settings.settings_page import StoredSettingsPage

LOOK, SET = "reviews.view_storedreviewquality", "reviews.set_reviewquality"


@register_page
class QualitySettingsPage(StoredSettingsPage):
    """Second reviews and golden items of an event type, and the history of the settings."""

    path, name, title = "review-quality/<str:event_type>/", "review_quality_settings", "Quality checks"
    permission, set_permission = LOOK, SET
    template_name = "reviews/quality/settings.html"

    settings_by_type, form_class = quality_settings, QualityForm
    effective = "the next verdict and claim"
