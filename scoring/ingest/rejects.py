"""The file of rejected rows: a CSV with each row's number, the reason and its cells.

The cells keep their column names, so that a corrected file can be imported with the same mapping.
"""

import csv
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import orjson

from scoring.formulas import guard_cell

OWN_COLUMNS = ("reject_row", "reject_reason")


@dataclass(frozen=True, slots=True)
class Reject:
    """One rejected row: its number (from 1, without the header), the reason and its raw cells."""

    row: int
    reason: str
    cells: Sequence[Any]


class RejectFile:
    """Appends rejected rows, their cells escaped against formula injection in spreadsheets.

    The file is first truncated to `keep` bytes, because later ones were not committed. Only its owner can
    read it, because the rows may contain personal data.
    """

    def __init__(self, path: Path, header: Sequence[str], *, keep: int = 0) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._header = [*OWN_COLUMNS, *header]
        self._file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")
        os.fchmod(self._file.fileno(), 0o600)  # also if it already existed
        self.cut(keep)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        """Close the file, and remove it if it is empty."""
        size = self._file.tell()
        self._file.close()
        if size == 0:
            self._path.unlink(missing_ok=True)

    def cut(self, size: int) -> None:
        """Truncate the file to `size` bytes, or to none if it is shorter."""
        self._file.truncate(size if self._file.seek(0, os.SEEK_END) >= size else 0)
        self._file.seek(0, os.SEEK_END)

    def write(self, rejects: Sequence[Reject]) -> int:
        """Append `rejects`, flush them to disk and return the size of the file."""
        if rejects:
            lines = _Lines()
            writer = csv.writer(lines, lineterminator="\n")
            if self._file.tell() == 0:
                writer.writerow(map(guard_cell, self._header))
            for reject in rejects:
                writer.writerow([reject.row, guard_cell(reject.reason), *map(_cell, reject.cells)])
            self._file.write("".join(lines).encode("utf-8", "replace"))
            self._file.flush()
            os.fsync(self._file.fileno())
        return self._file.tell()


class _Lines(list[str]):
    write = list.append


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return guard_cell(value)
    return orjson.dumps(value, default=str).decode()
