"""The form with the retraining triggers of an event type: a row of fields for each."""

from dataclasses import asdict, replace

from django import forms

from monitoring.triggers.settings import (
    A_DAY_RANGE,
    COOL_DOWN_RANGE,
    DEFAULT_TRIGGERS,
    DRIFT,
    LABELS,
    LIMIT_RANGES,
    MINIMUM_RANGE,
    PERFORMANCE,
    PSI_RANGE,
    RECIPE,
    TriggerSettings,
)
from monitoring.triggers.words import EXPLAINED, TITLES
from scoring.admin_kit.settings_forms import RowsForm
from scoring.rules.ruleset.reason_field import ReasonField

LIMIT_LABELS = {
    DRIFT: "Drifted share of the importance, in %",
    PERFORMANCE: "Loss of average precision, in %",
    LABELS: "New labels, in % of those trained with",
}
MINIMUM_LABELS = {
    DRIFT: "Minimum decisions",
    PERFORMANCE: "Minimum matured positives",
    LABELS: "Minimum new labels",
}


class TriggersForm(RowsForm):
    """Triggers with shares in percent, how often they may request a training, and the reason."""

    on = forms.BooleanField(label="Train by itself", required=False)
    cool_down_hours = forms.IntegerField(
        label="Cool-down after any training, in hours",
        min_value=COOL_DOWN_RANGE[0],
        max_value=COOL_DOWN_RANGE[1],
    )
    max_a_day = forms.IntegerField(
        label="Trainings by triggers within 24 hours, at most",
        min_value=A_DAY_RANGE[0],
        max_value=A_DAY_RANGE[1],
    )
    reason = ReasonField()

    general_fields = ("on", "cool_down_hours", "max_a_day")
    row_labels = {each.name: (TITLES[each.name], EXPLAINED[each.name]) for each in DEFAULT_TRIGGERS}

    def fields_of_row(self, name: str) -> dict[str, forms.Field]:
        if name == RECIPE:
            return {}
        low, high = LIMIT_RANGES[name]
        fields: dict[str, forms.Field] = {
            "limit": forms.FloatField(label=LIMIT_LABELS[name], min_value=100 * low, max_value=100 * high)
        }
        if name == DRIFT:
            fields["psi"] = forms.FloatField(
                label="Drift is a PSI above", min_value=PSI_RANGE[0], max_value=PSI_RANGE[1]
            )
        fields["minimum"] = forms.IntegerField(
            label=MINIMUM_LABELS[name], min_value=MINIMUM_RANGE[0], max_value=MINIMUM_RANGE[1]
        )
        return fields

    @classmethod
    def showing(cls, settings: TriggerSettings) -> "TriggersForm":
        """An unsent form with the present settings."""
        rows = {each.name: asdict(each) | {"limit": 100 * (each.limit or 0)} for each in settings.triggers}
        return cls.showing_values({name: getattr(settings, name) for name in cls.general_fields}, rows)

    def settings(self) -> TriggerSettings:
        """The valid form as settings."""
        triggers = []
        for each in DEFAULT_TRIGGERS:
            sent = self.sent_row(each.name)
            if "limit" in sent:
                sent["limit"] = round(sent["limit"] / 100, 6)
            triggers.append(replace(each, **sent))
        general = {name: self.cleaned_data[name] for name in self.general_fields}
        return TriggerSettings(**general, triggers=tuple(triggers))
