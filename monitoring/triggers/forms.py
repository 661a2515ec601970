"""The form with the retraining triggers of an event type: a row of fields for each."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BoundField

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
    Trigger,
    TriggerSettings,
)
from monitoring.triggers.words import EXPLAINED, TITLES
from scoring.rules.ruleset.reason_field import ReasonField

GENERAL = ("cool_down_hours", "max_a_day")
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


@dataclass(frozen=True)
class FieldRow:
    """The fields of one trigger."""

    label: str
    explained: str
    on: BoundField
    fields: list[BoundField]


class TriggersForm(forms.Form):
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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for each in DEFAULT_TRIGGERS:
            self.fields |= _fields_of(each.name)

    @classmethod
    def showing(cls, settings: TriggerSettings) -> "TriggersForm":
        """An unsent form with the present settings."""
        initial: dict[str, Any] = {name: getattr(settings, name) for name in ("on", *GENERAL)}
        for each in settings.triggers:
            initial |= _initial_of(each)
        return cls(initial=initial)

    def general(self) -> list[BoundField]:
        return [self[name] for name in ("on", *GENERAL)]

    def rows(self) -> Iterator[FieldRow]:
        for name in (each.name for each in DEFAULT_TRIGGERS):
            start = f"{name}_"
            named = [field for field in self.fields if field.startswith(start) and field != f"{start}on"]
            fields = [self[field] for field in named]
            yield FieldRow(TITLES[name], EXPLAINED[name], self[f"{start}on"], fields)

    def settings(self) -> TriggerSettings:
        """The valid form as settings."""
        given = self.cleaned_data
        return TriggerSettings(
            on=given["on"],
            **{name: given[name] for name in GENERAL},
            triggers=tuple(_trigger_of(each.name, given) for each in DEFAULT_TRIGGERS),
        )


def _fields_of(name: str) -> dict[str, forms.Field]:
    fields: dict[str, forms.Field] = {f"{name}_on": forms.BooleanField(label="On", required=False)}
    if name == RECIPE:
        return fields
    low, high = LIMIT_RANGES[name]
    fields[f"{name}_limit"] = forms.FloatField(
        label=LIMIT_LABELS[name], min_value=100 * low, max_value=100 * high
    )
    if name == DRIFT:
        fields[f"{name}_psi"] = forms.FloatField(
            label="Drift is a PSI above", min_value=PSI_RANGE[0], max_value=PSI_RANGE[1]
        )
    fields[f"{name}_minimum"] = forms.IntegerField(
        label=MINIMUM_LABELS[name], min_value=MINIMUM_RANGE[0], max_value=MINIMUM_RANGE[1]
    )
    return fields


def _initial_of(trigger: Trigger) -> dict[str, Any]:
    name = trigger.name
    return {
        f"{name}_on": trigger.on,
        f"{name}_limit": f"{100 * (trigger.limit or 0):.10g}",
        f"{name}_psi": f"{trigger.psi or 0:.10g}",
        f"{name}_minimum": trigger.minimum,
    }


def _trigger_of(name: str, given: dict[str, Any]) -> Trigger:
    limit = given.get(f"{name}_limit")
    return Trigger(
        name=name,
        limit=None if limit is None else round(limit / 100, 6),
        minimum=given.get(f"{name}_minimum"),
        psi=given.get(f"{name}_psi"),
        on=given[f"{name}_on"],
    )
