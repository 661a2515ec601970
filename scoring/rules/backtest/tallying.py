"""Adds up what a change does, page by page, in bounded memory."""

import heapq
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from scoring.catalog.event_type import EventType
from scoring.rules.backtest.evaluation.asking import Mask, Matches
from scoring.rules.backtest.evaluation.evaluating import Decided
from scoring.rules.backtest.evaluation.reading import EventPage
from scoring.rules.deciding.precedence import ALLOW, BLOCK
from scoring.timestamps import from_iso

MAX_LISTED = 100  # events in each list of a result
LISTS_OF_EVENTS = ("newly_blocked", "newly_allowed", "fraud_caught", "good_hit", "fraud_let_through")
MAX_UNITS = 200_000  # distinct customers counted; beyond, the count is a lower bound

# Classes of events: what is known of them. Labels of "immature" ones do not count, because fraud is labeled
# sooner; "inferred" ones are negative, because they had time to get a label; "unknown" ones had not, because
# they were blocked.
POSITIVE, NEGATIVE, INFERRED, UNKNOWN, IMMATURE = "positive", "negative", "inferred", "unknown", "immature"


class Cell(NamedTuple):
    """A cell of the matrix: the outcome without and with the change, and the class of the events."""

    before: str
    after: str
    label: str


class Listed(NamedTuple):
    """An event of a list; compared by what makes it worth a look: a label, then its stake.

    `label`: as it is now, mature or not; "" without one.
    """

    labeled: bool
    stake: int
    position: int
    event: str
    before: str
    after: str
    label: str
    score: float | None

    def as_data(self) -> dict[str, Any]:
        return {
            "position": self.position,
            "event": self.event,
            "stake": self.stake,
            "before": self.before,
            "after": self.after,
            "label": self.label,
            "score": self.score,
        }


class TopEvents:
    """The events most worth a look, at most MAX_LISTED, and how many there were."""

    def __init__(self) -> None:
        self.count = 0
        self._heap: list[Listed] = []

    def add(self, event: Listed) -> None:
        self.count += 1
        if len(self._heap) < MAX_LISTED:
            heapq.heappush(self._heap, event)
        else:
            heapq.heappushpop(self._heap, event)

    def __iter__(self) -> Iterator[Listed]:
        return iter(sorted(self._heap, reverse=True))


@dataclass
class Amount:
    """A number of events and their stakes, in minor units."""

    events: int = 0
    stake: int = 0

    def add(self, stake: int) -> None:
        self.events += 1
        self.stake += stake


@dataclass
class Tally:
    """The sums of all pages.

    `cells`: the matrix by class; `undecided`: that of events without a decision. `hits`: events that the
    subject of the change finds, by class; of those, `changing` have another outcome. `others`: events that
    other rules and lists find, and those that the subject finds too. `weeks`: by Monday, [events, hits,
    changed]. `unknown` and `failed`: events on which the subject's result depends on a missing value, or
    fails. `good_units`: hashes of the values of `unit` among good events whose outcome becomes more severe.
    `differing`: events whose outcome without the change is not the one that was decided.
    """

    kind: type[EventType]
    unit: str
    mature_before: datetime
    cells: dict[Cell, Amount] = field(default_factory=lambda: defaultdict(Amount))
    undecided: dict[Cell, Amount] = field(default_factory=lambda: defaultdict(Amount))
    hits: dict[str, Amount] = field(default_factory=lambda: defaultdict(Amount))
    changing: dict[str, Amount] = field(default_factory=lambda: defaultdict(Amount))
    others: Counter[str] = field(default_factory=Counter)
    shared: Counter[str] = field(default_factory=Counter)
    weeks: dict[date, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0, 0]))
    lists: dict[str, TopEvents] = field(
        default_factory=lambda: {name: TopEvents() for name in LISTS_OF_EVENTS}
    )
    unknown: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    good_units: set[int] = field(default_factory=set)
    differing: int = 0

    @property
    def events(self) -> int:
        return sum(amount.events for part in (self.cells, self.undecided) for amount in part.values())

    def add(
        self,
        page: EventPage,
        before: Decided,
        after: Decided,
        *,
        hit: Mask,
        subject: str,
        retracted: Collection[int],
    ) -> None:
        """Add a page. `hit`: which events the subject finds. Events that were retracted are left out."""
        for row, is_hit in enumerate(hit.tolist()):
            decision = page.decisions[row]
            if decision["event_position"] not in retracted:
                self._add_event(page, row, before, after, is_hit=is_hit, subject=subject)

    def add_answers(self, matches: Matches) -> None:
        """Count the events of a page on which the subject's result is unknown, or fails."""
        self.unknown += int(matches.unknown.sum())
        self.failed.update(matches.failed.values())

    def _add_event(
        self, page: EventPage, row: int, before: Decided, after: Decided, *, is_hit: bool, subject: str
    ) -> None:
        decision = page.decisions[row]
        was, is_now = before.outcomes[row], after.outcomes[row]
        label, stake = self._class_of(page, row), decision["stake"] or 0
        cells = self.cells if page.is_decided else self.undecided
        cells[Cell(was, is_now, label)].add(stake)
        week = self.weeks[_monday(decision["decided_at"])]
        week[0] += 1
        if page.is_decided:
            self.differing += was != (decision.get("initial") or decision["outcome"])
        for name in {f"{found.kind}/{found.name}" for found in before.findings[row] if found.outcome}:
            if name != subject:
                self.others[name] += 1
                self.shared[name] += is_hit
        if is_hit:
            week[1] += 1
            self.hits[label].add(stake)
        if was != is_now:
            week[2] += 1
            self.changing[label].add(stake)
            self._list(page, row, was, is_now, label)

    def _class_of(self, page: EventPage, row: int) -> str:
        decision, label = page.decisions[row], page.labels[row]
        if from_iso(decision["received_at"]) > self.mature_before:
            return IMMATURE
        if label is not None:
            return POSITIVE if label == self.kind.labels.positive else NEGATIVE
        return UNKNOWN if decision["outcome"] == BLOCK else INFERRED

    def _list(self, page: EventPage, row: int, was: str, is_now: str, known: str) -> None:
        decision, label = page.decisions[row], page.labels[row]
        event = Listed(
            labeled=label is not None,
            stake=decision["stake"] or 0,
            position=decision["event_position"],
            event=page.streams[row],
            before=was,
            after=is_now,
            label=label or "",
            score=decision["score"],
        )
        severer = self.kind.outcomes.index(is_now) > self.kind.outcomes.index(was)
        if is_now == BLOCK:
            self.lists["newly_blocked"].add(event)
        if is_now == ALLOW:
            self.lists["newly_allowed"].add(event)
        if severer and (label == self.kind.labels.negative or (label is None and known == INFERRED)):
            self.lists["good_hit"].add(event)
            if len(self.good_units) < MAX_UNITS and (unit := page.versions[row]["fields"].get(self.unit)):
                self.good_units.add(hash(unit))
        if severer and label == self.kind.labels.positive:
            self.lists["fraud_caught"].add(event)
        if not severer and label == self.kind.labels.positive:
            self.lists["fraud_let_through"].add(event)


def _monday(moment: str) -> date:
    day = date.fromisoformat(moment[:10])
    return day - timedelta(days=day.weekday())
