"""Precision, recall and money of a rule or list, from counts of events with and without labels. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, fields

from scoring.intervals import wilson_interval
from scoring.rules.deciding.precedence import ALLOW

# Hits from which "the model would decide the same" is more than chance, and the share that says so.
MIN_NEEDLESS_HITS = 50
NEEDLESS_SHARE = 0.95


@dataclass(frozen=True, slots=True)
class Share:
    """A share of `rows`, with its 95 % Wilson interval; `value` is None without rows."""

    hits: int
    rows: int

    @property
    def value(self) -> float | None:
        return self.hits / self.rows if self.rows else None

    @property
    def low(self) -> float:
        return wilson_interval(self.hits, self.rows)[0]

    @property
    def high(self) -> float:
        return wilson_interval(self.hits, self.rows)[1]


@dataclass(frozen=True, slots=True)
class Classes:
    """Events by what is known about them once their labels are mature.

    `inferred`: not blocked and without a label, so they count as negative. `unknown`: blocked and without a
    label, so they count as neither: what did not happen is not charged back.
    """

    positives: int = 0
    negatives: int = 0
    inferred: int = 0
    unknown: int = 0
    positive_stake: int = 0

    def __add__(self, other: "Classes") -> "Classes":
        return Classes(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))

    @property
    def good(self) -> int:
        """Events that count as negative."""
        return self.negatives + self.inferred

    @property
    def events(self) -> int:
        return self.positives + self.good + self.unknown

    @property
    def positive_share(self) -> Share:
        return Share(self.positives, self.positives + self.good)


@dataclass(frozen=True, slots=True)
class Counted:
    """What a rule or list hit. `mature`: the part of the hits whose labels are mature, by class."""

    hits: int = 0
    unique_hits: int = 0
    needless_hits: int = 0
    errors: int = 0
    stake: int = 0
    mature: Classes = Classes()
    unique_positives: int = 0
    unique_negatives: int = 0
    unique_positive_stake: int = 0

    def __add__(self, other: "Counted") -> "Counted":
        return Counted(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))

    def precision(self, outcome: str) -> Share:
        """The share of mature hits for which `outcome` is right: positives, or negatives for allow."""
        share = self.mature.positive_share
        return Share(share.rows - share.hits, share.rows) if outcome == ALLOW else share

    def recall(self, positives: int) -> Share:
        """The share of all mature positive events that were hit."""
        return Share(min(self.mature.positives, positives), positives)

    @property
    def unique_share(self) -> float | None:
        return self.unique_hits / self.hits if self.hits else None

    @property
    def needless_share(self) -> float | None:
        return self.needless_hits / self.hits if self.hits else None

    @property
    def is_needless(self) -> bool:
        """Whether a model has made the rule needless: nearly all of its many hits it decides the same."""
        share = self.needless_share
        return share is not None and self.hits >= MIN_NEEDLESS_HITS and share >= NEEDLESS_SHARE


def total(counted: Iterable[Counted]) -> Counted:
    """The sum; nothing counted gives zeros."""
    return sum(counted, Counted())


def jaccard(both: int, left: int, right: int) -> float:
    """The events that two rules hit together, as a share of those that either hit (P. Jaccard, 1901).

    >>> jaccard(2, 4, 6)
    0.25
    """
    either = left + right - both
    return both / either if either else 0.0
