"""The form with the criteria of an event type's gate: a row of fields for each."""

from dataclasses import asdict, replace
from typing import Any

from django import forms
from django.contrib.auth.models import Group

from scoring.admin_kit.settings_forms import RowsForm
from scoring.learning.gates.criteria import DEFAULT_CRITERIA, UNITS, Comparison, Criterion, Gate
from scoring.rules.ruleset.reason_field import ReasonField

NOBODY = ("", "nobody")


def slug(check: str) -> str:
    """The start of the names of a criterion's fields.

    >>> slug("held-out events")
    'held_out_events'
    """
    return check.lower().replace(" ", "_").replace("-", "_")


def has_tolerance(criterion: Criterion) -> bool:
    return criterion.comparison in (Comparison.WITHIN_TOLERANCE, Comparison.NOT_BELOW_CHAMPION)


_DEFAULTS = {slug(each.check): each for each in DEFAULT_CRITERIA}


class GateForm(RowsForm):
    """The criteria of a gate, and the reason of the change."""

    reason = ReasonField(help_text="Why this should change; it is recorded with your name.")

    row_labels = {
        name: (f"{each.check[0].upper()}{each.check[1:]}: {each.comparison}", "")
        for name, each in _DEFAULTS.items()
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._groups = group_choices()
        super().__init__(*args, **kwargs)

    def fields_of_row(self, name: str) -> dict[str, forms.Field]:
        default = _DEFAULTS[name]
        check, fields = default.check, dict[str, forms.Field]()
        if default.limit is not None:
            unit = f", {UNITS[check]}" if check in UNITS else ""
            fields["limit"] = forms.FloatField(label=f"Limit ({check}{unit})", min_value=0)
        if has_tolerance(default):
            fields["tolerance"] = forms.FloatField(label=f"Tolerance ({check})", min_value=0)
        fields["override"] = forms.ChoiceField(
            label=f"Who may override ({check})", choices=self._groups, required=False
        )
        return fields

    @classmethod
    def showing(cls, gate: Gate) -> "GateForm":
        """An unsent form with the present criteria."""
        return cls.showing_values({}, {slug(each.check): asdict(each) for each in gate.criteria})

    def gate(self) -> Gate:
        """The valid form as a gate."""
        return Gate(criteria=tuple(replace(each, **self.sent_row(name)) for name, each in _DEFAULTS.items()))


def group_choices() -> list[tuple[str, str]]:
    """The groups of the admin by name, after nobody."""
    names = Group.objects.order_by("name").values_list("name", flat=True)
    return [NOBODY, *((name, name) for name in names)]
