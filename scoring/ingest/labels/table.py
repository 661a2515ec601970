"""A label file as a table: its header and rows, with bounds checked first. Pure."""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from scoring.ingest.errors import UnreadableImport
from scoring.ingest.readers.content import bytes_content
from scoring.ingest.readers.dialects import SAMPLE_LINES, Dialect, detect_dialect
from scoring.ingest.readers.encodings import open_text, survey_text, undecoded

NAME = "the file"
MAX_LINES = 100_000
MAX_COLUMNS = 200
MAX_NAME = 200  # characters of a column's name
MAX_UNPACKED_BYTES = 20 * 1024 * 1024
MAX_LINE_ENDS = 10 * MAX_LINES  # including blank lines and line breaks inside cells
SAMPLE_CHARACTERS = 1 << 16


@dataclass(frozen=True, slots=True)
class Row:
    """`number`: that of its first line; the header is line 1. A row has as many cells as in the file."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LabelTable:
    """Trimmed names and cells. Unnamed columns are numbered; empty columns at the end are dropped."""

    header: tuple[str, ...]
    rows: Sequence[Row]
    delimiter: str  # in words: "commas"

    def values(self, column: str) -> Counter[str]:
        """The values of the column with their counts, without rows of another width."""
        place, width = self.header.index(column), len(self.header)
        return Counter(row.cells[place] for row in self.rows if len(row.cells) == width)


def read_table(upload: bytes) -> LabelTable:
    """The table in a CSV file of any encoding and delimiter, possibly compressed.

    Blank rows are skipped. Raises UnreadableImport for other files, and for too many lines, columns or
    characters in a column name.
    """
    text = _decode(upload)
    lines = text[:SAMPLE_CHARACTERS].splitlines(keepends=True)[:SAMPLE_LINES]
    dialect = detect_dialect(lines)
    if dialect is None:
        raise UnreadableImport(NAME, "it has no header; name its columns in the first line")
    if len(text) > SAMPLE_CHARACTERS and not lines[dialect.header_line - 1].endswith(("\n", "\r")):
        raise UnreadableImport(NAME, f"its header is too long; at most {MAX_COLUMNS} columns are read")
    before = "".join(lines[: dialect.header_line - 1])
    rows = _rows(text[len(before) :], dialect, first=dialect.header_line)
    header = _header(next(rows, Row(0, ())).cells)
    kept = list(islice((_fitted(row, len(header)) for row in rows), MAX_LINES + 1))
    if len(kept) > MAX_LINES:
        raise UnreadableImport(NAME, f"it has more than {MAX_LINES:,} lines; split it")
    return LabelTable(header, kept, dialect.delimiter_name)


def _decode(upload: bytes) -> str:
    content = bytes_content(upload, name=NAME, max_bytes=MAX_UNPACKED_BYTES)
    encoding = survey_text(content).encoding
    with open_text(content, encoding) as file:
        text = file.read()
    if text.count("\n") + text.count("\r") > MAX_LINE_ENDS:
        raise UnreadableImport(NAME, f"it has more than {MAX_LINES:,} lines; split it")
    if undecoded(text, encoding):
        line = next(n for n, each in enumerate(text.split("\n"), 1) if undecoded(each, encoding))
        raise UnreadableImport(NAME, f"line {line} is not text in {encoding}; save it as CSV UTF-8")
    return text


def _rows(text: str, dialect: Dialect, *, first: int) -> Iterator[Row]:
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=dialect.delimiter,
        skipinitialspace=dialect.skips_blanks,
        strict=True,
    )
    number = first
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield Row(number, tuple(cell.strip() for cell in cells))
            number = reader.line_num + first
    except csv.Error as error:
        raise UnreadableImport(NAME, f"line {number} cannot be read: {error}") from error


def _header(cells: Sequence[str]) -> tuple[str, ...]:
    """The names of the columns. Raises UnreadableImport."""
    width = max((place for place, name in enumerate(cells, 1) if name), default=0)
    if not width:
        raise UnreadableImport(NAME, "it has no header; name its columns in the first line")
    if width > MAX_COLUMNS:
        raise UnreadableImport(NAME, f"it has {width:,} columns; at most {MAX_COLUMNS} are read")
    names = tuple(name or f"column {place}" for place, name in enumerate(cells[:width], 1))
    if max(map(len, names)) > MAX_NAME:
        raise UnreadableImport(NAME, f"a name in its header is longer than {MAX_NAME} characters")
    repeated = sorted(name for name, count in Counter(names).items() if count > 1)
    if repeated:
        raise UnreadableImport(NAME, f"its header repeats {', '.join(repeated)}")
    return names


def _fitted(row: Row, width: int) -> Row:
    """The row without empty cells beyond the header, such as after a trailing comma."""
    if len(row.cells) <= width or any(row.cells[width:]):
        return row
    return Row(row.number, row.cells[:width])
