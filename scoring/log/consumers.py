"""Consumers: effects that follow the log, each committed together with the place up to which it has read.

A redelivered entry is therefore handled once: either effect and cursor are both there, or neither is. An
entry that cannot be handled stops its consumer before it, with the error on the cursor; nothing is ever
skipped.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from django.db import InterfaceError, OperationalError, connection, transaction

from scoring.errors import ConsumerNotRebuildable, ConsumerStopped, LogAheadOfCluster
from scoring.log.common_pages import CommonPages
from scoring.log.entries import START, Cursor, Entry
from scoring.log.models import ConsumerCursor
from scoring.log.read import Page, read_page

logger = logging.getLogger(__name__)

ENTRIES_A_RUN = 1_000  # in one transaction: long ones would hold back the horizon for everybody

_LOCK = """
SELECT epoch, txid, position, error FROM scoring_consumercursor WHERE name = %s FOR UPDATE SKIP LOCKED
"""
_CREATE = """
INSERT INTO scoring_consumercursor (name, epoch, txid, position, error, updated_at)
VALUES (%s, 0, 0, 0, '', %s) ON CONFLICT (name) DO NOTHING
"""
_MOVE = """
UPDATE scoring_consumercursor
SET epoch = %s, txid = %s, position = %s, updated_at = %s,
    error = '', failed_position = NULL, failed_at = NULL
WHERE name = %s
"""


class Handle(Protocol):
    """Takes entries in reading order and writes their effect in the transaction it is called in."""

    def __call__(self, entries: Sequence[Entry], *, now: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class Consumer:
    """What follows the log: `handle` gets every entry of `types`, once, in reading order.

    `reset` undoes all of its effect, so that it can be rebuilt; None where it cannot (a notice once sent).
    """

    name: str
    types: frozenset[str]
    handle: Handle
    reset: Callable[[], None] | None = None


class Progress(NamedTuple):
    """What one run did. `busy`: another process runs this consumer; `caught_up`: it stands at the horizon."""

    handled: int
    caught_up: bool
    busy: bool = False


class _HandlingFailed(Exception):
    """Rolls a run back. `entries` are those it had taken; empty when they could not be read."""

    def __init__(self, entries: Sequence[Entry], limit: int) -> None:
        self.entries = entries
        self.limit = len(entries) or limit


_consumers: dict[str, Consumer] = {}


def register(consumer: Consumer) -> Consumer:
    """Have `run_consumers` run `consumer`."""
    if _consumers.setdefault(consumer.name, consumer) is not consumer:
        raise ValueError(f"there are two consumers named {consumer.name!r}")
    return consumer


def registered_consumers() -> Iterator[Consumer]:
    """Every registered consumer, by name."""
    return (_consumers[name] for name in sorted(_consumers))


def run_consumers(*, now: datetime) -> dict[str, str]:
    """Run every registered consumer up to the horizon. Gives the errors of those that stopped, by name.

    They take a page each in turn, so that what one has read and parsed serves the others.
    """
    stopped: dict[str, str] = {}
    behind = list(registered_consumers())
    pages = CommonPages(frozenset().union(*(each.types for each in behind)), limit=ENTRIES_A_RUN)
    while behind:
        behind = [each for each in behind if _is_still_behind(each, stopped, pages=pages, now=now)]
    return stopped


def _is_still_behind(
    consumer: Consumer, stopped: dict[str, str], *, pages: CommonPages, now: datetime
) -> bool:
    """Run a consumer once; whether there is more for it. Its error, if any, is put into `stopped`."""
    try:
        progress = run_consumer(consumer, now=now, pages=pages)
    except ConsumerStopped as error:
        logger.exception("consumer %s stopped", consumer.name)
        stopped[consumer.name] = error.error
        return False
    return not (progress.caught_up or progress.busy)


def catch_up(consumer: Consumer, *, now: datetime) -> int:
    """Run `consumer` up to the horizon, or until another process has it; gives the entries handled."""
    handled = 0
    while True:
        progress = run_consumer(consumer, now=now)
        handled += progress.handled
        if progress.caught_up or progress.busy:
            return handled


def rebuild_consumer(consumer: Consumer, *, now: datetime) -> int:
    """Undo the effect of `consumer` and let it read the log from its beginning; gives the entries handled.

    Raises `ConsumerNotRebuildable` when its effect cannot be undone, `ConsumerStopped` as every run may.
    """
    if consumer.reset is None:
        raise ConsumerNotRebuildable(consumer.name)
    with transaction.atomic():
        ConsumerCursor.objects.get_or_create(name=consumer.name)
        ConsumerCursor.objects.select_for_update().get(name=consumer.name)  # waits for a run under way
        consumer.reset()
        _move_cursor(consumer.name, START, now=now)
    return catch_up(consumer, now=now)


def run_consumer(
    consumer: Consumer, *, now: datetime, limit: int = ENTRIES_A_RUN, pages: CommonPages | None = None
) -> Progress:
    """Handle the next entries, up to `limit` or those of the next of `pages`, and commit effect and cursor.

    Raises `ConsumerStopped` at an entry that cannot be handled, after everything before it has been: a batch
    that fails is halved until that entry stands alone. It is tried again, alone first, on the next run.
    """
    while True:
        try:
            return _run_once(consumer, now=now, limit=limit, pages=pages)
        except _HandlingFailed as failure:
            if failure.limit == 1:
                raise _stop(consumer, failure, now=now) from failure.__cause__
            limit, pages = failure.limit // 2, None


def _run_once(consumer: Consumer, *, now: datetime, limit: int, pages: CommonPages | None) -> Progress:
    with transaction.atomic():
        locked = _lock_cursor(consumer.name, now=now)
        if locked is None:
            return Progress(handled=0, caught_up=False, busy=True)
        cursor, error = locked
        if error:
            limit, pages = 1, None
        entries: Sequence[Entry] = ()
        try:
            (entries, reached), is_last = _next_page(consumer, cursor, limit=limit, pages=pages)
            if entries:
                consumer.handle(entries, now=now)
        except (OperationalError, InterfaceError, LogAheadOfCluster):
            raise  # the database is in trouble, not the entry: the next run tries again
        except Exception as trouble:
            raise _HandlingFailed(entries, limit) from trouble
        _move_cursor(consumer.name, reached, now=now)
        return Progress(handled=len(entries), caught_up=is_last)


def _next_page(
    consumer: Consumer, cursor: Cursor, *, limit: int, pages: CommonPages | None
) -> tuple[Page, bool]:
    """What the consumer reads next, and whether it then stands at the horizon."""
    if pages:
        return pages.read(cursor, types=consumer.types)
    page = read_page(cursor, types=consumer.types, limit=limit)
    return page, len(page.entries) < limit


def _lock_cursor(name: str, *, now: datetime) -> tuple[Cursor, str] | None:
    """The consumer's cursor and last error, locked until the transaction ends; None if another has it."""
    with connection.cursor() as db:
        db.execute(_LOCK, [name])
        row = db.fetchone()
        if row is None:
            db.execute(_CREATE, [name, now])
            db.execute(_LOCK, [name])
            row = db.fetchone()
    return None if row is None else (Cursor(*row[:3]), row[3])


def _move_cursor(name: str, cursor: Cursor, *, now: datetime) -> None:
    with connection.cursor() as db:
        db.execute(_MOVE, [*cursor, now, name])


def _stop(consumer: Consumer, failure: _HandlingFailed, *, now: datetime) -> ConsumerStopped:
    position = failure.entries[0].position if failure.entries else None
    error = f"{type(failure.__cause__).__name__}: {' '.join(str(failure.__cause__).split())}"
    ConsumerCursor.objects.update_or_create(
        name=consumer.name, defaults={"error": error, "failed_position": position, "failed_at": now}
    )
    return ConsumerStopped(consumer.name, position, error)
