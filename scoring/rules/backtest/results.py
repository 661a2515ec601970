"""The result of a backtest, as logged and as pages show it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from scoring.rules.backtest.evaluation.configuration import TriedConfiguration
from scoring.rules.backtest.tallying import (
    IMMATURE,
    INFERRED,
    NEGATIVE,
    POSITIVE,
    UNKNOWN,
    Amount,
    Cell,
    Tally,
)
from scoring.rules.deciding.precedence import ALLOW
from scoring.rules.off_policy.estimating import OffPolicyResult
from scoring.rules.quality.measures import Classes, Share, jaccard
from scoring.timestamps import to_iso

MAX_OTHERS = 50  # other rules and lists in the overlap


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of reading and of deciding; processor time of asking, and how often a rule was asked."""

    reading: float
    deciding: float
    asking: float
    asked: int

    @property
    def asked_per_second(self) -> float | None:
        """Events per second, rule and core while rules were asked."""
        return self.asked / self.asking if self.asking else None


@dataclass(frozen=True, slots=True)
class Overlap:
    """Another rule or list: the events that it finds, and those that the subject of the change finds too."""

    name: str
    hits: int
    shared: int
    jaccard: float


@dataclass(frozen=True)
class BacktestResult:
    """What a change does on past events.

    `cells`: [outcome without the change, outcome with it, class, events, stake]. `hits` and `changing`:
    {class: [events, stake]} of the events that the subject finds, and of those with another outcome.
    `others`: [name, events, shared events]. `weeks`: [Monday, events, hits, changed]. `lists`: {name:
    {"count", "events"}}. `unknown`: events on which the rule's result depends on a missing value; `lacking`:
    events whose decision did not log all features that it reads. `failed`: {error: events}. `skipped`: active
    rules that could not be evaluated. `good_units`: distinct values of the field `unit` among good events
    that are hit. `differing`: events that today's configuration decides otherwise than was decided then.
    `ruleset`: its version. `undecided`: `cells` of events without a decision, of which rules and lists alone
    speak; `unsequenced`: those left out, because their lane has no place for them yet. `off_policy`:
    the data of an `OffPolicyResult` for a policy, None for other changes.
    """

    cells: Sequence[Sequence[Any]]
    hits: Mapping[str, Sequence[int]]
    changing: Mapping[str, Sequence[int]]
    others: Sequence[Sequence[Any]]
    weeks: Sequence[Sequence[Any]]
    lists: Mapping[str, Mapping[str, Any]]
    unknown: int
    lacking: int
    failed: Mapping[str, int]
    skipped: Mapping[str, str]
    good_units: int
    unit: str
    differing: int
    ruleset: int
    mature_before: str
    timing: Mapping[str, Any]
    undecided: Sequence[Sequence[Any]] = ()
    unsequenced: int = 0
    off_policy: Mapping[str, Any] | None = None

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "BacktestResult":
        """The result in what `as_data` gave."""
        return cls(**{each.name: data[each.name] for each in fields(cls) if each.name in data})

    def as_data(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def events(self) -> int:
        """All events, with a decision or without."""
        return self.decided_events + self.undecided_events

    @property
    def decided_events(self) -> int:
        return sum(cell[3] for cell in self.cells)

    @property
    def undecided_events(self) -> int:
        return sum(cell[3] for cell in self.undecided)

    @property
    def without_decision(self) -> "BacktestResult":
        """The result with the events without a decision in place of the decided ones."""
        return replace(self, cells=self.undecided, undecided=())

    @property
    def changed(self) -> int:
        return sum(cell[3] for cell in (*self.cells, *self.undecided) if cell[0] != cell[1])

    @property
    def hit_events(self) -> int:
        return sum(events for events, _ in self.hits.values())

    @property
    def hit_classes(self) -> Classes:
        """The mature events that the subject finds."""
        return classes_of(self.hits)

    @property
    def all_classes(self) -> Classes:
        """All mature events."""
        return self._classes(lambda before, after: True)

    @property
    def immature(self) -> int:
        return sum(cell[3] for cell in (*self.cells, *self.undecided) if cell[2] == IMMATURE)

    def matrix(self, outcomes: Sequence[str]) -> list[list[int]]:
        """Events by outcome without the change (rows) and with it (columns)."""
        counts: dict[tuple[str, str], int] = defaultdict(int)
        for before, after, _, events, _ in self.cells:
            counts[before, after] += events
        return [[counts[before, after] for after in outcomes] for before in outcomes]

    def decided(self, outcome: str, *, changed: bool) -> int:
        """The events with this outcome, without or with the change."""
        return sum(cell[3] for cell in self.cells if cell[int(changed)] == outcome)

    def classes_at(self, outcome: str, *, changed: bool) -> Classes:
        """The mature events with this outcome, without or with the change."""
        return self._classes(lambda before, after: (after if changed else before) == outcome)

    def caught(self, *, changed: bool) -> Classes:
        """The mature events that were not simply allowed, without or with the change."""
        return self._classes(lambda before, after: (after if changed else before) != ALLOW)

    def recall(self, *, changed: bool) -> Share:
        """The share of mature positive events that are not simply allowed."""
        return Share(self.caught(changed=changed).positives, self.all_classes.positives)

    def became(self, outcomes: Sequence[str], *, severer: bool) -> Classes:
        """The mature events whose outcome becomes more severe, or milder."""
        place = {outcome: number for number, outcome in enumerate(outcomes)}
        if severer:
            return self._classes(lambda before, after: place[after] > place[before])
        return self._classes(lambda before, after: place[after] < place[before])

    @property
    def newly_caught(self) -> Classes:
        """The mature events that were simply allowed and no longer are."""
        return self._classes(lambda before, after: before == ALLOW != after)

    @property
    def newly_missed(self) -> Classes:
        """The mature events that are simply allowed with the change alone."""
        return self._classes(lambda before, after: before != ALLOW == after)

    @property
    def estimate(self) -> OffPolicyResult | None:
        """The off-policy estimate of a policy; None of other changes and in older results."""
        return OffPolicyResult.of(self.off_policy) if self.off_policy else None

    @property
    def overlaps(self) -> list[Overlap]:
        hits = self.hit_events
        found = [Overlap(name, n, shared, jaccard(shared, hits, n)) for name, n, shared in self.others]
        return sorted(found, key=lambda each: (-each.jaccard, each.name))

    @property
    def time(self) -> Timing:
        return Timing(**self.timing)

    def _classes(self, is_meant: Any) -> Classes:
        found: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        for before, after, label, events, stake in self.cells:
            if is_meant(before, after):
                found[label][0] += events
                found[label][1] += stake
        return classes_of(found)


def classes_of(counted: Mapping[str, Sequence[int]]) -> Classes:
    """The mature events among those counted by class."""
    events = {label: counted[label][0] for label in counted}
    return Classes(
        positives=events.get(POSITIVE, 0),
        negatives=events.get(NEGATIVE, 0),
        inferred=events.get(INFERRED, 0),
        unknown=events.get(UNKNOWN, 0),
        positive_stake=counted[POSITIVE][1] if POSITIVE in counted else 0,
    )


def result_of(
    tally: Tally,
    before: TriedConfiguration,
    *,
    lacking: int,
    timing: Timing,
    unsequenced: int = 0,
    off_policy: OffPolicyResult | None = None,
) -> BacktestResult:
    """The result of a tally; of long lists of rules and errors, the first ones."""
    others = [(name, count, tally.shared[name]) for name, count in tally.others.most_common(MAX_OTHERS)]
    return BacktestResult(
        cells=_listed(tally.cells),
        hits={label: [amount.events, amount.stake] for label, amount in sorted(tally.hits.items())},
        changing={label: [amount.events, amount.stake] for label, amount in sorted(tally.changing.items())},
        others=others,
        weeks=[[monday.isoformat(), *counts] for monday, counts in sorted(tally.weeks.items())],
        lists={
            name: {"count": found.count, "events": [event.as_data() for event in found]}
            for name, found in tally.lists.items()
        },
        unknown=tally.unknown,
        lacking=lacking,
        failed=dict(tally.failed.most_common(MAX_OTHERS)),
        skipped=dict(before.skipped),
        good_units=len(tally.good_units),
        unit=tally.unit,
        differing=tally.differing,
        ruleset=before.version,
        mature_before=to_iso(tally.mature_before),
        timing=asdict(timing),
        undecided=_listed(tally.undecided),
        unsequenced=unsequenced,
        off_policy=off_policy.as_data() if off_policy else None,
    )


def _listed(cells: Mapping[Cell, Amount]) -> list[list[Any]]:
    return [[*cell, amount.events, amount.stake] for cell, amount in sorted(cells.items())]
