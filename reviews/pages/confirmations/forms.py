"""The form that says which verdicts on an event type need a second person."""

from typing import Any

from django import forms

from reviews.four_eyes.settings import MAX_AMOUNT, NEGATIVE, POSITIVE, ConfirmedLabel, FourEyesSettings
from reviews.work.reason_codes import action_title, verdict_words
from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Money
from scoring.rules.ruleset.reason_field import ReasonField


class FourEyesForm(forms.Form):
    """For each label whether always and from which amount, the outcomes, and the reason.

    Amounts are asked for only where the type has them, outcomes only where verdicts give any.
    """

    positive_always = forms.BooleanField(required=False)
    positive_from = forms.FloatField(required=False, min_value=0, max_value=MAX_AMOUNT)
    negative_always = forms.BooleanField(required=False)
    negative_from = forms.FloatField(required=False, min_value=0, max_value=MAX_AMOUNT)
    outcomes = forms.MultipleChoiceField(
        label="Verdicts that give one of these outcomes, always",
        required=False,
        widget=forms.SelectMultiple,
        help_text="Hold Ctrl or Cmd to choose several or none.",
    )
    reason = ReasonField()

    def __init__(self, *args: Any, kind: type[EventType], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in zip((POSITIVE, NEGATIVE), kind.labels.values, strict=True):
            title = verdict_words(kind, label).title
            self.fields[f"{name}_always"].label = f"“{title}” always needs a second person"
            self.fields[f"{name}_from"].label = f"“{title}” needs one from this amount on"
            self.fields[f"{name}_from"].help_text = f"In {kind.base_currency}; empty for no amount."
            if not any(isinstance(field, Money) for field in kind.fields.values()):
                del self.fields[f"{name}_from"]
        given = outcomes_of_verdicts(kind)
        self.fields["outcomes"].choices = [(each, action_title(kind, each)) for each in given]  # type: ignore[attr-defined]
        if not kind.policies:  # each label has one outcome, so the label says the same
            del self.fields["outcomes"]

    @classmethod
    def showing(cls, settings: FourEyesSettings, *, kind: type[EventType]) -> "FourEyesForm":
        """An unsent form with the present settings."""
        shown: dict[str, Any] = {"outcomes": list(settings.outcomes)}
        for each in settings.labels:
            shown |= {f"{each.name}_always": each.always, f"{each.name}_from": each.from_amount or None}
        return cls(initial=shown, kind=kind)

    def settings(self) -> FourEyesSettings:
        """The valid form as settings."""
        data = self.cleaned_data
        labels = tuple(
            ConfirmedLabel(name, data[f"{name}_always"], data.get(f"{name}_from") or 0.0)
            for name in (POSITIVE, NEGATIVE)
        )
        return FourEyesSettings(tuple(data.get("outcomes", ())), labels)


def outcomes_of_verdicts(kind: type[EventType]) -> list[str]:
    """The outcomes that a verdict may give an event, the most severe first."""
    return [outcome for outcome in reversed(kind.outcomes) if outcome != "review"]
