"""The page with the quality checks of an event type's reviews."""

from typing import Any

from reviews.pages.quality.forms import QualityForm
from reviews.quality.stored import quality_settings
from reviews.quality.words import settings_text
from scoring.admin_kit.pages import register_page
from scoring.admin_kit.settings_pages import EventTypeSettingsPage

LOOK, SET = "reviews.view_storedreviewquality", "reviews.set_reviewquality"


@register_page
class QualitySettingsPage(EventTypeSettingsPage):
    """Second reviews and golden items of an event type, and the history of the settings."""

    path, name, title = "review-quality/<str:event_type>/", "review_quality_settings", "Quality checks"
    permission, set_permission = LOOK, SET
    template_name = "reviews/quality/settings.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        event_type = self.event_type
        self.title = f"Quality checks of {event_type}"
        row = quality_settings.row_of(event_type)
        settings = quality_settings.in_row(row)
        kwargs.setdefault("form", QualityForm.showing(settings))
        return super().get_context_data(
            **kwargs, stored=row, text=settings_text(settings), history=quality_settings.history(event_type)
        )

    def posted_form(self) -> QualityForm:
        return QualityForm(self.request.POST)

    def change(self, form: QualityForm, **by: Any) -> str:
        reason = form.cleaned_data["reason"]
        quality_settings.change(self.event_type, form.settings(), reason=reason, **by)
        return f"The quality checks of {self.event_type} hold from the next verdict and claim on."
