"""Runs a backtest: reads past events, decides them with and without the change, and adds up."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from time import perf_counter
from typing import TypeVar

import numpy as np

from scoring.catalog.registry import event_type as find_event_type
from scoring.catalog.registry import first_entity
from scoring.intake.amending.retractions import retracted_events
from scoring.lanes.order import count_items_after, read_beginning
from scoring.progress import NO_PROGRESS, ProgressReporter
from scoring.rules.backtest.changes import Change, ListChange, PolicyChange, RuleChange
from scoring.rules.backtest.errors import NothingToBacktest
from scoring.rules.backtest.evaluation.asking import Mask, PageAsker
from scoring.rules.backtest.evaluation.configuration import TriedConfiguration, operands_in
from scoring.rules.backtest.evaluation.evaluating import Decided, decide_page
from scoring.rules.backtest.evaluation.reading import EventPage, Reading, iter_pages, range_of
from scoring.rules.backtest.evaluation.undecided import TodaysLists, count_undecided, iter_undecided
from scoring.rules.backtest.off_policy import OffPolicyTally
from scoring.rules.backtest.requests import BacktestRequest
from scoring.rules.backtest.results import BacktestResult, Timing, result_of
from scoring.rules.backtest.tallying import Tally
from scoring.rules.banks.kinds import carries_media
from scoring.rules.banks.search.index import NO_BANKS
from scoring.rules.banks.search.loading import load_banks
from scoring.rules.deciding.precedence import Finding
from scoring.rules.expressions.operands import Operand
from scoring.rules.lists.loading import load_index

Item = TypeVar("Item")


@dataclass
class _Clocks:
    """Seconds spent on each part of the work."""

    reading: float = 0.0
    deciding: float = 0.0
    asking: float = 0.0
    asked: int = 0

    def timing(self) -> Timing:
        return Timing(round(self.reading, 3), round(self.deciding, 3), round(self.asking, 3), self.asked)


def run_backtest(
    request: BacktestRequest, *, now: datetime, watch: ProgressReporter = NO_PROGRESS
) -> BacktestResult:
    """What the change would have done. Memory holds one page of events, and the lane's states for history.

    A rule or list is tried on events without a decision too, which need no score. A step of `watch` for
    decisions, counted in positions of the log, and one for these events, counted in items of their lane.
    Raises NothingToBacktest, and what names a subject that no longer exists.
    """
    kind = find_event_type(request.event_type)
    before, after = request.configurations()
    work = _Work(
        Tally(kind, first_entity(kind.name), now - kind.matures_after),
        request.change,
        before,
        after,
        retracted_events(kind.name),
        OffPolicyTally(kind, now - kind.matures_after) if isinstance(request.change, PolicyChange) else None,
    )
    reading = Reading(kind.name, request.since, request.until)
    work.add_decided(reading, watch=watch)
    if not isinstance(request.change, PolicyChange) and (undecided := count_undecided(reading)):
        work.add_undecided(reading, now=now, watch=watch)
        work.unsequenced = max(undecided - work.undecided, 0)
    if not work.tally.events:
        raise NothingToBacktest(
            event_type=kind.name, since=request.since, until=request.until, unsequenced=work.unsequenced
        )
    return result_of(
        work.tally,
        before,
        lacking=work.lacking,
        unsequenced=work.unsequenced,
        timing=work.clocks.timing(),
        off_policy=work.off_policy.result() if work.off_policy else None,
    )


@dataclass
class _Work:
    """A running backtest: what is tried, and what it has added up.

    `off_policy`: of a policy, the sums of its estimate. `undecided`: events without a decision so far;
    `unsequenced`: those that their lane does not have.
    """

    tally: Tally
    change: Change
    before: TriedConfiguration
    after: TriedConfiguration
    retracted: set[int]
    off_policy: OffPolicyTally | None = None
    clocks: _Clocks = field(default_factory=_Clocks)
    lacking: int = 0
    undecided: int = 0
    unsequenced: int = 0

    def add_decided(self, reading: Reading, *, watch: ProgressReporter) -> None:
        """Try the change on the events decided in the period."""
        positions = range_of(reading.since, reading.until)
        watch.begin("replaying decisions", total=positions.length)
        for page, covered in _timed(iter_pages(reading, positions), self.clocks):
            self._add(page)
            watch.advance(covered)

    def add_undecided(self, reading: Reading, *, now: datetime, watch: ProgressReporter) -> None:
        """Try it on the events of the period without a decision."""
        watch.begin("reading history", total=count_items_after(read_beginning(self.tally.kind.lane)))
        pages = iter_undecided(
            reading,
            features={each.column for each in self._operands if each.kind == "feature"},
            lists=self._todays_lists(now),
            progress=watch.advance,
        )
        for page in _timed(pages, self.clocks):
            self._add(page)
            self.undecided += len(page)

    def _todays_lists(self, now: datetime) -> TodaysLists:
        version, kind = self.before.version, self.tally.kind
        banks = load_banks(version) if carries_media(kind) else NO_BANKS
        return TodaysLists(load_index(version), now, banks)

    @property
    def _operands(self) -> list[Operand]:
        return operands_in([self.before, self.after])

    def _add(self, page: EventPage) -> None:
        started, change = perf_counter(), self.change
        asker = PageAsker(self.tally.kind, page, page.columns(self._operands))
        without = decide_page(page, self.before, kind=self.tally.kind, asker=asker)
        with_it = decide_page(page, self.after, kind=self.tally.kind, asker=asker)
        hit = hit_by(change, without, with_it)
        self.tally.add(page, without, with_it, hit=hit, subject=change.subject, retracted=self.retracted)
        if self.off_policy and isinstance(page, EventPage):
            self.off_policy.add(page, without, with_it, retracted=self.retracted)
        if isinstance(change, RuleChange):
            self.tally.add_answers(with_it.matches[change.name])
        self.lacking += page.lacks(features_of(change, self.after))
        self.clocks.deciding += perf_counter() - started
        self.clocks.asking += asker.seconds
        self.clocks.asked += asker.asked


def _timed(pages: Iterable[Item], clocks: _Clocks) -> Iterator[Item]:
    """The pages, with the seconds that reading each took added to the clocks."""
    iterator, started = iter(pages), perf_counter()
    for page in iterator:
        clocks.reading += perf_counter() - started
        yield page
        started = perf_counter()


def hit_by(change: Change, before: Decided, after: Decided) -> Mask:
    """The events that the change concerns.

    A rule: those that it matches. A list: those for which its findings change. A policy: those whose score
    has another outcome.
    """
    if isinstance(change, RuleChange):
        return after.matches[change.name].hit
    if isinstance(change, ListChange):
        pairs = zip(before.findings, after.findings, strict=True)
        return np.array([_of_list(change, was) != _of_list(change, now) for was, now in pairs], dtype=bool)
    return np.array([was != now for was, now in zip(before.bases, after.bases, strict=True)], dtype=bool)


def _of_list(change: ListChange, findings: Iterable[Finding]) -> set[tuple[str, str]]:
    """The fields that the list finds, each with the outcome that it asks for."""
    return {
        (each.field, each.outcome) for each in findings if each.kind == "list" and each.name == change.name
    }


def features_of(change: Change, after: TriedConfiguration) -> frozenset[str]:
    """The features that the subject of the change reads."""
    if isinstance(change, RuleChange):
        own = [rule.expression.features for rule in after.rules if rule.version.name == change.name]
        return frozenset[str]().union(*own)
    if isinstance(change, PolicyChange) and after.policy:
        return frozenset(after.policy.features)
    return frozenset()
