"""A page with the settings of one kind for an event type: a form, and the history."""

from typing import Any, ClassVar

from scoring.admin_kit.settings_pages import EventTypeSettingsPage
from scoring.configuration.type_settings.stored import SettingsByType


class StoredSettingsPage(EventTypeSettingsPage):
    """`form_class` has `showing`, which gives an unsent form with settings, and `settings`, the sent ones.

    `effective`: from when on a change holds. The template has the settings as `text`, or as rows in `limits`.
    """

    settings_by_type: ClassVar[SettingsByType[Any]]
    form_class: ClassVar[type[Any]]
    effective: ClassVar[str] = "the next check"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kind, event_type = self.settings_by_type, self.event_type
        self.title = f"{type(self).title} of {event_type}"
        stored = kind.row_of(event_type)
        settings = kind.in_row(stored)
        kwargs.setdefault("form", self.form_showing(settings))
        return super().get_context_data(
            **kwargs,
            settings=settings,
            text=kind.text(settings),
            limits=self.limits_of(settings),
            stored=stored,
            history=kind.history(event_type),
        )

    def limits_of(self, settings: Any) -> list[tuple[str, str]]:
        """The rows of settings as (label, text), for those who may not change them; none by default."""
        return []

    def form_showing(self, settings: Any) -> Any:
        """An unsent form with these settings."""
        return self.form_class.showing(settings)

    def posted_form(self) -> Any:
        return self.form_class(self.request.POST)

    def change(self, form: Any, **by: Any) -> str:
        reason = form.cleaned_data["reason"]
        self.settings_by_type.change(self.event_type, form.settings(), reason=reason, **by)
        kind = self.settings_by_type.unchanged.kind
        return f"The {kind} of {self.event_type} hold from {self.effective} on."
