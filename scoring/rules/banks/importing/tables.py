"""Items in CSV files, with a header that names the columns, and in plain files of hashes, one a line."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from scoring.formulas import unguard_cell
from scoring.rules.banks.definitions import BankDefinition
from scoring.rules.banks.importing.columns import NAMES, read_cells, rejected
from scoring.rules.lists.errors import Problem, UnreadableListFile
from scoring.rules.lists.importing.lines import (
    DELIMITERS,
    NOT_TEXT,
    NOT_UTF8,
    GoodLine,
    LineDefaults,
    RejectedLine,
    RowsOfText,
    read_text_line,
)

HEADER_ALLOWED = (
    "a first line that names the column hash, and if wanted quality, source, reason, expires_at, tags and"
    " media; or one hash a line; or ThreatExchange's JSON"
)
_PLAIN = ("hash", "quality")  # the columns of a file without a header
_HASH_FIRST = re.compile(r"\s*[0-9a-fA-F]{64}\s*(\Z|[,;\t|])")


def read_table(
    file: io.BufferedReader, definition: BankDefinition, *, defaults: LineDefaults, now: datetime
) -> Iterator[GoodLine | RejectedLine]:
    """Every line of a file of text, checked; blank lines and those that begin with # are passed over.

    Raises UnreadableListFile for a file that is not text or has no column of hashes, a quote that is never
    closed, and too many lines.
    """
    text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="")
    try:
        yield from _read_text(text, definition, defaults, now)
    finally:
        text.detach()  # so that it does not close the file, which is the caller's


def _read_text(
    text: io.TextIOWrapper, definition: BankDefinition, defaults: LineDefaults, now: datetime
) -> Iterator[GoodLine | RejectedLine]:
    first = read_text_line(text, 1)
    if NOT_TEXT.search(first):
        raise UnreadableListFile("is not text in UTF-8", HEADER_ALLOWED)
    delimiter = max(DELIMITERS, key=first.count)
    own = next(csv.reader([first], delimiter=delimiter), [])
    is_plain = bool(_HASH_FIRST.match(first)) or first.lstrip().startswith("#")
    places = {name: place for place, name in enumerate(_PLAIN)} if is_plain else places_of(own)
    reader = _RowReader(places, definition, defaults, now)
    if is_plain and _is_read(own):
        yield reader.read(1, own)
    rows = RowsOfText(text, delimiter)
    for row in rows:
        if _is_read(row):
            yield reader.read(rows.line, row)


def places_of(header: Sequence[str]) -> dict[str, int]:
    """The place of each column that a header names. Raises UnreadableListFile without one of hashes."""
    names = [unguard_cell(name.strip()).lower().replace(" ", "_").replace("-", "_") for name in header]
    places = {
        column: names.index(known[0])
        for column, spellings in NAMES.items()
        if (known := [spelling for spelling in spellings if spelling in names])
    }
    if "hash" not in places:
        found = ", ".join(name[:40] for name in names[:10] if name) or "nothing"
        raise UnreadableListFile(f"has no column of hashes (its first line has {found})", HEADER_ALLOWED)
    return places


def _is_read(row: Sequence[str]) -> bool:
    return any(map(str.strip, row)) and not row[0].lstrip().startswith("#")


@dataclass(frozen=True, slots=True)
class _RowReader:
    """Reads rows; `places` are those of the columns."""

    places: Mapping[str, int]
    definition: BankDefinition
    defaults: LineDefaults
    now: datetime

    def read(self, number: int, row: Sequence[str]) -> GoodLine | RejectedLine:
        cells = {
            name: unguard_cell(row[place].strip()) if place < len(row) else ""
            for name, place in self.places.items()
        }
        if any(map(NOT_UTF8.search, cells.values())):
            return rejected(number, cells, Problem("line", "is not UTF-8", "a file saved as UTF-8"))
        return read_cells(number, cells, self.definition, defaults=self.defaults, now=self.now)
