"""The fields and features by which events are sliced, and their values."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from scoring.catalog.currency import format_minor
from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Category, Field, Flag, Money, Number
from scoring.catalog.registry import event_type as find_event_type
from scoring.features.compile.specs import FeatureSpec
from scoring.learning.errors import InvalidSliceField
from scoring.learning.fairness.slicing import AGES, OTHERS, Slicing, slice_names, slice_numbers
from scoring.log.read import read_positions
from scoring.registry.feature_sets import find_feature_set

SLICEABLE = (Category, Flag, Money, Number)
MAX_DERIVED = 3  # categories, where an event type does not say by which fields it is sliced
CHUNK = 10_000  # log entries read at once


class SlicedEvents(Protocol):
    """Events that are sliced, such as a training set: n log positions of versions, and vectors X [n, F] of
    the feature set with this hash under these vocabularies.
    """

    @property
    def event_type(self) -> str: ...
    @property
    def feature_set(self) -> str: ...
    @property
    def vocabularies(self) -> dict[str, tuple[str, ...]]: ...
    @property
    def positions(self) -> NDArray[np.int64]: ...
    @property
    def X(self) -> NDArray: ...


def slicings_of(fields: Sequence[str], data: SlicedEvents) -> Iterator[Slicing]:
    """The slices of the events by each field or feature.

    Features are taken from the vectors, other fields from the log. Raises InvalidSliceField for a name that
    is neither, and for personal fields, entities and texts.
    """
    own = find_feature_set(data.event_type, data.vocabularies, data.feature_set)
    specs = {spec.name: (column, spec) for column, spec in enumerate(own.features)} if own else {}
    for field in fields:
        if field in specs:
            column, spec = specs[field]
            yield _of_feature(spec, data.X[:, column])
        else:
            yield _of_field(find_event_type(data.event_type), field, data, known=specs)


def default_fields(kind: type[EventType], features: Sequence[str]) -> list[str]:
    """What events are sliced by at training: what the type declares in `sliced_by`, as far as it is known.

    Without a declaration, its first categories and amounts.
    """
    known = sliceable_fields(kind) | set(features)
    if kind.sliced_by:
        return [name for name in kind.sliced_by if name in known]
    categories = [name for name, f in kind.fields.items() if isinstance(f, Category) and not f.personal]
    amounts = [name for name, f in kind.fields.items() if isinstance(f, Money)]
    return [*categories[:MAX_DERIVED], *amounts[:1]]


def sliceable_fields(kind: type[EventType]) -> set[str]:
    """The fields of a type whose values are in the log and few, or numbers."""
    return {name for name, f in kind.fields.items() if isinstance(f, SLICEABLE) and not f.personal}


def _of_feature(spec: FeatureSpec, values: NDArray) -> Slicing:
    if spec.unit == "category":
        names = [OTHERS, *spec.vocabulary]
        known = ~np.isnan(values)
        return slice_names(
            spec.name,
            [names[int(code)] if there else None for code, there in zip(values, known, strict=True)],
        )
    edges = AGES if spec.unit == "seconds" else ()
    return slice_numbers(spec.name, values, text=_writer(spec.unit, spec.currency), edges=edges)


def _of_field(kind: type[EventType], name: str, data: SlicedEvents, *, known: Any) -> Slicing:
    field = kind.fields.get(name)
    if field is None or name not in sliceable_fields(kind):
        raise InvalidSliceField(name, allowed=sorted(sliceable_fields(kind)), features=sorted(known))
    values = list(_read_values(name, data.positions))
    if isinstance(field, Category | Flag):
        return slice_names(name, [None if value is None else _name_of(value) for value in values])
    numbers = np.array([_number_of(field, value) for value in values], dtype=np.float64)
    unit = "money" if isinstance(field, Money) else "number"
    return slice_numbers(name, numbers, text=_writer(unit, kind.base_currency))


def _read_values(field: str, positions: NDArray[np.int64]) -> Iterator[Any]:
    for start in range(0, len(positions), CHUNK):
        for entry in read_positions(positions[start : start + CHUNK].tolist()):
            yield entry.data["fields"].get(field)


def _name_of(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _number_of(field: Field, value: Any) -> float:
    if value is None:
        return float("nan")
    return float(value.get("base_minor", value["minor"]) if isinstance(field, Money) else value)


def _writer(unit: str, currency: str) -> Callable[[float], str]:
    """How a number of this unit is written in the name of a slice."""
    if unit == "money":
        return lambda value: format_minor(value, currency)
    if unit == "seconds":
        return _duration
    if unit == "flag":
        return lambda value: "yes" if value else "no"
    return lambda value: f"{value:g}"


def _duration(seconds: float) -> str:
    length = timedelta(seconds=seconds)
    return f"{length.days} d" if length >= timedelta(days=1) else f"{length.total_seconds():g} s"
