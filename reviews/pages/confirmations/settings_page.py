"""The page that says which verdicts on an event type need a second person."""

from typing import Any

from reviews.four_eyes.stored import four_eyes_settings
from reviews.four_eyes.words import settings_text
from reviews.pages.confirmations.forms import FourEyesForm
from scoring.admin_kit.pages import register_page
from scoring.admin_kit.settings_pages import EventTypeSettingsPage
from scoring.catalog.registry import event_type

LOOK, SET = "reviews.view_storedfoureyes", "reviews.set_foureyes"


@register_page
class FourEyesSettingsPage(EventTypeSettingsPage):
    """Labels, amounts and outcomes that need a second person, and the history of the settings."""

    path, name, title = "four-eyes/<str:event_type>/", "four_eyes_settings", "Four-eyes"
    permission, set_permission = LOOK, SET
    template_name = "reviews/four_eyes/settings.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        name = self.event_type
        self.title = f"Four-eyes of {name}"
        row = four_eyes_settings.row_of(name)
        settings = four_eyes_settings.in_row(row)
        kwargs.setdefault("form", FourEyesForm.showing(settings, kind=event_type(name)))
        return super().get_context_data(
            **kwargs, stored=row, text=settings_text(settings), history=four_eyes_settings.history(name)
        )

    def posted_form(self) -> FourEyesForm:
        return FourEyesForm(self.request.POST, kind=event_type(self.event_type))

    def change(self, form: FourEyesForm, **by: Any) -> str:
        reason = form.cleaned_data["reason"]
        four_eyes_settings.change(self.event_type, form.settings(), reason=reason, **by)
        return f"The four-eyes settings of {self.event_type} hold from the next verdict on."
