"""Parses the rows of a chunk as events and labels, column by column, as the event type's own parser does."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from scoring.catalog.errors import FieldError
from scoring.catalog.event_type import ParsedFields, parse_id, parse_occurred_at
from scoring.catalog.fields import Category, Entity, Field, Money, parse_currency
from scoring.ingest.mapping.binding import TYPE_COLUMN, Binding
from scoring.ingest.mapping.ids import ROW, id_text, join_id, row_ids
from scoring.ingest.mapping.mapping import ColumnMapping
from scoring.ingest.readers.tables import Chunk
from scoring.ingest.rows.amounts import AmountParser, RateOf
from scoring.ingest.rows.cell_reader import CellReader
from scoring.ingest.rows.columns import ColumnParser, Problems, inexact, merge_problems
from scoring.ingest.rows.row_labels import LabelReader, RowLabel
from scoring.ingest.values.missing import WordCounts, count_words
from scoring.ingest.values.times import TimeReader
from scoring.timestamps import to_iso

RowProblems = dict[int, list[str]]  # by index in the chunk
_MISSING = FieldError("is missing")


@dataclass(frozen=True, slots=True)
class ParsedRow:
    """A valid row; `index` is its position in the chunk."""

    index: int
    parsed: ParsedFields
    label: RowLabel | None


@dataclass(frozen=True, slots=True)
class ParsedChunk:
    """The valid rows, and the reasons why the others are not, by row index in the chunk.

    `label_problems`: for rows imported without their label. `stated`: the label in each row, imported or not.
    `rounded` counts the rounded amounts, `words` the words for missing values in names and ids.
    """

    rows: list[ParsedRow]
    reasons: dict[int, str]
    label_problems: dict[int, str]
    stated: Sequence[str | None]
    rounded: int
    words: WordCounts


class Columns(NamedTuple):
    """The values of a chunk, column by column; those of rows with problems are meaningless."""

    moments: Sequence[datetime | None]
    values: Mapping[str, Sequence[Any]]
    rounded: int


class RowParser:
    """Parses the chunks of one table. `rate_of`: the exchange rates for its amounts."""

    def __init__(self, binding: Binding, mapping: ColumnMapping, *, now: datetime, rate_of: RateOf) -> None:
        kind = binding.event_type
        self.cells = cells = CellReader(mapping)
        self._binding, self._id_name = binding, "+".join(binding.id)
        times = TimeReader(mapping.times)
        self._times = ColumnParser(
            cells.then(cells.text, lambda raw: parse_occurred_at(times.read(raw), now))
        )
        self._identity = ColumnParser(parse_id)
        self._currency = ColumnParser(cells.then(cells.text, parse_currency))
        optional = {name for name, field in kind.fields.items() if field.optional}
        sent = {name: field for name, field in kind.fields.items() if not field.computed}
        self._required = {"occurred_at", *sent} - optional
        amounts = {name: field for name, field in sent.items() if isinstance(field, Money)}
        self._fields = {
            name: ColumnParser(cells.parsing(field)) for name, field in sent.items() if name not in amounts
        }
        self._amounts = {
            name: AmountParser(
                field, cells.reading(field), base=kind.base_currency, rate_of=rate_of, rounds=mapping.round
            )
            for name, field in amounts.items()
        }
        self._other_types = binding.other_types
        self.labels = LabelReader(binding, mapping, cells) if binding.label else None

    def parse(self, chunk: Chunk) -> ParsedChunk:
        """Every row of the chunk, taken or not."""
        problems: RowProblems = {}
        merge_problems(problems, TYPE_COLUMN, self._of_other_types(chunk))
        columns = self.columns(chunk, problems)
        ids = self.ids(chunk, columns, problems)
        reasons = {index: "; ".join(texts) for index, texts in problems.items()} | dict(chunk.malformed)
        stated, labels, label_problems = self._labels(chunk, columns.moments)
        good = [index for index in range(chunk.length) if index not in reasons]
        return ParsedChunk(
            rows=self._rows(good, ids, columns, labels),
            reasons=reasons,
            label_problems={i: text for i, text in label_problems.items() if i not in reasons},
            stated=stated,
            rounded=columns.rounded,
            words=self._words(chunk),
        )

    def columns(self, chunk: Chunk, problems: RowProblems, *, only: Set[str] | None = None) -> Columns:
        """Moments, and canonical values in the order in which EventType.parse lists them: amounts last.

        `only`: of these names; the moments are None then, unless `occurred_at` is one.
        """
        moments: list[Any] = [None] * chunk.length
        if only is None or "occurred_at" in only:
            read = self._times.values(self._raw(chunk, "occurred_at"))
            moments = self._column(chunk, "occurred_at", *read, problems)
        values: dict[str, Sequence[Any]] = {}
        for name, parser in self._fields.items():
            if only is None or name in only:
                values[name] = self._column(chunk, name, *parser.values(self._raw(chunk, name)), problems)
        amounts = {name: each for name, each in self._amounts.items() if only is None or name in only}
        currencies = self._currencies(chunk, problems) if amounts else []
        rounded = 0
        for name, amount in amounts.items():
            given, wrong, count = amount.values(self._raw(chunk, name), currencies, moments)
            unsaid = [i for i, pair in enumerate(zip(currencies, moments, strict=True)) if None in pair]
            values[name] = self._column(chunk, name, given, wrong, problems, unsaid=unsaid)
            rounded += count
        return Columns(moments, values, rounded)

    def label_ids(self, chunk: Chunk, problems: RowProblems) -> list[str]:
        """The event ids in label rows, built as for events (from canonical values of fields)."""
        named = {name for name, column in self._binding.columns.items() if column in self._binding.id}
        return self.ids(chunk, self.columns(chunk, problems, only=named), problems)

    def ids(self, chunk: Chunk, columns: Columns, problems: RowProblems) -> list[str]:
        """The id of each row."""
        names = self._binding.id
        if names == (ROW,):
            return row_ids(chunk)
        parts = [self._id_part(chunk, column, columns) for column in names]
        for column, part in zip(names, parts, strict=True):
            merge_problems(problems, column, self._without_id(chunk, column, part))
            merge_problems(problems, column, self._inexact_ids(chunk, column))
        joined = list(map(join_id, zip(*parts, strict=True))) if len(parts) > 1 else parts[0]
        ids, wrong = self._identity.values(joined)
        merge_problems(problems, "the id", {i: error for i, error in wrong.items() if joined[i]})
        return ids

    def _without_id(self, chunk: Chunk, column: str, part: Sequence[str | None]) -> Problems:
        """The rows in which a part of the id is empty; invalid parts have their own problem."""
        cells, said = chunk.columns.get(column), chunk.unreadable.get(column, {})
        empty = "is empty" if len(self._binding.id) == 1 else f"is empty, but part of the id {self._id_name}"
        return {
            i: FieldError(said.get(i, empty))
            for i, text in enumerate(part)
            if not text and (i in said or cells is None or self.cells.text(cells[i]) is None)
        }

    def _of_other_types(self, chunk: Chunk) -> Problems:
        """The rows whose type column names another event type."""
        cells = chunk.columns.get(TYPE_COLUMN, ())
        own = self._binding.event_type.name
        return {
            i: FieldError(f"is {value!r}; this import is for {own}", f"{own}; import other types separately")
            for i, value in enumerate(cells)
            if isinstance(value, str) and value in self._other_types
        }

    def _inexact_ids(self, chunk: Chunk, column: str) -> Problems:
        """The rows in which a part of the id has lost digits; columns of fields check that themselves."""
        if column in self._binding.columns.values():
            return {}
        cells = chunk.columns.get(column, ())
        wrong = {value: problem for value in set(cells) if (problem := inexact(value))}
        return {i: wrong[value] for i, value in enumerate(cells) if value in wrong} if wrong else {}

    def _rows(
        self, good: Sequence[int], ids: Sequence[str], columns: Columns, labels: Sequence[RowLabel | None]
    ) -> list[ParsedRow]:
        kind = self._binding.event_type
        names = tuple(columns.values)
        cells_of = list(zip(*columns.values.values(), strict=True)) if names else [()] * len(ids)
        rows = []
        for index in good:
            fields = {
                name: cell for name, cell in zip(names, cells_of[index], strict=True) if cell is not None
            }
            found = kind.computed_of(fields)
            fields |= found
            moment = columns.moments[index]
            if moment is None:
                raise AssertionError("unreachable: a row without a moment has a reason")
            parsed = ParsedFields(
                kind.name,
                ids[index],
                moment,
                fields,
                tuple([name for name in fields if kind.fields[name].personal]),
                kind.signals_of(fields),
                kind.detected_in(found),
            )
            rows.append(ParsedRow(index, parsed, labels[index]))
        return rows

    def _raw(self, chunk: Chunk, name: str) -> Sequence[Any]:
        """The raw values of a payload name: its constant in every row, its column, or None."""
        if name in self._binding.constants:
            return [self._binding.constants[name]] * chunk.length
        column = self._binding.columns.get(name)
        cells = None if column is None else chunk.columns.get(column)
        if cells is None:
            return [None] * chunk.length
        if lists := self._lists(chunk, name):
            return [lists.get(index, cell) for index, cell in enumerate(cells)]
        return cells

    def _lists(self, chunk: Chunk, name: str) -> Mapping[int, Sequence[Any]]:
        """The lists in the column of a field that takes lists, by index."""
        field = self._binding.event_type.fields.get(name)
        if field is None or not field.takes_lists or name in self._binding.constants:
            return {}
        return chunk.lists.get(self._binding.columns.get(name, name), {})

    def _column(
        self,
        chunk: Chunk,
        name: str,
        values: list[Any],
        wrong: Problems,
        problems: RowProblems,
        *,
        unsaid: Sequence[int] = (),
    ) -> list[Any]:
        """The values, with problems added. `unsaid`: rows where another column is the reason for a None."""
        column = self._binding.columns.get(name, name)
        unreadable = chunk.unreadable.get(column, {}) if name not in self._binding.constants else {}
        lists = self._lists(chunk, name)
        wrong = wrong | {
            index: FieldError(problem) for index, problem in unreadable.items() if index not in lists
        }
        if name in self._required and None in values:
            passed = wrong.keys() | set(unsaid)
            wrong |= {i: _MISSING for i, value in enumerate(values) if value is None and i not in passed}
        if wrong:
            said = name if column == name else f"{name} (column {column})"
            field = self._binding.event_type.fields.get(name)
            may_quote = field is None or not field.personal
            merge_problems(problems, said, wrong, self._raw(chunk, name) if may_quote else ())
        return values

    def _currencies(self, chunk: Chunk, problems: RowProblems) -> list[str | None]:
        """The currency of each row: as given, or else the base currency; None for an invalid one."""
        given, wrong = self._currency.values(self._raw(chunk, "currency"))
        self._column(chunk, "currency", given, wrong, problems)
        base = self._binding.event_type.base_currency
        return [base if code is None and i not in wrong else code for i, code in enumerate(given)]

    def _id_part(self, chunk: Chunk, column: str, columns: Columns) -> Sequence[str | None]:
        """A column as part of an id, in canonical form if it is also a field.

        So the id does not depend on the file's format: 2019-01-01T01:00:00+01:00 and 2019-01-01T00:00:00Z are
        the same.
        """
        fields = [name for name, source in self._binding.columns.items() if source == column]
        if "occurred_at" in fields:
            return [to_iso(moment) if moment else None for moment in columns.moments]
        canonical = next((columns.values[name] for name in fields if name in columns.values), None)
        if canonical is not None:
            return list(map(id_text, canonical))
        cells = chunk.columns.get(column, [None] * chunk.length)
        return [id_text(self.cells.text(cell)) for cell in cells]

    def _labels(
        self, chunk: Chunk, moments: Sequence[datetime | None]
    ) -> tuple[Sequence[str | None], Sequence[RowLabel | None], dict[int, str]]:
        if self.labels is None:
            return [None] * chunk.length, [None] * chunk.length, {}
        stated, wrong = self.labels.values(chunk)
        labels, problems = self.labels.labels(chunk, stated, moments)
        return stated, labels, wrong | problems

    def _words(self, chunk: Chunk) -> dict[str, dict[str, int]]:
        named: Mapping[str, Field] = self._binding.event_type.fields
        counts = {
            column: dict(count_words(chunk.columns[column]))
            for name, column in self._binding.columns.items()
            if column in chunk.columns and isinstance(named.get(name), (Entity, Category))
        }
        return {column: words for column, words in counts.items() if words}
