"""Detects the dialect of a CSV file: its delimiter and the line of its header."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scoring.ingest.errors import UnreadableImport

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_WORDS = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "bar": "|", "pipe": "|"}
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)  # what Excel writes and reads first
SAMPLE_LINES = 200


@dataclass(frozen=True, slots=True)
class Dialect:
    """`header_line` counts from 1. `skips_blanks`: a blank after a delimiter is not part of the cell."""

    delimiter: str
    header_line: int
    skips_blanks: bool = False

    @property
    def delimiter_name(self) -> str:
        return DELIMITERS.get(self.delimiter, repr(self.delimiter))

    def split(self, line: str) -> list[str]:
        """The cells of one line, with lenient quoting."""
        if '"' not in line:
            return line.rstrip("\r\n").split(self.delimiter)
        return next(self.reader(iter([line])), [])

    def reader(self, lines: Iterator[str], *, strict: bool = False) -> Iterator[list[str]]:
        return csv.reader(lines, delimiter=self.delimiter, skipinitialspace=self.skips_blanks, strict=strict)


def parse_delimiter(given: str) -> str:
    """A delimiter given as one character or as its name. Raises UnreadableImport.

    >>> parse_delimiter("tab"), parse_delimiter(";")
    ('\\t', ';')
    """
    delimiter = _WORDS.get(given.lower(), given)
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise UnreadableImport("the file", f"--delimiter {given!r} is not one character; use , ; | or tab")
    return delimiter


def detect_dialect(
    sample: Sequence[str], *, delimiter: str | None = None, skip_lines: int = 0
) -> Dialect | None:
    """The dialect of a file that begins with these lines; None if they contain no header.

    Skipped before the header: `skip_lines`, blank lines, `sep=;`, and comment lines beginning with #.
    """
    first = skip_lines
    for line in sample[skip_lines:]:
        said = _SEPARATOR_LINE.fullmatch(line)
        if said:
            delimiter = delimiter or said[1]
        elif line.strip() and not _is_comment(first, sample):
            break
        first += 1
    lines = sample[first:]
    if not lines:
        return None
    found = delimiter or max(DELIMITERS, key=lambda each: _fit(lines, each))
    return Dialect(found, first + 1, skips_blanks=f"{found} " in lines[0])


def _is_comment(place: int, sample: Sequence[str]) -> bool:
    """Whether a line that begins with # is a comment: a header has as many cells as the next line."""
    line, following = sample[place], "".join(sample[place + 1 : place + 2])
    if not line.startswith("#"):
        return False
    if following.startswith("#") or not following.strip():
        return True
    after = next((each for each in sample[place + 1 :] if each.strip()), "")
    return all(line.count(each) != after.count(each) for each in DELIMITERS if each in after)


def _fit(lines: Sequence[str], delimiter: str) -> tuple[bool, float, int]:
    """How well a delimiter fits: it splits the header, and most lines into the same number of cells."""
    widths = [len(Dialect(delimiter, 1).split(line)) for line in lines if line.strip()]
    width = widths[0]
    return width > 1, round(widths.count(width) / len(widths), 1), width
