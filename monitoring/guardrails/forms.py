"""The form with the guardrails of an event type: a row of fields for each."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BoundField

from monitoring.guardrails.settings import (
    DEFAULT_GUARDRAILS,
    MAX_SHIFT,
    MINIMUM_RANGE,
    MS_RANGE,
    SCORE_SHIFT,
    SLOW,
    TIMES_RANGE,
    WATCH_RANGE,
    Guardrail,
    GuardrailSettings,
)
from monitoring.guardrails.words import EXPLAINED, LABELS
from scoring.rules.ruleset.reason_field import ReasonField


@dataclass(frozen=True)
class FieldRow:
    """The fields of one guardrail."""

    label: str
    explained: str
    on: BoundField
    fields: list[BoundField]

    @property
    def errors(self) -> list[str]:
        return [str(error) for field in self.fields for error in field.errors]


class GuardrailsForm(forms.Form):
    """Guardrails with shares in percent, the time that new champions are watched, and the reason."""

    on = forms.BooleanField(label="Roll back by itself", required=False)
    watch_hours = forms.IntegerField(
        label="Watch a new champion for, in hours",
        min_value=WATCH_RANGE[0],
        max_value=WATCH_RANGE[1],
        help_text="A canary is watched as long as it is one.",
    )
    reason = ReasonField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for each in DEFAULT_GUARDRAILS:
            self.fields |= _fields_of(each.metric)

    @classmethod
    def showing(cls, settings: GuardrailSettings) -> "GuardrailsForm":
        """An unsent form with the present settings."""
        initial = {"on": settings.on, "watch_hours": settings.watch_hours}
        for each in settings.guardrails:
            initial |= _initial_of(each)
        return cls(initial=initial)

    def general(self) -> list[BoundField]:
        return [self["on"], self["watch_hours"]]

    def rows(self) -> Iterator[FieldRow]:
        for each in DEFAULT_GUARDRAILS:
            start = f"{each.metric}_"
            named = [name for name in self.fields if name.startswith(start) and name != f"{start}on"]
            yield FieldRow(
                LABELS[each.metric],
                EXPLAINED[each.metric],
                self[f"{start}on"],
                [self[name] for name in named],
            )

    def settings(self) -> GuardrailSettings:
        """The valid form as settings."""
        given = self.cleaned_data
        return GuardrailSettings(
            on=given["on"],
            watch_hours=given["watch_hours"],
            guardrails=tuple(_guardrail_of(each.metric, given) for each in DEFAULT_GUARDRAILS),
        )


def _fields_of(metric: str) -> dict[str, forms.Field]:
    label = LABELS[metric].lower()
    fields: dict[str, forms.Field] = {f"{metric}_on": forms.BooleanField(label="On", required=False)}
    if metric == SCORE_SHIFT:
        fields[f"{metric}_limit"] = forms.FloatField(
            label=f"PSI allowed above the other model's ({label})", min_value=0.01, max_value=MAX_SHIFT - 0.01
        )
    else:
        fields[f"{metric}_limit"] = forms.FloatField(
            label=f"Share allowed, in % ({label})", min_value=0.01, max_value=99.99
        )
        fields[f"{metric}_times"] = forms.FloatField(
            label=f"Or times the other model's share ({label})",
            min_value=TIMES_RANGE[0],
            max_value=TIMES_RANGE[1],
        )
    if metric == SLOW:
        fields[f"{metric}_slower_than_ms"] = forms.FloatField(
            label="Slow is longer than, in ms", min_value=MS_RANGE[0], max_value=MS_RANGE[1]
        )
    fields[f"{metric}_minimum"] = forms.IntegerField(
        label=f"From events on ({label})", min_value=MINIMUM_RANGE[0], max_value=MINIMUM_RANGE[1]
    )
    return fields


def _initial_of(guardrail: Guardrail) -> dict[str, Any]:
    metric = guardrail.metric
    limit = guardrail.limit if metric == SCORE_SHIFT else 100 * guardrail.limit
    return {
        f"{metric}_on": guardrail.on,
        f"{metric}_limit": f"{limit:g}",
        f"{metric}_times": f"{guardrail.times:g}",
        f"{metric}_slower_than_ms": f"{guardrail.slower_than_ms or 0:g}",
        f"{metric}_minimum": guardrail.minimum,
    }


def _guardrail_of(metric: str, given: dict[str, Any]) -> Guardrail:
    limit = given[f"{metric}_limit"]
    default = next(each for each in DEFAULT_GUARDRAILS if each.metric == metric)
    return Guardrail(
        metric=metric,
        limit=limit if metric == SCORE_SHIFT else round(limit / 100, 6),
        minimum=given[f"{metric}_minimum"],
        times=given.get(f"{metric}_times", default.times),
        slower_than_ms=given.get(f"{metric}_slower_than_ms"),
        on=given[f"{metric}_on"],
    )
