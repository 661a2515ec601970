"""What rooms above add to the pages of rules: columns of the list, and panels on the page of one rule."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from scoring.rules.rules.models import Rule

Cells = Callable[[Sequence[Rule]], Mapping[str, str]]  # the text of each rule, by its key
Context = Callable[[Rule], Mapping[str, Any]]


class RuleColumn(NamedTuple):
    """A column of the list of rules; its cells are computed for a whole page of the list at once."""

    name: str
    title: str
    cells: Cells


class RulePanel(NamedTuple):
    """A panel on the page of a rule: its template, and what that needs."""

    template: str
    context: Context


_columns: list[RuleColumn] = []
_panels: list[RulePanel] = []


def add_rule_columns(*columns: RuleColumn) -> None:
    """Add columns to the list of rules. Raises ValueError for a name that is taken."""
    for column in columns:
        if any(each.name == column.name for each in _columns):
            raise ValueError(f"the list of rules already has a column {column.name!r}")
        _columns.append(column)


def add_rule_panel(template: str, context: Context) -> None:
    """Add a panel to the page of a rule, below its versions."""
    _panels.append(RulePanel(template, context))


def rule_columns() -> Sequence[RuleColumn]:
    return tuple(_columns)


def panels_of(rule: Rule) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(template, context) of each panel of a rule."""
    return ((panel.template, panel.context(rule)) for panel in _panels)
