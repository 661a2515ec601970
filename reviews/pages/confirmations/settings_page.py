"""The page that says which verdicts on an event type need a second person."""

from reviews.four_eyes.settings import FourEyesSettings
from reviews.four_eyes.stored import four_eyes_settings
from reviews.pages.confirmations.forms import FourEyesForm
from scoring.admin_kit.pages import register_page
from scoring.catalog.registry import event_type
from scoring.configuration.type_settings.settings_page import StoredSettingsPage

LOOK, SET = "reviews.view_storedfoureyes", "reviews.set_foureyes"


@register_page
class FourEyesSettingsPage(StoredSettingsPage):
    """Labels, amounts and outcomes that need a second person, and the history of the settings."""

    path, name, title = "four-eyes/<str:event_type>/", "four_eyes_settings", "Four-eyes"
    permission, set_permission = LOOK, SET
    template_name = "reviews/four_eyes/settings.html"

    settings_by_type, form_class = four_eyes_settings, FourEyesForm
    effective = "the next verdict"

    def form_showing(self, settings: FourEyesSettings) -> FourEyesForm:
        return FourEyesForm.showing(settings, kind=event_type(self.event_type))

    def posted_form(self) -> FourEyesForm:
        return FourEyesForm(self.request.POST, kind=event_type(self.event_type))
