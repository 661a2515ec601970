"""Escapes cells against formula injection in spreadsheets, and restores them when a file is read back."""

# First characters of cells that a spreadsheet would interpret or drop.
_NOT_AS_TYPED = ("=", "+", "-", "@", "\t", "\r", "'")


def guard_cell(cell: str) -> str:
    """The cell, with an apostrophe in front if a spreadsheet would take it for a formula.

    >>> guard_cell("=1+1"), guard_cell("T-1"), unguard_cell(guard_cell("'tis"))
    ("'=1+1", 'T-1', "'tis")
    """
    return f"'{cell}" if cell.startswith(_NOT_AS_TYPED) else cell


def unguard_cell(cell: str) -> str:
    """The original cell, given the result of `guard_cell`."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_NOT_AS_TYPED) else cell
