"""Filters of change lists that are forms: choices, exact texts, ranges of numbers and of days.

A list names subclasses in `list_filter`; `FilteredAdmin` shows the active ones as chips.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib.admin import ListFilter
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from scoring.admin_kit.filters.positions import positions_recorded

Rows = QuerySet[Any, Any]
# Entries with a position may have been recorded this much before or after their neighbors.
DISORDER = timedelta(hours=1)


class FormFilter(ListFilter):
    """A filter with a form field for each of its parameters. Invalid input selects no row, and says why."""

    template = "admin_kit/filter.html"

    def __init__(
        self, request: HttpRequest, params: dict[str, Any], model: type[Model], model_admin: Any
    ) -> None:
        super().__init__(request, params, model, model_admin)
        for name in self.expected_parameters():
            if name in params:
                self.used_parameters[name] = params.pop(name)[-1].strip()
        self.form = forms.Form(self.used_parameters)
        self.form.fields.update(self.form_fields())

    def form_fields(self) -> dict[str, forms.Field]:
        """The fields of the form by parameter; none of them required."""
        raise NotImplementedError

    def narrow(self, rows: Rows, values: Mapping[str, Any]) -> Rows:
        """The rows that the valid input selects."""
        raise NotImplementedError

    def text(self, values: Mapping[str, Any]) -> str:
        """The valid input as the text of a chip."""
        raise NotImplementedError

    @property
    def is_active(self) -> bool:
        return any(self.used_parameters.values())

    @property
    def problem(self) -> str:
        """Why the input is invalid, "" if it is valid."""
        return " ".join(str(message) for messages in self.form.errors.values() for message in messages)

    @property
    def chip_text(self) -> str:
        return self.problem or self.text(self.form.cleaned_data)

    def expected_parameters(self) -> list[str | None]:
        return list(self.form_fields())

    def has_output(self) -> bool:
        return True

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        yield {"form": self.form}

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        if not self.is_active:
            return queryset
        return queryset.none() if self.problem else self.narrow(queryset, self.form.cleaned_data)


class ChoiceFilter(FormFilter):
    """One of a few values of `field`, by the URL's `parameter` (the field itself if empty)."""

    field: ClassVar[str] = ""
    parameter: ClassVar[str] = ""

    def values(self) -> Iterable[tuple[str, str]]:
        """The choices as (value, text)."""
        raise NotImplementedError

    def condition(self, value: str) -> Q:
        return Q(**{self.field: value})

    def form_fields(self) -> dict[str, forms.Field]:
        choices = [("", "All"), *self.values()]
        unknown = {"invalid_choice": "'%(value)s' is not one of the choices; choose another one."}
        widget = UnfoldAdminSelectWidget(attrs={"aria-label": self.title})
        field = forms.ChoiceField(choices=choices, required=False, widget=widget, error_messages=unknown)
        return {self.parameter or self.field: field}

    def narrow(self, rows: Rows, values: Mapping[str, Any]) -> Rows:
        return rows.filter(self.condition(values[self.parameter or self.field]))

    def text(self, values: Mapping[str, Any]) -> str:
        return dict(self.values())[values[self.parameter or self.field]]


class TextFilter(FormFilter):
    """The whole value of `field`, such as the name of a model or of a sender."""

    field: ClassVar[str]
    placeholder: ClassVar[str] = ""
    max_length: ClassVar[int] = 200

    def suggestions(self) -> Iterable[str]:
        """Values that the browser offers while typing."""
        return ()

    def condition(self, value: str) -> Q:
        return Q(**{self.field: value})

    def form_fields(self) -> dict[str, forms.Field]:
        attributes = {"aria-label": self.title, "placeholder": self.placeholder, "autocomplete": "off"}
        attributes["list"] = f"{self.field}-suggestions"
        widget = UnfoldAdminTextInputWidget(attrs=attributes)
        return {self.field: forms.CharField(required=False, max_length=self.max_length, widget=widget)}

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        yield {
            "form": self.form,
            "list": f"{self.field}-suggestions",
            "suggestions": list(self.suggestions()),
        }

    def narrow(self, rows: Rows, values: Mapping[str, Any]) -> Rows:
        return rows.filter(self.condition(values[self.field]))

    def text(self, values: Mapping[str, Any]) -> str:
        return str(values[self.field])


class RangeFilter(FormFilter):
    """From and to, both optional and inclusive: the parameters `<field>_from` and `<field>_to`."""

    field: ClassVar[str]

    def field_of_bound(self, label: str) -> forms.Field:
        raise NotImplementedError

    def text_of_bound(self, value: Any) -> str:
        raise NotImplementedError

    def form_fields(self) -> dict[str, forms.Field]:
        return {
            f"{self.field}_from": self.field_of_bound("from"),
            f"{self.field}_to": self.field_of_bound("to"),
        }

    def bounds(self, values: Mapping[str, Any]) -> tuple[Any, Any]:
        """The lower and the upper bound, None where there is none."""
        return values[f"{self.field}_from"], values[f"{self.field}_to"]

    def text(self, values: Mapping[str, Any]) -> str:
        low, high = self.bounds(values)
        if low is not None and high is not None:
            return f"{self.text_of_bound(low)} to {self.text_of_bound(high)}"
        return f"from {self.text_of_bound(low)}" if low is not None else f"to {self.text_of_bound(high)}"


class NumberFilter(RangeFilter):
    """A range of numbers, entered in `unit`, of which one is `scale` of the column's."""

    unit: ClassVar[str] = ""
    scale: ClassVar[float] = 1.0

    def field_of_bound(self, label: str) -> forms.Field:
        wrong = {"invalid": f"The {self.title} is not a number; enter a number such as 10."}
        attributes = {
            "placeholder": f"{label}{self.unit}",
            "aria-label": f"{self.title} {label}",
            "inputmode": "decimal",
        }
        return forms.FloatField(
            required=False, error_messages=wrong, widget=UnfoldAdminTextInputWidget(attrs=attributes)
        )

    def text_of_bound(self, value: float) -> str:
        return f"{value:g}{self.unit}"

    def condition(self, lookup: str, value: float) -> Q:
        return Q(**{f"{self.field}__{lookup}": value * self.scale})

    def narrow(self, rows: Rows, values: Mapping[str, Any]) -> Rows:
        low, high = self.bounds(values)
        wanted = Q() if low is None else self.condition("gte", low)
        return rows.filter(wanted if high is None else wanted & self.condition("lte", high))


class DayFilter(RangeFilter):
    """A period of whole days in the current time zone.

    `position`: the column of the position of the entry recorded at that time, if there is one. It bounds the
    rows by their primary key, as no index covers the times of all events.
    """

    position: ClassVar[str] = ""

    def field_of_bound(self, label: str) -> forms.Field:
        wrong = {"invalid": f"The day of {self.title!r} is not a date; enter one such as 2026-03-31."}
        attributes = {"type": "date", "aria-label": f"{self.title} {label}"}
        return forms.DateField(
            required=False, error_messages=wrong, widget=UnfoldAdminTextInputWidget(attrs=attributes)
        )

    def text_of_bound(self, value: date) -> str:
        return value.isoformat()

    def narrow(self, rows: Rows, values: Mapping[str, Any]) -> Rows:
        start, end = period_of(*self.bounds(values))
        if start is not None:
            rows = rows.filter(**{f"{self.field}__gte": start})
        if end is not None:
            rows = rows.filter(**{f"{self.field}__lt": end})
        return _bounded(rows, self.position, start, end) if self.position else rows


def period_of(first: date | None, last: date | None) -> tuple[datetime | None, datetime | None]:
    """The start of the first day and the end of the last one, in the current time zone."""
    zone = timezone.get_current_timezone()
    start = datetime.combine(first, time.min, zone) if first else None
    return start, datetime.combine(last + timedelta(days=1), time.min, zone) if last else None


def _bounded(rows: Rows, position: str, start: datetime | None, end: datetime | None) -> Rows:
    low, high = positions_recorded(
        since=start - DISORDER if start else None, until=end + DISORDER if end else None
    )
    if low is not None:
        rows = rows.filter(**{f"{position}__gte": low})
    return rows if high is None else rows.filter(**{f"{position}__lt": high})
