"""The form with the quality checks of an event type."""

from django import forms

from reviews.quality.settings import GOLDEN, MAX_SHARES, SECOND, CheckShare, QualitySettings
from scoring.rules.ruleset.reason_field import ReasonField


class QualityForm(forms.Form):
    """Shares in percent, what golden items are, whether reviewers are told, and the reason."""

    second_reviews = forms.FloatField(
        label="Second reviews, in % of decided cases",
        min_value=0,
        max_value=100 * MAX_SHARES[SECOND],
        help_text="Another reviewer decides the case again without seeing the first verdict.",
    )
    golden_items = forms.FloatField(
        label="Golden items, in % of claims of the next case",
        min_value=0,
        max_value=100 * MAX_SHARES[GOLDEN],
        help_text="A decided case whose answer is known takes the place of the next one.",
    )
    golden_from_agreed = forms.BooleanField(
        label="Cases on which two reviewers agreed are golden items, beside those that leads choose",
        required=False,
    )
    tell_missed = forms.BooleanField(
        label="Tell reviewers after their verdict that they missed a golden item", required=False
    )
    reason = ReasonField()

    @classmethod
    def showing(cls, settings: QualitySettings) -> "QualityForm":
        """An unsent form with the present settings."""
        shares = {each.name: f"{100 * each.share:.10g}" for each in settings.checks}
        flags = {
            "golden_from_agreed": settings.golden_from_agreed,
            "tell_missed": settings.tell_missed,
        }
        return cls(initial={**shares, **flags})

    def settings(self) -> QualitySettings:
        """The valid form as settings."""
        data = self.cleaned_data
        return QualitySettings(
            golden_from_agreed=data["golden_from_agreed"],
            tell_missed=data["tell_missed"],
            checks=tuple(CheckShare(name, round(data[name] / 100, 6)) for name in (SECOND, GOLDEN)),
        )
