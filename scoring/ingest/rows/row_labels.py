"""The labels in rows: the value, and when it became known."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any

from scoring.catalog.errors import FieldError
from scoring.catalog.event_type import parse_occurred_at
from scoring.catalog.parsing.cells import read_text
from scoring.catalog.policies import names_of, parse_policies, split_names
from scoring.ingest.mapping.binding import Binding
from scoring.ingest.mapping.mapping import ANY_OTHER, ColumnMapping, LabelMapping
from scoring.ingest.readers.tables import Chunk
from scoring.ingest.rows.cell_reader import CellReader
from scoring.ingest.rows.columns import ColumnParser, Problems, describe
from scoring.ingest.values.times import LAST_OF_DAY, TimeReader, end_of_day
from scoring.timestamps import to_iso

# Unlike an event, a label may become known in the future (a payment that will count as good in 45 days).
FAR_FUTURE = datetime(9000, 1, 1, tzinfo=UTC)
UNLABELED = ""  # for a value mapped to no label
MAX_OFFSET = timedelta(hours=14)  # between a local date and UTC
_TRUTH = {"true": "1", "false": "0"}


@dataclass(frozen=True, slots=True)
class RowLabel:
    value: str
    known_at: datetime
    policies: tuple[str, ...] = ()


class LabelReader:
    """Reads the labels of a file's rows."""

    def __init__(self, binding: Binding, mapping: ColumnMapping, cells: CellReader) -> None:
        label = binding.label
        if label is None:
            raise ValueError("the binding has no label")
        self._label, self._matures_after = label, binding.event_type.matures_after
        self._values = ColumnParser(
            cells.then(cells.text, value_reader(label, binding.event_type.labels.values))
        )
        self._labels = binding.event_type.labels
        known = names_of(binding.event_type.policies)
        self._policies = ColumnParser(cells.then(cells.text, partial(_read_policies, known=known)))
        readers = _time_readers(mapping, label)
        self._zone = readers[0].zone
        self._known_at = ColumnParser(cells.then(cells.text, lambda raw: _read_moment(readers, raw)))

    @property
    def _known_column(self) -> str:
        return self._label.known_at or self._label.column

    def values(self, chunk: Chunk) -> tuple[list[str | None], dict[int, str]]:
        """The label of each row, UNLABELED or None where it has none, and what is wrong with the others."""
        if self._label.value:
            return [self._label.value] * chunk.length, {}
        return _read(chunk, self._label.column, self._values)

    def known_at(self, chunk: Chunk) -> tuple[list[datetime | None], dict[int, str]]:
        """The time in each row at which its label became known; None without one."""
        if self._label.known_at is None:
            return [None] * chunk.length, {}
        return _read(chunk, self._label.known_at, self._known_at)

    def policies(
        self, chunk: Chunk, values: Sequence[str | None]
    ) -> tuple[list[tuple[str, ...]], dict[int, str]]:
        """The policies that each row names, and the problems of rows whose label cannot have them."""
        column = self._label.policies
        if column is None:
            return [()] * chunk.length, {}
        read, problems = _read(chunk, column, self._policies)
        named = [each or () for each in read]
        for index, (policies, value) in enumerate(zip(named, values, strict=True)):
            if policies and value != self._labels.positive and index not in problems:
                problems[index] = f"{column} goes with the label {self._labels.positive!r} only"
        return named, problems

    def labels(
        self, chunk: Chunk, values: Sequence[str | None], moments: Sequence[datetime | None]
    ) -> tuple[list[RowLabel | None], dict[int, str]]:
        """Labels of events that occurred at `moments`, and the problems of the others."""
        known, problems = self.known_at(chunk)
        policies, unknown = self.policies(chunk, values)
        problems |= unknown
        labels: list[RowLabel | None] = [None] * chunk.length
        for index, (value, known_at, moment) in enumerate(zip(values, known, moments, strict=True)):
            if value and moment is not None and index not in problems:
                at = self.settle_known_at(known_at, moment)
                if at is None:
                    problems[index] = self.too_early(moment)
                else:
                    labels[index] = RowLabel(value, at, policies[index])
        return labels, {index: problem for index, problem in problems.items() if values[index]}

    def settle_known_at(self, known_at: datetime | None, moment: datetime) -> datetime | None:
        """When a label of an event at `moment` became known; None if that is before the event.

        Without a time: when labels of the type mature. A date, or midnight of the event's own day, means the
        end of that day. A date that ends a few hours before the event, as in another time zone, means the
        event's own time.
        """
        if known_at is None:
            return moment + self._matures_after
        local = known_at.astimezone(self._zone)
        if known_at < moment and local.time() == time(0):
            known_at = end_of_day(local.date(), self._zone).astimezone(UTC)
            return known_at if known_at >= moment else None
        is_date = local.time() == LAST_OF_DAY and moment - known_at < MAX_OFFSET
        return max(known_at, moment) if is_date or known_at >= moment else None

    def too_early(self, moment: datetime) -> str:
        """The problem of a known-at before its event."""
        return f"{self._known_column} is before the event ({to_iso(moment)})"


def value_reader(label: LabelMapping, allowed: Sequence[str]) -> Callable[[Any], str]:
    """Reads a cell as a label, by its value: 1, 1.0, "1", True and "true" are one, and so are "Yes" and "YES"
    unless they are told apart. Raises FieldError.
    """
    given = dict(label.values) or {value: value for value in allowed}
    other = given.pop(ANY_OTHER, None)
    by_key = _by_key(given)
    hint = "" if label.values else f"; map other values with --label {label.column}:VALUE={allowed[0]},*="

    def read(raw: Any) -> str:
        name = given.get(raw.strip()) if isinstance(raw, str) else None
        if name is None:
            key = label_key(raw)
            name = by_key.get(key, by_key.get(key.casefold(), other))
        if name is None:
            raise FieldError(f"is {str(raw)[:80]!r}", ", ".join(given) + hint)
        return name

    return read


def _read_policies(raw: Any, *, known: Sequence[str]) -> tuple[str, ...]:
    return parse_policies(split_names(str(raw)), known=known)


def _by_key(given: Mapping[str, str]) -> dict[str, str]:
    """The labels by key, and by case-folded key where that is unambiguous."""
    by_key = {label_key(raw): name for raw, name in given.items()}
    folded: dict[str, set[str]] = {}
    for key, name in by_key.items():
        folded.setdefault(key.casefold(), set()).add(name)
    return {key: names.pop() for key, names in folded.items() if len(names) == 1} | by_key


def label_key(value: Any) -> str:
    """The label text of a cell, whatever its type.

    >>> [label_key(value) for value in (1, 1.0, "1.0", True, "TRUE", " won ")]
    ['1', '1', '1', '1', '1', 'won']
    """
    text = str(read_text(value)).strip()
    return _TRUTH.get(text, text)


def _read(chunk: Chunk, column: str, parser: ColumnParser) -> tuple[list[Any], dict[int, str]]:
    wrong: Problems
    values, wrong = parser.values(chunk.columns.get(column, [None] * chunk.length))
    problems = {index: describe(column, error) for index, error in wrong.items()}
    unreadable: Mapping[int, str] = chunk.unreadable.get(column, {})
    return values, problems | {index: f"{column} {problem}" for index, problem in unreadable.items()}


def _time_readers(mapping: ColumnMapping, label: LabelMapping) -> list[TimeReader]:
    """Readers for the label's own format if it has one, else for ISO 8601 and the events' format."""
    rule = mapping.times
    if label.time_format:
        return [TimeReader(replace(rule, format=label.time_format), dates=True)]
    plain = TimeReader(replace(rule, format=None), dates=True)
    return [plain, TimeReader(rule, dates=True)] if rule.format else [plain]


def _read_moment(readers: Sequence[TimeReader], raw: Any) -> datetime:
    for reader in readers[:-1]:
        try:
            return parse_occurred_at(reader.read(raw), FAR_FUTURE)
        except FieldError:
            continue
    return parse_occurred_at(readers[-1].read(raw), FAR_FUTURE)
