"""Lines of a CSV file as new values: `value,reason,expires_at,tags`, of which only `value` is required."""

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from scoring.catalog.errors import FieldError
from scoring.catalog.parsing.moments import parse_moment
from scoring.formulas import unguard_cell
from scoring.rules.lists.changing.values import CheckedValue, NewValue, check_value
from scoring.rules.lists.definitions import ListDefinition
from scoring.rules.lists.errors import Problem, UnreadableListFile

COLUMNS = ("value", "reason", "expires_at", "tags")
MAX_LINES, MAX_ROW_LENGTH = 2_000_000, 20_000
MAX_LENGTH = 500_000_000  # characters of a file, decompressed
DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "pipes"}

_HEADER_ALLOWED = "its first line must name the columns: value, and if wanted reason, expires_at and tags"
_ROW_ALLOWED = f"close the quotes before it; a row has at most {MAX_ROW_LENGTH:,} characters"
_EXPIRY_ALLOWED = "a date such as 2026-12-31, or a time such as 2026-12-31T12:00:00Z"
BETWEEN_TAGS = re.compile(r"[\s,;|]+")
NOT_UTF8 = re.compile("[\udc80-\udcff]")
NOT_TEXT = re.compile("[\x00\udc80-\udcff]")  # text in UTF-16 has NUL


@dataclass(frozen=True, slots=True)
class LineDefaults:
    """Reason, expiry and source of lines without their own."""

    reason: str = ""
    expires_at: datetime | None = None
    source: str = ""


class GoodLine(NamedTuple):
    """A line that can be imported, with its checked value."""

    number: int
    value: Any


class RejectedLine(NamedTuple):
    """A line that cannot be imported, with its cells in the order of the columns."""

    number: int
    cells: tuple[str, ...]
    problems: tuple[Problem, ...]

    @property
    def reason(self) -> str:
        return "; ".join(f"{each.field} {each.problem} (allowed: {each.allowed})" for each in self.problems)


def read_lines(
    file: io.BufferedReader, definition: ListDefinition, *, defaults: LineDefaults, now: datetime
) -> Iterator[GoodLine | RejectedLine]:
    """Every line of a file, checked; blank lines are passed over.

    Raises UnreadableListFile for a header that is not text or lacks `value`, a quote that is never closed,
    and too many lines.
    """
    text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="")
    first = read_text_line(text, 1)
    if NOT_TEXT.search(first):
        raise UnreadableListFile("is not text in UTF-8", "save it as CSV in UTF-8")
    delimiter = max(DELIMITERS, key=first.count)
    places = _places(next(csv.reader([first], delimiter=delimiter), []))
    line_reader = _LineReader(places, definition, defaults, now)
    rows = RowsOfText(text, delimiter)
    for cells in rows:
        if any(map(str.strip, cells)):
            yield line_reader.read(rows.line, cells)


@dataclass(frozen=True, slots=True)
class _LineReader:
    """Reads lines; `places` are those of the columns."""

    places: Mapping[str, int]
    definition: ListDefinition
    defaults: LineDefaults
    now: datetime

    def read(self, number: int, cells: Sequence[str]) -> GoodLine | RejectedLine:
        own = tuple(self._cell(cells, name) for name in COLUMNS)
        checked = self._check(*own)
        if isinstance(checked, list):
            return RejectedLine(number, own, tuple(checked))
        return GoodLine(number, checked)

    def _cell(self, cells: Sequence[str], name: str) -> str:
        place = self.places.get(name, len(cells))
        return unguard_cell(cells[place].strip()) if place < len(cells) else ""

    def _check(self, value: str, reason: str, expiry: str, tags: str) -> CheckedValue | list[Problem]:
        if any(map(NOT_UTF8.search, (value, reason, expiry, tags))):
            return [Problem("line", "is not UTF-8", "a file saved as UTF-8")]
        try:
            expires_at = read_expiry(expiry) if expiry else self.defaults.expires_at
        except FieldError as error:
            return [Problem("expires_at", error.problem, error.allowed)]
        tag_words = tuple(filter(None, BETWEEN_TAGS.split(tags)))
        new = NewValue(value, reason or self.defaults.reason, expires_at, tag_words)
        return check_value(self.definition, new, now=self.now)


class RowsOfText:
    """The rows of a CSV text, none longer than MAX_ROW_LENGTH: an open quote must not swallow the file."""

    def __init__(self, text: io.TextIOWrapper, delimiter: str) -> None:
        self._text = text
        self._since = self._read = 0  # characters since the last row ended, and in all
        self.line = 1  # the number of the line read last
        self._reader = csv.reader(iter(self._next_line, ""), delimiter=delimiter)

    def __iter__(self) -> Iterator[list[str]]:
        try:
            for cells in self._reader:
                self._since = 0
                yield cells
        except csv.Error as error:
            raise UnreadableListFile(f"cannot be read at line {self.line} ({error})", _ROW_ALLOWED) from None

    def _next_line(self) -> str:
        line = read_text_line(self._text, self.line + 1)
        self.line += 1
        self._since += len(line)
        if self._since >= MAX_ROW_LENGTH:
            raise UnreadableListFile(f"has no end of the row before line {self.line}", _ROW_ALLOWED)
        self._read += len(line)
        if self.line > MAX_LINES or self._read > MAX_LENGTH:
            most = f"{MAX_LINES:,} lines or {MAX_LENGTH:,} characters"
            raise UnreadableListFile(f"has more than {most}", "split it")
        return line


def read_text_line(text: io.TextIOWrapper, number: int) -> str:
    """The next line, or its beginning. Raises UnreadableListFile for a damaged compressed file."""
    try:
        return text.readline(MAX_ROW_LENGTH)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise UnreadableListFile(f"is damaged or cut off at line {number}", "compress it again") from None


def _places(header: Sequence[str]) -> dict[str, int]:
    names = [unguard_cell(name.strip()).lower().replace(" ", "_") for name in header]
    if "value" not in names:
        found = ", ".join(name[:40] for name in names[:10] if name) or "nothing"
        raise UnreadableListFile(f"has no column value (its first line has {found})", _HEADER_ALLOWED)
    for name in COLUMNS:
        if names.count(name) > 1:
            raise UnreadableListFile(f"has {names.count(name)} columns {name}", _HEADER_ALLOWED)
    return {name: names.index(name) for name in COLUMNS if name in names}


def read_expiry(text: str) -> datetime:
    """A time, or the end of a day in UTC. Raises FieldError."""
    try:
        return datetime.combine(date.fromisoformat(text) + timedelta(days=1), time(), UTC)
    except (ValueError, OverflowError):
        pass
    try:
        return parse_moment(text)
    except FieldError:
        raise FieldError(f"{text[:30]!r} is not a time", _EXPIRY_ALLOWED) from None
