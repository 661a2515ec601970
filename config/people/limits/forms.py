"""The form with the limits of a group."""

from collections.abc import Iterable
from typing import Any

from django import forms

from reviews.work.allowed_labels import allowable_labels, types_with_verdicts
from scoring.admin_kit.row_rules.limits import Limits
from scoring.catalog.registry import event_types
from scoring.rules.ruleset.reason_field import ReasonField


class LimitsForm(forms.Form):
    """The event types of a group, the labels of each type with verdicts (`labels_<type>`), and the reason."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["event_types"] = _choices(
            "Event types", event_types(), help_text="Members see rows of these types alone. None chosen: all."
        )
        for kind in types_with_verdicts():
            self.fields[f"labels_{kind.name}"] = _choices(
                f"Labels of {kind.name}",
                allowable_labels(kind),
                help_text="Verdicts of members may use these alone. None chosen: all.",
            )
        self.fields["reason"] = ReasonField()

    @classmethod
    def showing(cls, limits: Limits) -> "LimitsForm":
        """An unsent form with limits."""
        labels = {f"labels_{name}": sorted(allowed) for name, allowed in limits.labels.items()}
        return cls(initial={"event_types": sorted(limits.event_types or ()), **labels})

    def limits(self) -> Limits:
        """The limits of a valid form."""
        data = self.cleaned_data
        labels = {kind.name: data[f"labels_{kind.name}"] for kind in types_with_verdicts()}
        return Limits.of(data["event_types"], labels)


def _choices(label: str, names: Iterable[str], *, help_text: str) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label,
        choices=[(name, name) for name in names],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=help_text,
    )
