"""The off-policy estimate of a policy that is backtested."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from scoring.catalog.event_type import EventType
from scoring.rules.backtest.evaluation.evaluating import Decided
from scoring.rules.backtest.evaluation.reading import EventPage
from scoring.rules.deciding.precedence import BLOCK
from scoring.rules.off_policy.estimating import OffPolicyResult, estimate_policy
from scoring.rules.off_policy.revealing import (
    LoggedEvents,
    propensity_if_let_through,
    propensity_of_block,
    reveal,
)
from scoring.rules.off_policy.sums import GivenOutcomes, Places, Sums
from scoring.timestamps import from_iso

SHORTEST = timedelta(hours=1)  # of a period, so that rates stay finite


class OffPolicyTally:
    """Adds up mature decisions with a score, page by page.

    What a list or hash bank decided is left out, because no policy changes it.
    """

    def __init__(self, kind: type[EventType], mature_before: datetime) -> None:
        self._kind, self._mature_before = kind, mature_before
        self._sums = Sums(kind.outcomes)
        self._first = self._last = ""

    def add(self, page: EventPage, before: Decided, after: Decided, *, retracted: Collection[int]) -> None:
        """Add the events of a page with their outcomes under both policies, rules and lists included."""
        rows = [row for row, each in enumerate(page.decisions) if self._counts(each, retracted)]
        if not rows:
            return
        decisions = [page.decisions[row] for row in rows]
        labels = [page.labels[row] for row in rows]
        moments = [each["decided_at"] for each in decisions]
        self._first = min([self._first or moments[0], *moments])
        self._last = max([self._last, *moments])
        self._sums.add(
            logged_events(decisions, labels, self._kind),
            before=GivenOutcomes(self._places(before, rows)),
            after=GivenOutcomes(self._places(after, rows)),
        )

    def result(self) -> OffPolicyResult:
        if not self._sums.events:
            return OffPolicyResult()
        length = max(from_iso(self._last) - from_iso(self._first), SHORTEST)
        return estimate_policy(self._sums, outcomes=self._kind.outcomes, days=length / timedelta(days=1))

    def _counts(self, decision: Mapping[str, Any], retracted: Collection[int]) -> bool:
        return (
            decision["score"] is not None
            and decision.get("decided_by") not in ("list", "bank")
            and from_iso(decision["received_at"]) <= self._mature_before
            and decision["event_position"] not in retracted
        )

    def _places(self, decided: Decided, rows: Sequence[int]) -> Places:
        outcomes = self._kind.outcomes
        return np.array([outcomes.index(decided.outcomes[row]) for row in rows], dtype=np.int64)


def logged_events(
    decisions: Sequence[Mapping[str, Any]], labels: Sequence[str | None], kind: type[EventType]
) -> LoggedEvents:
    """Decisions by their data, with the label of each event, None without one."""
    blocked = np.array([each["outcome"] == BLOCK for each in decisions])
    positive = np.array([label == kind.labels.positive for label in labels])
    stakes = [kind.nominal_stake if each["stake"] is None else each["stake"] for each in decisions]
    revealed, propensity = reveal(
        blocked=blocked,
        labeled=np.array([label is not None for label in labels]),
        let_through=np.array([propensity_if_let_through(each) for each in decisions]),
        propensity=np.array([propensity_of_block(each) for each in decisions]),
    )
    return LoggedEvents(
        score=np.array([each["score"] for each in decisions], dtype=np.float64),
        positive=positive & revealed,
        revealed=revealed,
        propensity=propensity,
        stake=np.array(stakes, dtype=np.float64),
        weight=np.ones(len(decisions)),
    )
