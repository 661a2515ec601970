"""Runs of all consumers. Those at the same cursor read pages and commit together.

Otherwise a run of a few entries would mostly begin transactions and read the same page again and again.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import Error as DatabaseFailure
from django.db import transaction

from scoring.log.consumers import registry as consumers
from scoring.log.consumers.cursors import NEW, create_cursors, lock_cursors, move_cursors, read_cursors
from scoring.log.consumers.outages import EntriesFailed, entry_failures, is_outage
from scoring.log.consumers.registry import Consumer, catch_up, registered_consumers
from scoring.log.entries import Cursor, Entry
from scoring.log.errors import ConsumerStopped, LogAheadOfCluster
from scoring.log.read import Horizon, LogPage, read_horizon, read_page

logger = logging.getLogger(__name__)

Parts = Mapping[Consumer, Sequence[Entry]]  # each consumer's entries of a page


class _Outcome(NamedTuple):
    """Which consumers handled the page and which failed; another process runs the rest."""

    moved: list[Consumer]
    failed: list[Consumer]


def run_consumers(*, now: datetime) -> dict[str, str]:
    """Run every registered consumer up to the horizon. Returns the errors of those that stopped, by name.

    Remote ones have tasks of their own. All others share one horizon, so they end at the same cursor and can
    continue together. If a page cannot be handled, each runs on its own (`run_consumer`): only the failing
    one stops.
    """
    horizon = read_horizon()
    alone: list[Consumer] = []
    ours = [consumer for consumer in registered_consumers() if not consumer.remote]
    for cursor, group in _by_cursor(ours, alone, now=now).items():
        alone += _run_group(group, cursor, horizon=horizon, now=now)
    return _run_alone(alone, now=now)


def _by_cursor(
    registered: Iterable[Consumer], alone: list[Consumer], *, now: datetime
) -> dict[Cursor, list[Consumer]]:
    """Consumers by cursor; those stopped by an error are added to `alone` instead."""
    by_name = {consumer.name: consumer for consumer in registered}
    standing = read_cursors(by_name)
    if len(standing) < len(by_name):
        create_cursors(by_name.keys() - standing.keys(), now=now)
    by_cursor: dict[Cursor, list[Consumer]] = defaultdict(list)
    for name, consumer in by_name.items():
        cursor, error = standing.get(name, NEW)
        (alone if error else by_cursor[cursor]).append(consumer)
    return by_cursor


def _run_group(group: list[Consumer], cursor: Cursor, *, horizon: Horizon, now: datetime) -> list[Consumer]:
    """Run consumers from `cursor` to the horizon; returns those that have to run alone."""
    alone: list[Consumer] = []
    limit = consumers.MAX_ENTRIES_PER_RUN
    while group:
        types = frozenset[str]().union(*(consumer.types for consumer in group))
        try:
            with entry_failures():
                page = read_page(cursor, types=types, limit=limit, horizon=horizon)
        except EntriesFailed as failure:  # each now runs alone, which records its error
            _log_warning(failure.error, group)
            return alone + group
        group, failed = _handle_page(page, group, cursor, now=now)
        alone += failed
        if len(page.entries) < limit:
            return alone
        cursor = page.cursor
    return alone


def _handle_page(page: LogPage, present: Sequence[Consumer], cursor: Cursor, *, now: datetime) -> _Outcome:
    """Have consumers at `cursor` handle a page."""
    parts = {each: [entry for entry in page.entries if entry.type in each.types] for each in present}
    outcome = _Outcome([], [])
    for group in _transaction_groups(parts):
        try:
            with entry_failures():
                outcome.moved.extend(_handle_and_commit(group, parts, cursor, page.cursor, now=now))
        except (EntriesFailed, DatabaseFailure, LogAheadOfCluster) as error:
            # Each now runs alone, which logs and records its error or meets the outage again.
            _log_warning(error.error if isinstance(error, EntriesFailed) else error, group)
            outcome.failed.extend(group)
    return outcome


def _log_warning(error: Exception, group: Sequence[Consumer]) -> None:
    names = ", ".join(consumer.name for consumer in group)
    logger.warning("%s cannot handle a page together, so each runs alone: %r", names, error)


def _transaction_groups(parts: Parts) -> list[list[Consumer]]:
    """Groups of consumers that handle their parts of a page in one transaction each.

    A consumer whose effect cannot be undone runs alone. Its commit waits for the disk, which others skip; and
    if it appends, it waits for a rebuild of tables, which waits for transactions that read them.
    """
    apart = [consumer for consumer, entries in parts.items() if entries and consumer.reset is None]
    together = [consumer for consumer in parts if consumer not in apart]
    return [group for group in (together, *([consumer] for consumer in apart)) if group]


def _handle_and_commit(
    group: Sequence[Consumer], parts: Parts, cursor: Cursor, reached: Cursor, *, now: datetime
) -> list[Consumer]:
    """Handle and commit parts of a page that ends at `reached`; returns those that no other process runs."""
    with transaction.atomic():
        lasting = any(parts[consumer] and consumer.reset is None for consumer in group)
        locked = lock_cursors([consumer.name for consumer in group], may_be_lost=not lasting)
        present = [consumer for consumer in group if locked.get(consumer.name) == (cursor, "")]
        for consumer in present:
            if parts[consumer]:
                consumer.handle(parts[consumer], now=now)
        if present:
            move_cursors([consumer.name for consumer in present], reached, now=now)
    return present


def _run_alone(alone: Sequence[Consumer], *, now: datetime) -> dict[str, str]:
    """Run each on its own; returns the errors of those that stopped. A database outage is raised last."""
    stopped: dict[str, str] = {}
    outage: Exception | None = None
    for consumer in alone:
        try:
            catch_up(consumer, now=now)
        except ConsumerStopped as error:
            logger.exception("consumer %s stopped", consumer.name)
            stopped[consumer.name] = error.error
        except (DatabaseFailure, LogAheadOfCluster) as error:
            if not is_outage(error):
                raise
            outage = error
    if outage:
        raise outage
    return stopped
