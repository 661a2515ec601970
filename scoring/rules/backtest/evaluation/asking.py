"""Asks rules and segments of policies about a page of past events, by columns."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from time import thread_time

import numpy as np
from numpy.typing import NDArray

from scoring.catalog.event_type import EventType
from scoring.rules.backtest.evaluation.configuration import ListEdit
from scoring.rules.backtest.evaluation.reading import EventPage
from scoring.rules.deciding.findings import lookup_of
from scoring.rules.deciding.live_rules import CompiledRule
from scoring.rules.deciding.precedence import Finding
from scoring.rules.expressions.columns import Answers, Column, ask_columns
from scoring.rules.expressions.compiling import CompiledExpression
from scoring.rules.expressions.rewriting import Lookup
from scoring.timestamps import from_iso

Listed = Sequence[Sequence[Finding]]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Matches:
    """Where a rule matched and applies.

    `unknown`: where the result depends on a missing value; `failed`: errors by row.
    """

    hit: Mask
    unknown: Mask
    failed: Mapping[int, str]


@dataclass
class PageAsker:
    """Asks about one page; each rule once, unless an edit changes what it reads of lists.

    `seconds` of processor time were spent on `asked` answers.
    """

    kind: type[EventType]
    page: EventPage
    columns: Mapping[str, Column]
    seconds: float = 0.0
    asked: int = 0
    _asked: dict[tuple[int, int], Matches] = field(default_factory=dict)

    def ask_rule(self, rule: CompiledRule, *, listed: Listed, edit: ListEdit | None) -> Matches:
        """`listed`: what lists and hash banks found in each event, under the edit if there is one."""
        depends = edit is not None and edit.definition.name in rule.expression.lists
        key = (id(rule), id(edit) if depends else 0)
        if key not in self._asked:
            answers = self.ask(rule.expression, listed)
            self._asked[key] = Matches(self._applied(rule, answers.matched), answers.unknown, answers.failed)
        return self._asked[key]

    def ask(self, expression: CompiledExpression, listed: Listed) -> Answers:
        hits, started = lookups_in(listed, expression.lookups), thread_time()
        answers = ask_columns(expression, columns=self.columns, count=len(self.page), hits=hits)
        self.seconds += thread_time() - started
        self.asked += len(self.page)
        return answers

    def _applied(self, rule: CompiledRule, matched: Mask) -> Mask:
        """Where the event is in the rule's roll-out, and of no entity for which it is suppressed."""
        if rule.version.share >= 1 and not rule.live.suppressed:
            return matched
        applied = matched.copy()
        for row in np.flatnonzero(matched).tolist():
            decided_at = from_iso(self.page.decisions[row]["decided_at"])
            applied[row] = rule.applies(self.kind, self.page.versions[row]["fields"], decided_at)
        return applied


def lookups_in(listed: Listed, lookups: Collection[Lookup]) -> dict[Lookup, Mask]:
    """Where the value of a field is on a list, or a file matches a hash bank."""
    found = {lookup: np.zeros(len(listed), dtype=bool) for lookup in lookups}
    if found:
        for row, findings in enumerate(listed):
            for each in findings:
                if (mask := found.get(lookup_of(each))) is not None:
                    mask[row] = True
    return found
