"""The forms that override a risk and end an override."""

from datetime import datetime, timedelta

from django import forms

from scoring.batch.risk.overrides import MAX_DURATION
from scoring.rules.ruleset.reason_field import ReasonField

DEFAULT_DAYS = 30


class OverrideForm(forms.Form):
    """A risk in percent, how long it holds, and why."""

    percent = forms.FloatField(
        label="Risk, in %",
        min_value=0,
        max_value=100,
        help_text="What rules and models read instead of the computed risk.",
    )
    days = forms.IntegerField(
        label="For how many days",
        min_value=1,
        max_value=MAX_DURATION.days,
        initial=DEFAULT_DAYS,
        help_text="Then the computed risk holds again.",
    )
    reason = ReasonField()

    @property
    def score(self) -> float:
        return float(self.cleaned_data["percent"]) / 100

    def expires_at(self, now: datetime) -> datetime:
        return now + timedelta(days=self.cleaned_data["days"])


class EndForm(forms.Form):
    """Why an override ends."""

    reason = ReasonField(label="Why it ends")
