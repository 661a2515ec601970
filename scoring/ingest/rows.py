"""Rows of a chunk as parsed events and labels: what the event type's own parser gives, a column at a time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from scoring.catalog.event_type import ParsedFields, parse_id, parse_occurred_at
from scoring.catalog.fields import Field, Money, Text, parse_currency
from scoring.errors import FieldError
from scoring.ingest.binding import Binding
from scoring.ingest.columns import ColumnParser, Problems, digits, merge_problems, raw_value
from scoring.ingest.readers import Chunk
from scoring.timestamps import to_iso

Texts = Sequence[str | None]
RowProblems = dict[int, list[str]]  # by index in the chunk
_MISSING = FieldError("is missing")
# When a label became known may lie ahead (a payment that will count as good in 45 days), an event may not.
FAR_FUTURE = datetime(9000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class RowLabel:
    value: str
    known_at: datetime


@dataclass(frozen=True, slots=True)
class ParsedRow:
    """A row that can be taken; `index` is its place in the chunk."""

    index: int
    parsed: ParsedFields
    label: RowLabel | None


class _Columns(NamedTuple):
    """Everything of a chunk's rows, column by column; entries of rows with problems are meaningless."""

    ids: Sequence[str]
    moments: Sequence[datetime]
    values: Mapping[str, Sequence[Any]]
    labels: Sequence[RowLabel | None]


class RowParser:
    """Parses the chunks of one table. `rates` as for EventType.parse."""

    def __init__(
        self,
        binding: Binding,
        *,
        now: datetime,
        rates: Mapping[str, Decimal] | None = None,
        timezone: str | None = None,
    ) -> None:
        kind = binding.event_type
        self._binding = binding
        self._zone = ZoneInfo(timezone) if timezone else None
        self._occurred_at = ColumnParser(lambda raw: parse_occurred_at(raw, now))
        self._known_at = ColumnParser(lambda raw: parse_occurred_at(raw, FAR_FUTURE))
        self._identity = ColumnParser(parse_id)
        self._label = ColumnParser(_label_reader(binding))
        self._currency = ColumnParser(parse_currency)
        optional = {name for name, field in kind.fields.items() if field.optional}
        self._required = {"occurred_at", *kind.fields} - optional
        self._fields = {
            name: ColumnParser(
                _money_reader(field, kind.base_currency, rates) if isinstance(field, Money) else field.parse
            )
            for name, field in kind.fields.items()
        }

    def parse(self, chunk: Chunk) -> tuple[list[ParsedRow], dict[int, str]]:
        """The rows that can be taken, and why the others cannot, by index in the chunk."""
        problems: RowProblems = {}
        moments = self._moments(chunk, problems)
        values = self._values(chunk, problems)
        labels = self._labels(chunk, moments, problems)
        ids = self._ids(chunk, moments, values, problems)
        reasons = {index: "; ".join(texts) for index, texts in problems.items()} | dict(chunk.malformed)
        good = [index for index in range(chunk.length) if index not in reasons]
        return self._rows(good, _Columns(ids, moments, values, labels)), reasons

    def _rows(self, good: Sequence[int], columns: _Columns) -> list[ParsedRow]:
        kind = self._binding.event_type
        names = tuple(columns.values)
        personal = [name for name in names if kind.fields[name].personal]
        cells_of = list(zip(*columns.values.values(), strict=True)) if names else [()] * len(columns.ids)
        rows = []
        for index in good:
            fields = {
                name: cell for name, cell in zip(names, cells_of[index], strict=True) if cell is not None
            }
            moment = columns.moments[index]
            parsed = ParsedFields(
                kind.name,
                columns.ids[index],
                moment,
                fields,
                tuple([name for name in personal if name in fields]) if personal else (),
                kind.signals_of(fields),
            )
            rows.append(ParsedRow(index, parsed, columns.labels[index]))
        return rows

    def _raw(self, chunk: Chunk, name: str, field: Field) -> Sequence[Any]:
        """The raw values of a payload name: its column, or its constant in every row, or nothing."""
        if name in self._binding.constants:
            return [raw_value(field, self._binding.constants[name])] * chunk.length
        column = chunk.columns.get(self._binding.columns.get(name, ""))
        return [None] * chunk.length if column is None else [raw_value(field, raw) for raw in column]

    def _values(self, chunk: Chunk, problems: RowProblems) -> dict[str, Sequence[Any]]:
        """Canonical columns in the order in which EventType.parse lists the fields: amounts last."""
        fields = self._binding.event_type.fields
        values: dict[str, Sequence[Any]] = {}
        for name, field in fields.items():
            if not isinstance(field, Money):
                values[name] = self._column(name, self._raw(chunk, name, field), self._fields[name], problems)
        amounts = {name: field for name, field in fields.items() if isinstance(field, Money)}
        currencies = self._currencies(chunk, problems) if amounts else []
        for name, field in amounts.items():
            raw = self._raw(chunk, name, field)
            keys = list(map(_amount_key, raw, currencies))
            values[name] = self._column(name, keys, self._fields[name], problems, given=raw)
        return values

    def _currencies(self, chunk: Chunk, problems: RowProblems) -> list[str | None]:
        """The currency of each row: as given, else the base currency; None where what is given is none."""
        raw = self._raw(chunk, "currency", Text())
        given = self._column("currency", raw, self._currency, problems)
        base = self._binding.event_type.base_currency
        return [base if cell is None else code for cell, code in zip(raw, given, strict=True)]

    def _moments(self, chunk: Chunk, problems: RowProblems) -> list[datetime]:
        raw = list(map(self._with_zone, self._raw(chunk, "occurred_at", Text())))
        return self._column("occurred_at", raw, self._occurred_at, problems)

    def _ids(
        self,
        chunk: Chunk,
        moments: Sequence[datetime | None],
        values: Mapping[str, Sequence[Any]],
        problems: RowProblems,
    ) -> list[str]:
        parts = [self._id_part(chunk, column, moments, values) for column in self._binding.id]
        for column, part in zip(self._binding.id, parts, strict=True):
            empty = FieldError(f"is empty, but part of the id {'+'.join(self._binding.id)}")
            cells = chunk.columns.get(column, [None] * chunk.length)
            # What is there but has no canonical value is wrong, which was said already.
            missing = [not (text or _id_text(cell)) for text, cell in zip(part, cells, strict=True)]
            merge_problems(problems, column, {i: empty for i, is_missing in enumerate(missing) if is_missing})
        joined = list(map(join_id, zip(*parts, strict=True))) if len(parts) > 1 else parts[0]
        ids, wrong = self._identity.values(joined)
        merge_problems(problems, "the id", wrong)
        return ids

    def _id_part(
        self,
        chunk: Chunk,
        column: str,
        moments: Sequence[datetime | None],
        values: Mapping[str, Sequence[Any]],
    ) -> Texts:
        """A column as part of an id; of what is also a field the canonical form.

        So the file's format is no part of the identity: 2019-01-01T01:00:00+01:00 and 2019-01-01T00:00:00Z
        are one.
        """
        fields = [name for name, source in self._binding.columns.items() if source == column]
        if "occurred_at" in fields:
            return [to_iso(moment) if moment else None for moment in moments]
        canonical = next((values[name] for name in fields if name in values), None)
        cells = chunk.columns.get(column, [None] * chunk.length) if canonical is None else canonical
        return list(map(_id_text, cells))

    def _labels(
        self, chunk: Chunk, moments: Sequence[datetime | None], problems: RowProblems
    ) -> Sequence[RowLabel | None]:
        label = self._binding.label
        if label is None or label.column not in chunk.columns:
            return [None] * chunk.length
        names, wrong = self._label.values(list(map(_id_text, chunk.columns[label.column])))
        merge_problems(problems, label.column, wrong)
        stated = list(map(self._with_zone, chunk.columns.get(label.known_at or "", [None] * chunk.length)))
        known, wrong = self._known_at.values(stated)
        merge_problems(problems, label.known_at or "", wrong)
        labels = list(map(self._row_label, names, known, moments))
        merge_problems(problems, label.known_at or label.column, _known_too_early(labels, moments))
        return labels

    def _row_label(
        self, name: str | None, known_at: datetime | None, moment: datetime | None
    ) -> RowLabel | None:
        if name is None or moment is None:
            return None
        return RowLabel(name, known_at or moment + self._binding.event_type.matures_after)

    def _column(
        self,
        name: str,
        raw: Sequence[Any],
        parser: ColumnParser,
        problems: RowProblems,
        *,
        given: Sequence[Any] | None = None,
    ) -> list[Any]:
        """The canonical values of a column; `given` says what is missing where `raw` is made of more."""
        values, wrong = parser.values(raw)
        if name in self._required:
            wrong |= {index: _MISSING for index, cell in enumerate(given or raw) if cell is None}
        column = self._binding.columns.get(name, name)
        merge_problems(problems, name if column == name else f"{name} (column {column})", wrong)
        return values

    def _with_zone(self, raw: Any) -> Any:
        """A time without an offset with that of the mapping's time zone; anything else as it is."""
        if not isinstance(raw, str):
            return raw
        if not raw.strip():
            return None
        if self._zone is None:
            return raw
        try:
            moment = datetime.fromisoformat(raw)
        except ValueError:
            return raw
        return raw if moment.tzinfo else moment.replace(tzinfo=self._zone).isoformat()


def join_id(parts: Sequence[str | None]) -> str:
    """The parts of a composite id joined by +, with + and % inside a part escaped: no two tuples meet.

    >>> join_id(["a+b", "c"])
    'a%2Bb+c'
    """
    return "+".join([(part or "").replace("%", "%25").replace("+", "%2B") for part in parts])


def _money_reader(
    money: Money, base: str, rates: Mapping[str, Decimal] | None
) -> Callable[[tuple[type, str, str]], Any]:
    def read(key: tuple[type, str, str]) -> Any:
        kind, text, currency = key
        return money.parse(_AMOUNTS[kind](text) if kind in _AMOUNTS else None, currency, base, rates)

    return read


# What a key of `_amount_key` stands for. The text, not the number, is the key: 1, 1.0 and True are equal as
# numbers.
_AMOUNTS: Mapping[type, Callable[[str], Any]] = {str: str, int: int, float: float}


def _amount_key(raw: Any, currency: str | None) -> tuple[type, str, str] | None:
    if raw is None or currency is None:
        return None
    return type(raw), raw if isinstance(raw, str) else repr(raw), currency


def _label_reader(binding: Binding) -> Callable[[str], str]:
    allowed = binding.event_type.labels.values
    given = dict(binding.label.values) if binding.label else {}
    names = given or {value: value for value in allowed}

    def read(text: str) -> str:
        if text not in names:
            raise FieldError(f"is {text!r}", list(names))
        return names[text]

    return read


def _id_text(value: Any) -> str | None:
    """A cell or canonical value as text; None if there is nothing in it."""
    if isinstance(value, str):
        return value.strip() or None
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(digits(value))
    return str(value["minor"]) if isinstance(value, dict) and "minor" in value else str(value)


def _known_too_early(labels: Sequence[RowLabel | None], moments: Sequence[datetime | None]) -> Problems:
    return {
        index: FieldError(f"is before the event ({to_iso(moment)})")
        for index, (label, moment) in enumerate(zip(labels, moments, strict=True))
        if label and moment and label.known_at < moment
    }
