"""The form with the terms of a queue, beside its condition."""

from typing import Any

from django import forms
from django.contrib.auth.models import Group

from reviews.queues.definition import (
    DEFAULT_PRIORITY,
    MAX_DESCRIPTION,
    MAX_PRIORITY,
    MAX_QUOTA,
    MAX_SLA_MINUTES,
    MAX_WEIGHT,
    QUOTA_SOURCES,
    OrderWeights,
    QueueDefinition,
)
from scoring.rules.ruleset.reason_field import ReasonField

WEIGHTS = {
    "loss": "Weight of the expected loss",
    "label": "Weight of the label's value",
    "age": "Weight of the age",
}
SOURCES = {
    "sample": "Random samples, in %",
    "uncertain": "Scores near a threshold, in %",
    "explored": "Let through by exploration, in %",
    "candidate": "Risks that rose, in %",
}


class QueueForm(forms.Form):
    """Name, members, SLA, order and quotas (in percent) of a queue, and the reason of the change."""

    name = forms.SlugField(
        label="Name", max_length=60, help_text="Lower-case letters, digits and _. It stays for all versions."
    )
    description = forms.CharField(
        label="What it is for", max_length=MAX_DESCRIPTION, required=False, help_text="Optional."
    )
    groups = forms.MultipleChoiceField(
        label="Groups whose members work on it",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Without groups and users, all reviewers do.",
    )
    users = forms.CharField(
        label="Further users", required=False, help_text="User names, separated by commas."
    )
    priority = forms.IntegerField(
        label="Priority",
        min_value=0,
        max_value=MAX_PRIORITY,
        initial=DEFAULT_PRIORITY,
        help_text="Of several queues that fit, the one with the lowest number takes the case.",
    )
    sla_minutes = forms.IntegerField(
        label="SLA in minutes",
        min_value=0,
        max_value=MAX_SLA_MINUTES,
        initial=0,
        help_text="From the opening of a case to its verdict; 0 for none.",
    )
    one_per_cluster = forms.BooleanField(
        label="Of cases that share an entity, one at a time", required=False, initial=True
    )
    reason = ReasonField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reason = self.fields.pop("reason")
        self.fields["groups"].choices = [  # type: ignore[attr-defined]
            (name, name) for name in Group.objects.order_by("name").values_list("name", flat=True)
        ]
        for name, label in WEIGHTS.items():
            self.fields[f"weight_{name}"] = forms.FloatField(
                label=label, min_value=0, max_value=MAX_WEIGHT, initial=1, help_text="0 leaves it out."
            )
        for name in QUOTA_SOURCES:
            self.fields[f"quota_{name}"] = forms.FloatField(
                label=SOURCES[name],
                min_value=0,
                max_value=100 * MAX_QUOTA,
                initial=0,
                help_text="Share of a reviewer's verdicts.",
            )
        self.fields["reason"] = reason

    @classmethod
    def showing(cls, definition: QueueDefinition) -> "QueueForm":
        """An unsent form with a definition."""
        weights = definition.weights
        return cls(
            initial={
                **{name: getattr(definition, name) for name in ("name", "description", "priority")},
                "sla_minutes": definition.sla_minutes,
                "one_per_cluster": definition.one_per_cluster,
                "groups": list(definition.groups),
                "users": ", ".join(definition.users),
                **{f"weight_{name}": getattr(weights, name) for name in WEIGHTS},
                **{f"quota_{name}": 100 * definition.quotas.get(name, 0) for name in QUOTA_SOURCES},
            }
        )

    def terms(self) -> dict[str, Any]:
        """The valid form as members of `QueueDefinition`, without its event type and condition."""
        data = self.cleaned_data
        quotas = {name: round(data[f"quota_{name}"] / 100, 6) for name in QUOTA_SOURCES}
        return {
            **{name: data[name] for name in ("name", "description", "priority", "sla_minutes")},
            "one_per_cluster": data["one_per_cluster"],
            "groups": tuple(data["groups"]),
            "users": tuple(name for text in data["users"].split(",") if (name := text.strip())),
            "weights": OrderWeights(**{name: data[f"weight_{name}"] for name in WEIGHTS}),
            "quotas": {name: share for name, share in quotas.items() if share},
        }
