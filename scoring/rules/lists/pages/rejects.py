"""The first rejected lines of an import, for its page."""

import csv
from typing import NamedTuple

from scoring.formulas import unguard_cell
from scoring.rules.lists.importing.files import REJECTS, read_pieces

SHOWN = 50


class ShownReject(NamedTuple):
    """A rejected line: its number, why, and its cells that are not empty."""

    line: str
    reason: str
    cells: str


def first_rejects(number: int) -> list[ShownReject]:
    """Up to SHOWN rejected lines of an import; its file has all of them."""
    first = next(read_pieces(number, REJECTS), b"").decode("utf-8", "replace")
    rows = csv.reader(first.splitlines(keepends=True))
    next(rows, None)
    shown: list[ShownReject] = []
    for row in rows:
        if len(shown) == SHOWN:
            break
        line, reason, *cells = map(unguard_cell, row)
        shown.append(ShownReject(line, reason, ", ".join(filter(None, cells))))
    return shown
