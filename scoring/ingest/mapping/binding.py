"""Binds a mapping to the columns of a table; every problem is reported before any row is read."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from scoring.catalog.event_type import EventType
from scoring.catalog.registry import event_type, event_types
from scoring.ingest.errors import InvalidMapping
from scoring.ingest.mapping.ids import ROW
from scoring.ingest.mapping.mapping import ColumnMapping, LabelMapping
from scoring.ingest.readers.tables import list_names

_VALUE = re.compile(r"[+-]?\d+(\.\d+)?|\d{4}-\d\d-\d\d.*", re.ASCII)  # not a column name

# Default columns of the event type and, unless the mapping has a label, of the label.
TYPE_COLUMN = "type"  # as in the payloads of the API
LABEL_COLUMN, LABEL_KNOWN_AT_COLUMN = "label", "label_known_at"


@dataclass(frozen=True, slots=True)
class Binding:
    """The source of each part of an event: `columns` and `constants` by payload name."""

    event_type: type[EventType]
    id: tuple[str, ...]
    columns: Mapping[str, str]
    constants: Mapping[str, str]
    label: LabelMapping | None

    @property
    def used(self) -> frozenset[str]:
        """The columns that are read."""
        of_label = self.label.columns.values() if self.label else ()
        return frozenset([*self.id, *self.columns.values(), *of_label]) - {ROW}

    @property
    def wanted(self) -> frozenset[str] | None:
        """The columns to load from a table; None: all."""
        return None if ROW in self.id else self.used | {TYPE_COLUMN}

    @property
    def other_types(self) -> frozenset[str]:
        """The event types that a row must not have; empty if the type column is used for something else."""
        return frozenset() if TYPE_COLUMN in self.used else frozenset(event_types()) - {self.event_type.name}


def bind(mapping: ColumnMapping, columns: Sequence[str] | None, *, labels_only: bool = False) -> Binding:
    """Bind `mapping` to `columns` (None: unknown, because each row has its own).

    With `labels_only`, rows are labels of events, and only the fields that are part of the id are read.
    Raises InvalidMapping with every problem.
    """
    kind = event_type(mapping.type)
    identity = _identity(mapping.id, columns)
    sources = _sources(kind, mapping, columns)
    label = _label(mapping.label, columns)
    problems = [
        *_unknown_fields(kind, mapping),
        *_unknown_columns(identity, mapping.fields, label, columns),
        *([] if labels_only else _missing_fields(kind, mapping, sources, columns)),
        *_personal_ids(kind, identity, sources),
        *_unknown_labels(kind, label),
    ]
    if labels_only:
        sources = {name: column for name, column in sources.items() if column in identity}
        problems += _missing_label_parts(identity, label)
    if problems:
        raise InvalidMapping([*problems, *_listed(problems, columns)])
    return Binding(kind, identity, sources, {} if labels_only else mapping.constants, label)


def _listed(problems: Sequence[str], columns: Sequence[str] | None) -> list[str]:
    """A list of the existing columns if any problem is about a missing one."""
    is_about_columns = any("no column" in problem for problem in problems)
    return (
        [f"the columns are {list_names(columns)}", *_doubts(columns)] if columns and is_about_columns else []
    )


def _doubts(columns: Sequence[str]) -> list[str]:
    """Reasons to doubt that the header is one."""
    if len(columns) == 1:
        return [
            "the whole header is one column: set the separator (--delimiter), or remove quotes around lines"
        ]
    if any(map(_VALUE.fullmatch, columns)):
        return ["the header contains values: add a line with the column names before it"]
    return []


def mappable_names(kind: type[EventType]) -> tuple[str, ...]:
    """The names that `fields` and `constants` of a mapping may contain."""
    return tuple(name for name in kind.payload_names() if name not in ("type", "id"))


def _sources(kind: type[EventType], mapping: ColumnMapping, columns: Sequence[str] | None) -> dict[str, str]:
    """The column of each payload name without a constant: as mapped, else the column of that name."""
    sources = {}
    for name in mappable_names(kind):
        column = mapping.fields.get(name, name)
        if name not in mapping.constants and (name in mapping.fields or columns is None or column in columns):
            sources[name] = column
    return sources


def _identity(identity: tuple[str, ...], columns: Sequence[str] | None) -> tuple[str, ...]:
    """The id columns. `row` alone is the rule unless a column has that name; names may contain a +."""
    if "+".join(identity) in (columns or ()):
        return ("+".join(identity),)
    is_rule = identity in (("row",), (ROW,)) and "row" not in (columns or ())
    return (ROW,) if is_rule else identity


def _missing_label_parts(identity: tuple[str, ...], label: LabelMapping | None) -> list[str]:
    problems = [] if label else ["--labels-only: name the label column (--label), or use --label-value"]
    if ROW in identity:
        problems.append("--labels-only: --id must name the columns that identify an event")
    return problems


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
    identity: tuple[str, ...],
    fields: Mapping[str, str],
    label: LabelMapping | None,
    columns: Sequence[str] | None,
) -> list[str]:
    if columns is None:
        return []
    wanted = [
        *(("the id", column) for column in identity if column != ROW),
        *fields.items(),
        *(label.columns.items() if label else ()),
    ]
    return [_no_column(what, column, columns) for what, column in wanted if column not in columns]


def _no_column(what: str, column: str, columns: Sequence[str]) -> str:
    alike = get_close_matches(column.lower(), [name.lower() for name in columns], n=1)
    meant = next((name for name in columns if alike and name.lower() == alike[0]), "")
    hint = f"; did you mean {meant!r}?" if meant else ""
    if what == "the id" and column == "id" and not meant:
        hint = "; name it with --id COLUMN, or use --id row if rows have no id"
    return f"{what}: there is no column {column!r}{hint}"


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
        f"{kind.name} needs {name}: no column has that name; name its column (--map {name}=COLUMN)"
        f" or give one value for all rows (--set {name}=VALUE)"
        for name in missing
    ]


def _personal_ids(kind: type[EventType], identity: tuple[str, ...], sources: Mapping[str, str]) -> list[str]:
    personal = {
        sources[name]: name for name, field in kind.fields.items() if field.personal and name in sources
    }
    return [
        f"the id: column {column!r} contains {personal[column]}, which is personal and must not enter the log"
        for column in identity
        if column in personal
    ]


def _unknown_labels(kind: type[EventType], label: LabelMapping | None) -> list[str]:
    allowed = kind.labels.values
    given = [*label.values.values(), label.value] if label else []
    return [
        f"the label: {kind.name} has no label {value!r}; allowed: {', '.join(allowed)}"
        for value in dict.fromkeys(given)
        if value and value not in allowed
    ]
