"""Runs a backtest: reads past decisions, decides them with and without the change, and adds up."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter
from typing import TypeVar

import numpy as np

from scoring.catalog.registry import event_type as find_event_type
from scoring.catalog.registry import first_entity
from scoring.intake.models import Amendment
from scoring.progress import NO_PROGRESS, ProgressReporter
from scoring.rules.backtest.changes import Change, ListChange, PolicyChange, RuleChange
from scoring.rules.backtest.errors import NothingToBacktest
from scoring.rules.backtest.evaluation.asking import Mask, PageAsker
from scoring.rules.backtest.evaluation.configuration import TriedConfiguration, operands_in
from scoring.rules.backtest.evaluation.evaluating import Decided, decide_page
from scoring.rules.backtest.evaluation.reading import EventPage, Reading, iter_pages, range_of
from scoring.rules.backtest.requests import BacktestRequest
from scoring.rules.backtest.results import BacktestResult, Timing, result_of
from scoring.rules.backtest.tallying import Tally
from scoring.rules.deciding.precedence import Finding

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
    """What the change would have done. Memory holds one page of events.

    One step of `watch`, counted in positions of the log. Raises NothingToBacktest, and what names a subject
    that no longer exists.
    """
    kind = find_event_type(request.event_type)
    before, after = request.configurations()
    positions = range_of(request.since, request.until)
    tally = Tally(kind, first_entity(kind.name), now - kind.matures_after)
    retracted, clocks, lacking = retracted_events(kind.name), _Clocks(), 0
    watch.begin("replaying decisions", total=positions.length)
    pages = iter_pages(Reading(kind.name, request.since, request.until), positions)
    for page, covered in _timed(pages, clocks):
        _add_page(tally, page, before, after, change=request.change, retracted=retracted, clocks=clocks)
        lacking += page.lacks(features_of(request.change, after))
        watch.advance(covered)
    if not tally.events:
        raise NothingToBacktest(event_type=kind.name, since=request.since, until=request.until)
    return result_of(tally, before, lacking=lacking, timing=clocks.timing())


def _timed(pages: Iterable[Item], clocks: _Clocks) -> Iterator[Item]:
    """The pages, with the seconds that reading each took added to the clocks."""
    iterator, started = iter(pages), perf_counter()
    for page in iterator:
        clocks.reading += perf_counter() - started
        yield page
        started = perf_counter()


def _add_page(
    tally: Tally,
    page: EventPage,
    before: TriedConfiguration,
    after: TriedConfiguration,
    *,
    change: Change,
    retracted: set[int],
    clocks: _Clocks,
) -> None:
    started = perf_counter()
    asker = PageAsker(tally.kind, page, page.columns(operands_in([before, after])))
    without = decide_page(page, before, kind=tally.kind, asker=asker)
    with_it = decide_page(page, after, kind=tally.kind, asker=asker)
    hit = hit_by(change, without, with_it)
    tally.add(page, without, with_it, hit=hit, subject=change.subject, retracted=retracted)
    if isinstance(change, RuleChange):
        tally.add_answers(with_it.matches[change.name])
    clocks.deciding += perf_counter() - started
    clocks.asking += asker.seconds
    clocks.asked += asker.asked


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


def retracted_events(event_type: str) -> set[int]:
    """The positions of the events that their senders retracted."""
    retractions = Amendment.objects.filter(event_type=event_type, kind=Amendment.Kind.RETRACTION)
    return set(retractions.values_list("event_position", flat=True))
