"""Forms with the settings of an event type: general fields, and a row of fields for each of several names."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from django import forms
from django.forms import BoundField


@dataclass(frozen=True)
class FieldRow:
    """The fields of one name: its switch, and the others."""

    label: str
    explained: str
    on: BoundField
    fields: list[BoundField]


class RowsForm(forms.Form):
    """A form with a switch and further fields for each name of `row_labels`, besides its own fields.

    The setting of a row is the field "{name}_{setting}". `row_labels`: the label and the explanation of each
    name. `general_fields`: the form's own fields above the rows.
    """

    general_fields: ClassVar[Sequence[str]] = ()
    row_labels: ClassVar[Mapping[str, tuple[str, str]]]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._settings: dict[str, list[str]] = {}
        for name in self.row_labels:
            fields = self.fields_of_row(name)
            self.fields[f"{name}_on"] = forms.BooleanField(label="On", required=False)
            self.fields |= {f"{name}_{setting}": field for setting, field in fields.items()}
            self._settings[name] = list(fields)

    def fields_of_row(self, name: str) -> dict[str, forms.Field]:
        """The fields of a row besides its switch, by setting."""
        raise NotImplementedError

    @classmethod
    def showing_values(cls, general: Mapping[str, Any], rows: Mapping[str, Mapping[str, Any]]) -> Self:
        """An unsent form with these values: of the general fields, and of each row by setting."""
        form = cls(initial=dict(general))
        for name, values in rows.items():
            for setting in ("on", *form._settings[name]):
                form.initial[f"{name}_{setting}"] = _shown(values[setting])
        return form

    def general(self) -> list[BoundField]:
        return [self[name] for name in self.general_fields]

    def rows(self) -> Iterator[FieldRow]:
        for name, (label, explained) in self.row_labels.items():
            fields = [self[f"{name}_{setting}"] for setting in self._settings[name]]
            yield FieldRow(label, explained, self[f"{name}_on"], fields)

    def sent_row(self, name: str) -> dict[str, Any]:
        """The values of a row of the valid form, by setting."""
        return {setting: self.cleaned_data[f"{name}_{setting}"] for setting in ("on", *self._settings[name])}


def _shown(value: Any) -> Any:
    """A value as fields show it: numbers without trailing zeros."""
    return f"{value:.10g}" if isinstance(value, float) else value
