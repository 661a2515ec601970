"""The report of a replay: shares by basis and model, differing features, the first differences."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from scoring.decisions.predictions.predicting import RUNTIME
from scoring.replay.compare import BITS, DecisionComparison
from scoring.replay.models import ASPECTS
from scoring.timestamps import to_iso

MAX_DIFFERENCES = 20  # decisions shown field by field; all are counted


@dataclass
class ReplayGroup:
    """Decisions with the same basis and model. `compared` and `held`: counts by aspect."""

    basis: str
    model: str
    decisions: int = 0
    identical: int = 0
    not_recomputed: int = 0
    compared: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)

    def add(self, comparison: DecisionComparison) -> None:
        self.decisions += 1
        self.identical += comparison.identical
        self.not_recomputed += bool(comparison.why_not)
        for aspect, held in comparison.held.items():
            self.compared[aspect] += 1
            self.held[aspect] += held

    def facts(self) -> dict[str, Any]:
        aspects = {
            name: {"compared": self.compared[name], "identical": self.held[name]}
            for name in (*ASPECTS, BITS)
            if self.compared[name]
        }
        return {
            "basis": self.basis,
            "model": self.model,
            "decisions": self.decisions,
            "identical": self.identical,
            "not_recomputed": self.not_recomputed,
            "aspects": aspects,
        }


@dataclass
class ReplayReport:
    """The result of replaying the decisions of a type made in [since, until)."""

    event_type: str
    lane: str
    since: datetime
    until: datetime
    groups: dict[tuple[str, str], ReplayGroup] = field(default_factory=dict)
    runtimes: Counter[str] = field(default_factory=Counter)  # other ones than this process's
    not_recomputed: Counter[str] = field(default_factory=Counter)  # by why
    features: Counter[str] = field(default_factory=Counter)  # decisions in which each differs
    first: list[DecisionComparison] = field(default_factory=list)
    items: int = 0  # of the lane, folded

    @property
    def decisions(self) -> int:
        return sum(group.decisions for group in self.groups.values())

    @property
    def identical(self) -> int:
        return sum(group.identical for group in self.groups.values())

    @property
    def is_identical(self) -> bool:
        """Whether every decision of the period was recomputed with the logged result."""
        return self.identical == self.decisions

    def add_all(self, comparisons: Iterable[DecisionComparison]) -> None:
        for comparison in comparisons:
            self._add(comparison)

    def _add(self, comparison: DecisionComparison) -> None:
        logged = comparison.logged
        key = (logged.basis, logged.model)
        self.groups.setdefault(key, ReplayGroup(*key)).add(comparison)
        runtime = logged.entry.data["runtime"]
        if runtime not in ("", RUNTIME):
            self.runtimes[runtime] += 1
        if comparison.why_not:
            self.not_recomputed[comparison.why_not] += 1
        elif not comparison.identical:
            self.features.update(
                each.field.partition(".")[2]
                for each in comparison.differences
                if each.field.startswith("vector.")
            )
            if len(self.first) < MAX_DIFFERENCES:
                self.first.append(comparison)

    def facts(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {
            "event_type": self.event_type,
            "lane": self.lane,
            "from": to_iso(self.since),
            "to": to_iso(self.until),
            "decisions": self.decisions,
            "identical": self.identical,
            "items_folded": self.items,
            "groups": [self.groups[key].facts() for key in sorted(self.groups)],
            "runtime": RUNTIME,
            "other_runtimes": dict(self.runtimes.most_common()),
            "not_recomputed": dict(self.not_recomputed.most_common()),
            "features": dict(self.features.most_common()),
            "differences": [_difference_facts(comparison) for comparison in self.first],
        }


def place_of(comparison: DecisionComparison) -> Mapping[str, Any]:
    """The identification of the decision."""
    entry = comparison.logged.entry
    named = ("revision", "decided_at", "basis", "model", "order", "seq")
    return {
        "stream": entry.stream,
        "position": entry.position,
        **{name: entry.data[name] for name in named},
    }


def _difference_facts(comparison: DecisionComparison) -> dict[str, Any]:
    fields = {
        each.field: {"logged": each.logged, "replayed": each.replayed} for each in comparison.differences
    }
    return {**place_of(comparison), "fields": fields}
