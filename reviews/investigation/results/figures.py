"""The figures of all events that a query matches."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from reviews.investigation.query.session import Session
from reviews.investigation.results.matching import Matched
from scoring.catalog.registry import scored_type
from scoring.rules.deciding.precedence import BLOCK


@dataclass(frozen=True)
class Figures:
    """Counts of events by outcome and by label, the sum at stake in the base currency, and the mean score."""

    count: int
    stake: float = 0.0
    positives: int = 0
    negatives: int = 0
    score: float | None = None
    outcomes: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of_nothing(cls) -> "Figures":
        return cls(0)

    @property
    def labeled(self) -> int:
        return self.positives + self.negatives

    @property
    def positive_share(self) -> float | None:
        """The share of the positive label among labeled events."""
        return self.positives / self.labeled if self.labeled else None

    @property
    def blocked_share(self) -> float | None:
        return self.outcomes.get(BLOCK, 0) / self.count if self.count else None


_OUTCOMES = "SELECT is_current, outcome, count(*) FROM matched GROUP BY ALL"
_SUMS = """
    SELECT is_current, count(*), coalesce(sum(stake), 0), count(*) FILTER (label = $positive),
           count(*) FILTER (label = $negative), avg(score)
      FROM matched GROUP BY 1
"""


def read_figures(session: Session, matched: Matched) -> dict[bool, Figures]:
    """The figures of the period (True) and of the one before (False)."""
    labels = scored_type(matched.query.event_type).labels
    found = {True: Figures.of_nothing(), False: Figures.of_nothing()}
    outcomes: dict[bool, dict[str, int]] = {True: {}, False: {}}
    for is_current, outcome, count in session.execute(_OUTCOMES):
        outcomes[is_current][outcome] = count
    given = {"positive": labels.positive, "negative": labels.negative}
    for is_current, count, stake, positives, negatives, score in session.execute(_SUMS, given):
        found[is_current] = Figures(count, stake, positives, negatives, score, outcomes[is_current])
    return found
