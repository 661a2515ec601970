"""The form with the criteria of an event type's gate: a row of fields for each."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.contrib.auth.models import Group
from django.forms import BoundField

from scoring.learning.gates.criteria import DEFAULT_CRITERIA, UNITS, Comparison, Criterion, Gate
from scoring.rules.ruleset.reason_field import ReasonField

NOBODY = ("", "nobody")


@dataclass(frozen=True)
class CriterionRow:
    """The fields of one criterion."""

    check: str
    comparison: str
    on: BoundField
    fields: list[BoundField]


class GateForm(forms.Form):
    """The criteria of a gate, and the reason of the change."""

    reason = ReasonField(help_text="Why this should change; it is recorded with your name.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        groups = [
            NOBODY,
            *((name, name) for name in Group.objects.order_by("name").values_list("name", flat=True)),
        ]
        for each in DEFAULT_CRITERIA:
            self.fields |= _fields_of(each, groups)

    @classmethod
    def showing(cls, gate: Gate) -> "GateForm":
        """An unsent form with the present criteria."""
        initial: dict[str, Any] = {}
        for each in gate.criteria:
            name = slug(each.check)
            initial |= {
                f"{name}_on": each.on,
                f"{name}_limit": None if each.limit is None else f"{each.limit:.10g}",
                f"{name}_tolerance": f"{each.tolerance:.10g}",
                f"{name}_override": each.override,
            }
        return cls(initial=initial)

    def rows(self) -> Iterator[CriterionRow]:
        for each in DEFAULT_CRITERIA:
            start = f"{slug(each.check)}_"
            named = [name for name in self.fields if name.startswith(start) and name != f"{start}on"]
            yield CriterionRow(
                each.check, each.comparison.value, self[f"{start}on"], [self[name] for name in named]
            )

    def gate(self) -> Gate:
        """The valid form as a gate."""
        return Gate(criteria=tuple(_criterion_of(each, self.cleaned_data) for each in DEFAULT_CRITERIA))


def slug(check: str) -> str:
    """The start of the names of a criterion's fields.

    >>> slug("held-out events")
    'held_out_events'
    """
    return check.lower().replace(" ", "_").replace("-", "_")


def has_tolerance(criterion: Criterion) -> bool:
    return criterion.comparison in (Comparison.WITHIN_TOLERANCE, Comparison.NOT_BELOW_CHAMPION)


def _fields_of(criterion: Criterion, groups: list[tuple[str, str]]) -> dict[str, forms.Field]:
    name, check = slug(criterion.check), criterion.check
    fields: dict[str, forms.Field] = {f"{name}_on": forms.BooleanField(label="On", required=False)}
    if criterion.limit is not None:
        unit = f", {UNITS[check]}" if check in UNITS else ""
        fields[f"{name}_limit"] = forms.FloatField(label=f"Limit ({check}{unit})", min_value=0)
    if has_tolerance(criterion):
        fields[f"{name}_tolerance"] = forms.FloatField(label=f"Tolerance ({check})", min_value=0)
    fields[f"{name}_override"] = forms.ChoiceField(
        label=f"Who may override ({check})", choices=groups, required=False
    )
    return fields


def _criterion_of(default: Criterion, given: dict[str, Any]) -> Criterion:
    name = slug(default.check)
    return replace(
        default,
        limit=given.get(f"{name}_limit"),
        tolerance=given.get(f"{name}_tolerance", default.tolerance),
        on=given[f"{name}_on"],
        override=given[f"{name}_override"],
    )
