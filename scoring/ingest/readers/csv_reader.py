"""Reads CSV as a table: detects header, dialect and encoding, and accounts for every line."""

import csv
import itertools
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from scoring.formulas import unguard_cell
from scoring.ingest.errors import UnreadableImport
from scoring.ingest.readers.content import Content
from scoring.ingest.readers.dialects import SAMPLE_LINES, Dialect, detect_dialect, parse_delimiter
from scoring.ingest.readers.encodings import MAX_LINE, Survey, open_text, printable, survey_text, undecoded
from scoring.ingest.readers.options import ReadOptions
from scoring.ingest.readers.records import Record, RowShape, read_records
from scoring.ingest.readers.tables import MAX_COLUMNS, Chunk, SourceTable, in_parts, list_names
from scoring.ingest.rejects import OWN_COLUMNS

MAX_HEADER_LINES = 20
_LINE_END = re.compile(r"[\r\n]+")


def open_csv(content: Content, options: ReadOptions) -> SourceTable:
    """Raises UnreadableImport for a missing header, a duplicate name or an ambiguous encoding."""
    survey = survey_text(content, encoding=options.encoding)
    file = _CsvFile(content, survey, *_read_header(content, survey, options))
    described = f"CSV, {file.dialect.delimiter_name}, {survey.encoding_name}"
    return SourceTable(content.name, survey.digest, file.names, file.chunks, file.count, "csv", described)


@dataclass(frozen=True, slots=True)
class _CsvFile:
    """`names` are those of the header's first cells; `width` includes empty cells at its end."""

    content: Content
    survey: Survey
    dialect: Dialect
    names: tuple[str, ...]
    width: int
    shape: RowShape

    def chunks(self, skip: int, size: int, wanted: Collection[str] | None = None) -> Iterator[Chunk]:
        records = self._records()
        before = sum(not record.is_blank for record in itertools.islice(records, skip))
        for part in in_parts(records, size):
            chunk = self._chunk(part, before + 1)
            before += chunk.length
            yield chunk

    def count(self) -> int:
        return sum(not record.is_blank for record in self._records())

    def _records(self) -> Iterator[Record]:
        with open_text(self.content, self.survey.encoding) as text:
            lines = iter(lambda: text.readline(MAX_LINE), "")
            after_header = itertools.islice(lines, self.dialect.header_line, None)
            yield from read_records(
                after_header, self.dialect, self.shape, first_line=self.dialect.header_line + 1
            )

    def _chunk(self, part: Sequence[Record], first_row: int) -> Chunk:
        rows = [record for record in part if not record.is_blank]
        malformed, raw, good, unnamed = {}, {}, [], set[int]()
        count = len(self.names)
        for index, record in enumerate(rows):
            if problem := record.problem or self._problem(record):
                malformed[index] = problem
                raw[index] = [printable(cell) for cell in record.cells]
                good.append([""] * count)
            elif len(record.cells) == count:
                good.append(record.cells)
            else:
                unnamed.update(i for i, cell in enumerate(record.cells[count:], count) if cell.strip())
                good.append((record.cells + [""] * count)[:count])
        cells = zip(*good, strict=True) if good else [()] * count
        read = unguard_cell if self.names[0] == OWN_COLUMNS[0] else str  # a corrected file of rejects
        columns = {
            name: [read(cell) or None for cell in column]
            for name, column in zip(self.names, cells, strict=True)
        }
        return Chunk(
            first_row,
            len(rows),
            columns,
            malformed,
            raw,
            lines=[record.line for record in rows],
            blank=len(part) - len(rows),
            others=tuple(nameless(place) for place in sorted(unnamed)),
        )

    def _problem(self, record: Record) -> str:
        cells = record.cells
        if not self.shape.holds(cells):
            return f"line {record.line} has {len(cells)} cells where the header has {self.width}"
        if undecoded("".join(cells), self.survey.encoding):
            return f"line {record.line} is not {self.survey.encoding_name}"
        return ""


def _read_header(
    content: Content, survey: Survey, options: ReadOptions
) -> tuple[Dialect, tuple[str, ...], int, RowShape]:
    with open_text(content, survey.encoding) as text:
        lines = iter(lambda: text.readline(MAX_LINE), "")
        sample = list(itertools.islice(lines, SAMPLE_LINES + options.skip_lines))
    if sample:
        sample[0] = sample[0].removeprefix("\ufeff")
    delimiter = parse_delimiter(options.delimiter) if options.delimiter else None
    dialect = detect_dialect(sample, delimiter=delimiter, skip_lines=options.skip_lines)
    if dialect is None:
        raise UnreadableImport(content.name, "it has no header line")
    dialect, header = _whole_header(dialect, sample)
    cells = [_LINE_END.sub(" ", cell).strip() for cell in dialect.split(header)]
    if len(cells) > MAX_COLUMNS:
        raise UnreadableImport(
            content.name, f"its header has {len(cells):,} columns; at most {MAX_COLUMNS:,}"
        )
    given_back = cells[0] == OWN_COLUMNS[0]
    names = _names(content.name, list(map(unguard_cell, cells)) if given_back else cells)
    shape = RowShape(dialect, len(cells), sample[dialect.header_line :], named=len(names))
    return dialect, names, len(cells), shape


def _whole_header(dialect: Dialect, sample: Sequence[str]) -> tuple[Dialect, str]:
    """The header, possibly of several lines if a quoted name contains line breaks, and its dialect."""
    first = dialect.header_line - 1
    for last in range(first, min(first + MAX_HEADER_LINES, len(sample))):
        header = "".join(sample[first : last + 1])
        if header.count('"') % 2 == 0 and _is_one_record(dialect, header):
            return replace(dialect, header_line=last + 1), header
    return dialect, sample[first]


def _is_one_record(dialect: Dialect, text: str) -> bool:
    try:
        return len(list(dialect.reader(iter([text]), strict=True))) == 1
    except csv.Error:
        return False


def _names(name: str, cells: Sequence[str]) -> tuple[str, ...]:
    """The column names: empty ones at the end are dropped, others are numbered."""
    named = list(cells)
    while named and not named[-1]:
        named.pop()
    if not named:
        raise UnreadableImport(name, "its header line names no column")
    names = [cell or nameless(place) for place, cell in enumerate(named)]
    repeated = [each for each, count in Counter(names).items() if count > 1]
    if repeated:
        raise UnreadableImport(
            name, f"its header repeats {list_names(sorted(repeated))}; give each column a name of its own"
        )
    return tuple(printable(each) for each in names)


def nameless(place: int) -> str:
    """The name given to a column without one.

    >>> nameless(0)
    '(column 1)'
    """
    return f"(column {place + 1})"
