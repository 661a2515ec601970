"""Cells that a spreadsheet would compute, disarmed in files that people open, and read back as they were."""

# How cells begin that a spreadsheet would compute or cut.
_NOT_AS_TYPED = ("=", "+", "-", "@", "\t", "\r", "'")


def guard_cell(cell: str) -> str:
    """The cell with an apostrophe before what a spreadsheet would take for a formula.

    >>> guard_cell("=1+1"), guard_cell("T-1"), unguard_cell(guard_cell("'tis"))
    ("'=1+1", 'T-1', "'tis")
    """
    return f"'{cell}" if cell.startswith(_NOT_AS_TYPED) else cell


def unguard_cell(cell: str) -> str:
    """What `guard_cell` was given."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_NOT_AS_TYPED) else cell
