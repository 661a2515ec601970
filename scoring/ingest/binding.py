"""A mapping laid over the columns that are there: what is missing is said before any row is read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from scoring.catalog.event_type import EventType
from scoring.catalog.registry import event_type
from scoring.errors import InvalidMapping
from scoring.ingest.mapping import ColumnMapping, LabelMapping

# Read from columns of these names if the mapping does not speak of labels.
LABEL_COLUMN, LABEL_KNOWN_AT_COLUMN = "label", "label_known_at"


@dataclass(frozen=True, slots=True)
class Binding:
    """Where everything of an event comes from: `columns` by payload name, `constants` by payload name."""

    event_type: type[EventType]
    id: tuple[str, ...]
    columns: Mapping[str, str]
    constants: Mapping[str, str]
    label: LabelMapping | None

    @property
    def used(self) -> frozenset[str]:
        """Every column that is read."""
        of_label = (self.label.column, self.label.known_at) if self.label else ()
        return frozenset([*self.id, *self.columns.values(), *(name for name in of_label if name)])


def bind(mapping: ColumnMapping, columns: Sequence[str] | None) -> Binding:
    """Lay `mapping` over `columns` (None: only known row by row, any may come).

    Raises InvalidMapping with every problem.
    """
    kind = event_type(mapping.type)
    sources = _sources(kind, mapping, columns)
    label = _label(mapping.label, columns)
    problems = [
        *_unknown_fields(kind, mapping),
        *_unknown_columns(mapping, label, columns),
        *_missing_fields(kind, mapping, sources, columns),
        *_personal_ids(kind, mapping, sources),
        *_unknown_labels(kind, label),
    ]
    if problems:
        raise InvalidMapping(problems)
    return Binding(kind, mapping.id, sources, mapping.constants, label)


def mappable_names(kind: type[EventType]) -> tuple[str, ...]:
    """What `fields` and `constants` of a mapping may speak of."""
    return tuple(name for name in kind.payload_names() if name not in ("type", "id"))


def _sources(kind: type[EventType], mapping: ColumnMapping, columns: Sequence[str] | None) -> dict[str, str]:
    """The column of each payload name without a constant: as mapped, else the column of that name."""
    sources = {}
    for name in mappable_names(kind):
        column = mapping.fields.get(name, name)
        if name not in mapping.constants and (name in mapping.fields or columns is None or column in columns):
            sources[name] = column
    return sources


def _label(label: LabelMapping | None, columns: Sequence[str] | None) -> LabelMapping | None:
    has = columns or ()
    if label is None:
        label = LabelMapping() if columns is None or LABEL_COLUMN in has else None
    if label and label.known_at is None and (columns is None or LABEL_KNOWN_AT_COLUMN in has):
        label = replace(label, known_at=LABEL_KNOWN_AT_COLUMN)
    return label


def _unknown_fields(kind: type[EventType], mapping: ColumnMapping) -> list[str]:
    allowed = mappable_names(kind)
    named = {**mapping.fields, **mapping.constants}
    problems = [
        f"{kind.name} has no field {name!r}; allowed: {', '.join(allowed)}"
        for name in named
        if name not in allowed
    ]
    twice = [name for name in mapping.fields if name in mapping.constants]
    return problems + [f"{name} is given both a column and a constant; keep one" for name in twice]


def _unknown_columns(
    mapping: ColumnMapping, label: LabelMapping | None, columns: Sequence[str] | None
) -> list[str]:
    if columns is None:
        return []
    of_label = {"the label": label.column, "the label's known-at": label.known_at} if label else {}
    wanted = [
        *(("the id", column) for column in mapping.id),
        *mapping.fields.items(),
        *((what, column) for what, column in of_label.items() if column),
    ]
    return [
        f"{what}: there is no column {column!r}; the columns are {', '.join(columns)}"
        for what, column in wanted
        if column not in columns
    ]


def _missing_fields(
    kind: type[EventType], mapping: ColumnMapping, sources: Mapping[str, str], columns: Sequence[str] | None
) -> list[str]:
    optional = {"currency", *(name for name, field in kind.fields.items() if field.optional)}
    missing = [
        name
        for name in mappable_names(kind)
        if name not in optional and name not in sources and name not in mapping.constants
    ]
    return [
        f"{kind.name} needs {name}: no column has that name; say which one holds it (--map {name}=COLUMN)"
        f" or one value for all rows (--set {name}=VALUE); the columns are {', '.join(columns or ())}"
        for name in missing
    ]


def _personal_ids(kind: type[EventType], mapping: ColumnMapping, sources: Mapping[str, str]) -> list[str]:
    personal = {
        sources[name]: name for name, field in kind.fields.items() if field.personal and name in sources
    }
    return [
        f"the id: column {column!r} holds {personal[column]}, which is personal and may not enter the log"
        for column in mapping.id
        if column in personal
    ]


def _unknown_labels(kind: type[EventType], label: LabelMapping | None) -> list[str]:
    allowed = kind.labels.values
    return [
        f"the label: {kind.name} is never {value!r}; allowed: {', '.join(allowed)}"
        for value in (label.values.values() if label else ())
        if value not in allowed
    ]
