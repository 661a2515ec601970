"""Cells that a spreadsheet would compute, disarmed in files that people open, and read back as they were."""

import re

_COMPUTED = ("=", "+", "-", "@", "\t", "\r", "'")  # how cells begin that a spreadsheet would compute or cut
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)*", re.ASCII)


def guard_cell(cell: str) -> str:
    """The cell with an apostrophe before what a spreadsheet would take for a formula; numbers are none.

    >>> guard_cell("=1+1"), guard_cell("T-1"), guard_cell("-1.5"), unguard_cell(guard_cell("'tis"))
    ("'=1+1", 'T-1', '-1.5', "'tis")
    """
    return f"'{cell}" if cell.startswith(_COMPUTED) and not _NUMBER.fullmatch(cell) else cell


def unguard_cell(cell: str) -> str:
    """What `guard_cell` was given."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_COMPUTED) else cell
