"""Differences between two configurations as text: a unified diff of each item's YAML."""

from collections.abc import Iterator
from difflib import unified_diff
from typing import Any

from scoring.configuration.applying import Applied, ItemChange
from scoring.configuration.writing import yaml_text

CONTEXT = 3  # unchanged lines around a change


def diff_lines(change: ItemChange) -> list[str]:
    """The lines of one item, each beginning with "+", "-" or " "; gaps are "@@"."""
    lines = unified_diff(_lines(change.before), _lines(change.after), n=CONTEXT, lineterm="")
    return ["@@" if line.startswith("@@") else line for line in lines if not line.startswith(("---", "+++"))][
        1:
    ]


def report_lines(applied: Applied) -> Iterator[str]:
    """Every change with its differences, then the notes; or that there is nothing to apply."""
    if applied.is_nothing:
        yield "There is nothing to apply."
    for change in applied.changes:
        yield f"{'.'.join(change.path)}: {change.what}"
        yield from (f"  {line}" for line in diff_lines(change))
        yield ""
    yield from applied.notes


def _lines(data: dict[str, Any] | None) -> list[str]:
    return [] if data is None else yaml_text(data).splitlines()
