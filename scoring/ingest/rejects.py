"""The rows that were not taken, with number and reason, as CSV beside the data of the run.

A row keeps its cells under their own names, so that a corrected file of rejects can be imported with the
same mapping.
"""

import csv
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import orjson

from scoring.ingest.values.formulas import guard_cell

OWN_COLUMNS = ("reject_row", "reject_reason")


@dataclass(frozen=True, slots=True)
class Reject:
    """One row: its number (from 1, without the header), why it was not taken, and its cells as they came."""

    row: int
    reason: str
    cells: Sequence[Any]


class RejectFile:
    """Appends rejects, their cells guarded against spreadsheets that would compute them.

    Opened with `keep`, what lies beyond so many bytes is cut off: it was not committed. Readable by its owner
    only, as the rows may hold personal values.
    """

    def __init__(self, path: Path, header: Sequence[str], *, keep: int = 0) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._header = [*OWN_COLUMNS, *header]
        self._file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")
        os.fchmod(self._file.fileno(), 0o600)  # of one that was there already, too
        self.cut(keep)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        """Close; a file without rejects is removed."""
        size = self._file.tell()
        self._file.close()
        if size == 0:
            self._path.unlink(missing_ok=True)

    def cut(self, size: int) -> None:
        """Drop what was written beyond `size` bytes; a file that was shortened from outside starts anew."""
        self._file.truncate(size if self._file.seek(0, os.SEEK_END) >= size else 0)
        self._file.seek(0, os.SEEK_END)

    def write(self, rejects: Sequence[Reject]) -> int:
        """Append `rejects`, on disk when this returns; the size of the file after them."""
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
