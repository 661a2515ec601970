"""The page with the sources of cases of an event type."""

from typing import Any

from django import forms

from reviews.models import Case
from reviews.pages.queues.list_page import LOOK, SET
from reviews.queue.sources.settings import (
    DEFAULT_SOURCES,
    MAX_MARGIN,
    MAX_PER_DAY,
    SourceSettings,
    SourceShare,
)
from reviews.queue.sources.stored import review_sources
from scoring.admin_kit.pages import register_page
from scoring.configuration.type_settings.settings_page import StoredSettingsPage
from scoring.rules.ruleset.reason_field import ReasonField


class SourcesForm(forms.Form):
    """Share (in percent) and daily cap of each source, margin and rise, and the reason."""

    margin = forms.FloatField(
        label="Margin around a threshold",
        min_value=0,
        max_value=MAX_MARGIN,
        help_text="A score nearer to a threshold than this is uncertain.",
    )
    rise = forms.FloatField(
        label="Rise of a risk profile",
        min_value=0.01,
        max_value=1,
        help_text="From one version to the next, for its entity's events to become candidates.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for each in DEFAULT_SOURCES:
            label = Case.Why(each.name).label.capitalize()
            self.fields[f"{each.name}_share"] = forms.FloatField(
                label=f"{label}: share in %", min_value=0, max_value=100, help_text="0 is off."
            )
            self.fields[f"{each.name}_per_day"] = forms.IntegerField(
                label=f"{label}: cases a day at most", min_value=0, max_value=MAX_PER_DAY
            )
        self.fields["reason"] = ReasonField()

    @classmethod
    def showing(cls, settings: SourceSettings) -> "SourcesForm":
        """An unsent form with the present settings."""
        initial: dict[str, Any] = {"margin": settings.margin, "rise": settings.rise}
        for each in settings.sources:
            initial[f"{each.name}_share"] = f"{100 * each.share:.10g}"
            initial[f"{each.name}_per_day"] = each.per_day
        return cls(initial=initial)

    def settings(self) -> SourceSettings:
        """The valid form as settings."""
        data = self.cleaned_data
        sources = tuple(
            SourceShare(name, round(data[f"{name}_share"] / 100, 6), data[f"{name}_per_day"])
            for name in (each.name for each in DEFAULT_SOURCES)
        )
        return SourceSettings(data["margin"], data["rise"], sources)


@register_page
class ReviewSourcesPage(StoredSettingsPage):
    """The sources of cases of an event type, and the history of the settings."""

    path, name, title = "review-sources/<str:event_type>/", "review_sources", "Sources of cases"
    permission, set_permission = LOOK, SET
    template_name = "reviews/queues/sources.html"

    settings_by_type, form_class = review_sources, SourcesForm
    effective = "the next decision"
