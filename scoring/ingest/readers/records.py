"""The records of a CSV file: one line each, or several if a quoted cell contains line breaks.

A stray quote must not swallow the following lines. A quoted cell therefore continues over a line end only
while none of these lines looks like a row of its own: as many cells as the header, each of the kind (number,
time, word, text) found elsewhere in its column. Otherwise the line with the quote is a bad record, and
reading continues with the next line.
"""

import csv
import re
from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from scoring.ingest.errors import UnreadableImport
from scoring.ingest.readers.dialects import Dialect
from scoring.ingest.readers.encodings import MAX_LINE

# Characters of a cell with line breaks; a quote that opens a longer one is stray.
MAX_CELL = 1 << 22
csv.field_size_limit(MAX_CELL)

_MISPLACED = "line %d has a quote in the wrong place; inside a quoted cell a quote is written twice"
_NUMBER = re.compile(r"[+-]?[\d.,']*\d[\d.,']*%?")
_STAMP = re.compile(r"[\dTZ:+\-./ ]*\d[\dTZ:+\-./ ]*")


class Record(NamedTuple):
    """`line`: its first line, from 1. With a `problem` it is not a row, and `cells` is the raw line."""

    line: int
    cells: list[str]
    problem: str = ""

    @property
    def is_blank(self) -> bool:
        return not self.problem and not "".join(self.cells).strip()


class RowShape:
    """The shape of a file's rows, learned from its first lines without unclosed quotes."""

    def __init__(self, dialect: Dialect, width: int, sample: Sequence[str], *, named: int) -> None:
        self._dialect, self._width, self._named = dialect, width, named
        self._kinds: list[set[str]] = [set() for _ in range(width)]
        for line in sample:
            cells = dialect.split(line)
            if len(cells) == width and line.count('"') % 2 == 0:
                for kinds, cell in zip(self._kinds, cells, strict=True):
                    kinds.add(_kind(cell))

    def holds(self, cells: Sequence[str]) -> bool:
        """Whether a row can have these cells: one for each name, and only empty ones after them."""
        beyond = cells[self._width :]
        return len(cells) >= self._named and not (beyond and any(map(str.strip, beyond)))

    def fits(self, line: str) -> bool:
        """Whether a line looks like a row of its own."""
        if self._width == 1:
            return False
        cells = self._dialect.split(line)
        return len(cells) == self._width and all(
            not cell.strip() or not kinds - {""} or _admits(kinds, _kind(cell))
            for kinds, cell in zip(self._kinds, cells, strict=True)
        )


def read_records(
    lines: Iterator[str], dialect: Dialect, shape: RowShape, *, first_line: int
) -> Iterator[Record]:
    """The records of `lines`; the first line has the number `first_line`, and every line is in one record."""
    source = _Lines(lines, first_line)
    for line in source:
        at = source.number
        if '"' not in line:
            yield Record(at, line.rstrip("\r\n").split(dialect.delimiter))
            continue
        try:
            cells = next(dialect.reader(source.beginning_with(line, shape), strict=True))
            problem = _problem(at, line, cells, shape, is_long=source.number > at)
        except (csv.Error, _SwallowedRow) as error:
            problem = _quote_problem(at, error)
        if problem:
            source.go_back()
            yield Record(at, [line.rstrip("\r\n")], problem)
        else:
            source.keep()
            yield Record(at, cells)


class _SwallowedRow(Exception):
    def __init__(self, line: int) -> None:
        self.line = line


class _Lines:
    """Numbered lines that can be rewound to the start of a record."""

    def __init__(self, lines: Iterator[str], first_line: int) -> None:
        self._lines = lines
        self._ahead: deque[str] = deque()
        self._taken: list[str] = []
        self.number = first_line - 1
        self.ended = False

    def __iter__(self) -> Iterator[str]:
        while (line := self._next()) is not None:
            yield line

    def beginning_with(self, line: str, shape: RowShape) -> Iterator[str]:
        """`line` and the lines after it on demand; raises _SwallowedRow at a row of its own."""
        size = len(line)
        yield line
        while size < MAX_CELL and (more := self._next()) is not None:
            self._taken.append(more)
            if shape.fits(more):
                raise _SwallowedRow(self.number)
            size += len(more)
            yield more

    def keep(self) -> None:
        """Accept the requested lines as part of the record."""
        self._taken.clear()

    def go_back(self) -> None:
        """Rewind: the requested lines are read again."""
        self._ahead.extendleft(reversed(self._taken))
        self.number -= len(self._taken)
        self._taken.clear()

    def _next(self) -> str | None:
        line = self._ahead.popleft() if self._ahead else next(self._lines, None)
        if line is not None:
            self.number += 1
            if len(line) >= MAX_LINE:
                raise UnreadableImport(
                    "the file", f"its line {self.number} is longer than {MAX_LINE:,} characters"
                )
        return line


def _problem(line: int, text: str, cells: Sequence[str], shape: "RowShape", *, is_long: bool) -> str:
    """The problem of a readable record with a misplaced quote; "" if there is none."""
    if is_long and not shape.holds(cells):
        return f"line {line} opens a quote that it does not close, and with the lines after it forms no row"
    return _MISPLACED % line if not is_long and _ends_stray(text, cells) else ""


def _quote_problem(line: int, error: Exception) -> str:
    if isinstance(error, _SwallowedRow):
        what = f"opens a quote that is not closed before line {error.line}, which is a separate row"
    elif "unexpected end" in str(error):
        what = "opens a quote that is never closed"
    else:
        return _MISPLACED % line
    return f"line {line} {what}"


def _ends_stray(line: str, cells: Sequence[str]) -> bool:
    """Whether a cell ends with an unopened quote, other than inches (5")."""
    return line.count('"') % 2 == 1 and any(
        cell.endswith('"') and not cell[-2:-1].isdigit() for cell in cells
    )


def _kind(cell: str) -> str:
    cell = cell.strip()
    if not cell:
        return ""
    if _NUMBER.fullmatch(cell):
        return "number"
    if _STAMP.fullmatch(cell):
        return "time"
    return "text" if " " in cell else "word"


def _admits(kinds: set[str], kind: str) -> bool:
    """Whether a column of these kinds can contain another: text can be anything, a word can be a number."""
    return kind in kinds or "text" in kinds or ("word" in kinds and kind == "number")
