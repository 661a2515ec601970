"""Runs of all consumers: those at one place of the log read its pages, and commit what they do, together.

Else most of what a run of a few entries costs is transactions and the same page read over and over.
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
from scoring.log.consumers.outages import is_outage
from scoring.log.consumers.registry import Consumer, catch_up, registered_consumers
from scoring.log.entries import Cursor, Entry
from scoring.log.errors import ConsumerStopped, LogAheadOfCluster
from scoring.log.read import Horizon, LogPage, read_horizon, read_page

logger = logging.getLogger(__name__)

Parts = Mapping[Consumer, Sequence[Entry]]  # what there is of a page for each consumer


class _Outcome(NamedTuple):
    """Which consumers handled the page and which failed; another process runs the rest."""

    moved: list[Consumer]
    failed: list[Consumer]


def run_consumers(*, now: datetime) -> dict[str, str]:
    """Run every registered consumer up to the horizon. Gives the errors of those that stopped, by name.

    Up to one horizon for all, so that they stand at one place afterwards and go on together. Where a page
    cannot be handled, each runs on its own (`run_consumer`): only the one it fails for stops.
    """
    horizon = read_horizon()
    alone: list[Consumer] = []
    for cursor, group in _by_cursor(registered_consumers(), alone, now=now).items():
        alone += _run_group(group, cursor, horizon=horizon, now=now)
    return _run_alone(alone, now=now)


def _by_cursor(
    registered: Iterable[Consumer], alone: list[Consumer], *, now: datetime
) -> dict[Cursor, list[Consumer]]:
    """Consumers by where they stand; those that stand still for an error are put into `alone`."""
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
    """Have consumers that stand at `cursor` read on to the horizon; gives those that have to run alone."""
    alone: list[Consumer] = []
    limit = consumers.MAX_ENTRIES_PER_RUN
    while group:
        types = frozenset[str]().union(*(consumer.types for consumer in group))
        try:
            page = read_page(cursor, types=types, limit=limit, horizon=horizon)
        except Exception as error:  # the edge of the consumers: each runs alone now, where its error is kept
            if is_outage(error):
                raise
            _log_warning(error, group)
            return alone + group
        group, failed = _handle_page(page, group, cursor, now=now)
        alone += failed
        if len(page.entries) < limit:
            return alone
        cursor = page.cursor
    return alone


def _handle_page(page: LogPage, present: Sequence[Consumer], cursor: Cursor, *, now: datetime) -> _Outcome:
    """Have consumers that stand at `cursor` handle a page."""
    parts = {each: [entry for entry in page.entries if entry.type in each.types] for each in present}
    outcome = _Outcome([], [])
    for group in _transaction_groups(parts):
        try:
            outcome.moved.extend(_handle_and_commit(group, parts, cursor, page.cursor, now=now))
        except Exception as error:  # noqa: BLE001 - each runs alone now, where its error is told and kept
            _log_warning(error, group)
            outcome.failed.extend(group)
    return outcome


def _log_warning(error: Exception, group: Sequence[Consumer]) -> None:
    names = ", ".join(consumer.name for consumer in group)
    logger.warning("%s cannot handle a page together, so each runs alone: %r", names, error)


def _transaction_groups(parts: Parts) -> list[list[Consumer]]:
    """Groups of consumers that handle their parts of a page in one transaction each.

    A consumer whose effect cannot be undone is alone. Its commit waits for the disk, which others skip;
    and where it appends it waits for a rebuild of tables, which waits for transactions that read them.
    """
    apart = [consumer for consumer, entries in parts.items() if entries and consumer.reset is None]
    together = [consumer for consumer in parts if consumer not in apart]
    return [group for group in (together, *([consumer] for consumer in apart)) if group]


def _handle_and_commit(
    group: Sequence[Consumer], parts: Parts, cursor: Cursor, reached: Cursor, *, now: datetime
) -> list[Consumer]:
    """Handle and commit parts of a page that ends at `reached`; gives those that no other process runs."""
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
    """Run each on its own; gives the errors of those that stopped. Trouble of the database is raised last."""
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
