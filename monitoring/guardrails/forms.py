"""The form with the guardrails of an event type: a row of fields for each."""

from dataclasses import asdict, replace

from django import forms

from monitoring.guardrails.settings import (
    DEFAULT_GUARDRAILS,
    MAX_SHIFT,
    MINIMUM_RANGE,
    MS_RANGE,
    SCORE_SHIFT,
    SLOW,
    TIMES_RANGE,
    WATCH_RANGE,
    GuardrailSettings,
)
from monitoring.guardrails.words import EXPLAINED, LABELS
from scoring.admin_kit.settings_forms import RowsForm
from scoring.rules.ruleset.reason_field import ReasonField


class GuardrailsForm(RowsForm):
    """Guardrails with shares in percent, the time that new champions are watched, and the reason."""

    on = forms.BooleanField(label="Roll back by itself", required=False)
    watch_hours = forms.IntegerField(
        label="Watch a new champion for, in hours",
        min_value=WATCH_RANGE[0],
        max_value=WATCH_RANGE[1],
        help_text="A canary is watched as long as it is one.",
    )
    reason = ReasonField()

    general_fields = ("on", "watch_hours")
    row_labels = {each.metric: (LABELS[each.metric], EXPLAINED[each.metric]) for each in DEFAULT_GUARDRAILS}

    def fields_of_row(self, name: str) -> dict[str, forms.Field]:
        label = LABELS[name].lower()
        fields: dict[str, forms.Field]
        if name == SCORE_SHIFT:
            allowed = f"PSI allowed above the other model's ({label})"
            fields = {"limit": forms.FloatField(label=allowed, min_value=0.01, max_value=MAX_SHIFT - 0.01)}
        else:
            fields = _share_fields(label)
        if name == SLOW:
            fields["slower_than_ms"] = forms.FloatField(
                label="Slow is longer than, in ms", min_value=MS_RANGE[0], max_value=MS_RANGE[1]
            )
        fields["minimum"] = forms.IntegerField(
            label=f"From events on ({label})", min_value=MINIMUM_RANGE[0], max_value=MINIMUM_RANGE[1]
        )
        return fields

    @classmethod
    def showing(cls, settings: GuardrailSettings) -> "GuardrailsForm":
        """An unsent form with the present settings."""
        rows = {
            each.metric: asdict(each) | {"limit": each.limit * _unit_of(each.metric)}
            for each in settings.guardrails
        }
        return cls.showing_values({name: getattr(settings, name) for name in cls.general_fields}, rows)

    def settings(self) -> GuardrailSettings:
        """The valid form as settings."""
        guardrails = []
        for each in DEFAULT_GUARDRAILS:
            sent = self.sent_row(each.metric)
            sent["limit"] = round(sent["limit"] / _unit_of(each.metric), 6)
            guardrails.append(replace(each, **sent))
        general = {name: self.cleaned_data[name] for name in self.general_fields}
        return GuardrailSettings(**general, guardrails=tuple(guardrails))


def _share_fields(label: str) -> dict[str, forms.Field]:
    """The limit of a share in percent, and the other model's share times how much."""
    return {
        "limit": forms.FloatField(label=f"Share allowed, in % ({label})", min_value=0.01, max_value=99.99),
        "times": forms.FloatField(
            label=f"Or times the other model's share ({label})",
            min_value=TIMES_RANGE[0],
            max_value=TIMES_RANGE[1],
        ),
    }


def _unit_of(metric: str) -> int:
    """What a limit is multiplied by in the form: shares are in percent there, a PSI is as it is."""
    return 1 if metric == SCORE_SHIFT else 100
