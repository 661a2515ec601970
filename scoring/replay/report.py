"""What a replay found: shares by basis and model, features that differ, the first differences."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from scoring.decisions.predicting import RUNTIME
from scoring.replay.compare import ASPECTS, BITS, Comparison
from scoring.timestamps import to_iso

MOST_DIFFERENCES = 20  # decisions shown field by field; all of them are counted


@dataclass
class Group:
    """Decisions of one basis and one model. `compared` and `held`: by aspect, how many."""

    basis: str
    model: str
    decisions: int = 0
    identical: int = 0
    not_recomputed: int = 0
    compared: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)

    def add(self, comparison: Comparison) -> None:
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
class Report:
    """What came of replaying the decisions of a type made in [since, until)."""

    event_type: str
    lane: str
    since: datetime
    until: datetime
    groups: dict[tuple[str, str], Group] = field(default_factory=dict)
    runtimes: Counter[str] = field(default_factory=Counter)  # other ones than this process's
    not_recomputed: Counter[str] = field(default_factory=Counter)  # by why
    features: Counter[str] = field(default_factory=Counter)  # decisions in which each differs
    first: list[Comparison] = field(default_factory=list)
    items: int = 0  # of the lane, folded

    @property
    def decisions(self) -> int:
        return sum(group.decisions for group in self.groups.values())

    @property
    def identical(self) -> int:
        return sum(group.identical for group in self.groups.values())

    @property
    def is_identical(self) -> bool:
        """Whether every decision of the range was recomputed and came out as it was logged."""
        return self.identical == self.decisions

    def add_all(self, comparisons: Iterable[Comparison]) -> None:
        for comparison in comparisons:
            self._add(comparison)

    def _add(self, comparison: Comparison) -> None:
        logged = comparison.logged
        key = (logged.basis, logged.model)
        self.groups.setdefault(key, Group(*key)).add(comparison)
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
            if len(self.first) < MOST_DIFFERENCES:
                self.first.append(comparison)

    def facts(self) -> dict[str, Any]:
        """All of it, for JSON."""
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


def place_of(comparison: Comparison) -> Mapping[str, Any]:
    """Which decision it is."""
    entry = comparison.logged.entry
    named = ("revision", "decided_at", "basis", "model", "order", "seq")
    return {
        "stream": entry.stream,
        "position": entry.position,
        **{name: entry.data[name] for name in named},
    }


def _difference_facts(comparison: Comparison) -> dict[str, Any]:
    fields = {
        each.field: {"logged": each.logged, "replayed": each.replayed} for each in comparison.differences
    }
    return {**place_of(comparison), "fields": fields}
