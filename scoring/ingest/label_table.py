"""A file of labels as a table: its header and its rows, bounded before any work on them. Pure."""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from scoring.errors import UnreadableImport

MAX_LINES = 100_000
MAX_COLUMNS = 200
MAX_NAME = 200  # characters of a column's name
DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
SAMPLE_LINES = 50

_SEPARATOR_LINE = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)  # what Excel writes and reads first
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class Row:
    """`number`: of the line that it begins at, the header being line 1. As many cells as it came with."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LabelTable:
    """Trimmed names and cells; columns without a name are named by place, empty ones at the end left out."""

    header: tuple[str, ...]
    rows: Sequence[Row]
    delimiter: str

    def values(self, column: str) -> Counter[str]:
        """What the column holds, and how often; rows of another width hold nothing."""
        place, width = self.header.index(column), len(self.header)
        return Counter(row.cells[place] for row in self.rows if len(row.cells) == width)


def read_table(content: bytes) -> LabelTable:
    """The table in a CSV file (UTF-8, or UTF-16 with its mark), whatever separates its cells.

    Blank rows are left out. Raises UnreadableImport for what is no such file, or has more lines, columns or
    characters in a name than a file of labels needs.
    """
    text = _decode(content)
    said = _SEPARATOR_LINE.match(text)
    if said:
        text = text[said.end() :]
    delimiter = said[1] if said else _detect(text)
    rows = _rows(text, delimiter, first=2 if said else 1)
    header = _header(next(rows, Row(0, ())).cells)
    kept = list(islice((_fitted(row, len(header)) for row in rows), MAX_LINES + 1))
    if len(kept) > MAX_LINES:
        raise UnreadableImport("the file", f"it has more than {MAX_LINES:,} lines: split it")
    return LabelTable(header, kept, delimiter)


def _decode(content: bytes) -> str:
    wide = content.startswith(_WIDE)
    try:
        return content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        name = "UTF-16" if wide else "UTF-8"
        raise UnreadableImport("the file", f"line {line} is not {name}: save it as CSV UTF-8") from error


def _detect(text: str) -> str:
    """The delimiter that divides the header, and the most of the first lines into as many cells."""
    sample = text[: 1 << 16].splitlines()[:SAMPLE_LINES]
    lines = [line for line in sample if line.strip()]

    def fit(delimiter: str) -> tuple[bool, float, int]:
        widths = [len(cells) for cells in csv.reader(lines, delimiter=delimiter)] or [0]
        return widths[0] > 1, round(widths.count(widths[0]) / len(widths), 1), widths[0]

    return max(DELIMITERS, key=fit)


def _rows(text: str, delimiter: str, *, first: int) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = first
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield Row(number, tuple(cell.strip() for cell in cells))
            number = reader.line_num + first
    except csv.Error as error:
        raise UnreadableImport("the file", f"line {number} cannot be read: {error}") from error


def _header(cells: Sequence[str]) -> tuple[str, ...]:
    """The names of the columns. Raises UnreadableImport."""
    width = max((place for place, name in enumerate(cells, 1) if name), default=0)
    if not width:
        raise UnreadableImport("the file", "it has no header: name its columns in the first line")
    if width > MAX_COLUMNS:
        raise UnreadableImport("the file", f"it has {width:,} columns; at most {MAX_COLUMNS} are read")
    names = tuple(name or f"column {place}" for place, name in enumerate(cells[:width], 1))
    if max(map(len, names)) > MAX_NAME:
        raise UnreadableImport("the file", f"a name in its header is longer than {MAX_NAME} characters")
    repeated = sorted(name for name, count in Counter(names).items() if count > 1)
    if repeated:
        raise UnreadableImport("the file", f"its header repeats {', '.join(repeated)}")
    return names


def _fitted(row: Row, width: int) -> Row:
    """The row without empty cells beyond the header, as a comma at its end makes one."""
    if len(row.cells) <= width or any(row.cells[width:]):
        return row
    return Row(row.number, row.cells[:width])
