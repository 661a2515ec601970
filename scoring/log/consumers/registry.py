"""Consumers: effects that follow the log, each committed together with its cursor.

A redelivered entry is therefore handled once: either effect and cursor are both there, or neither is. An
entry that cannot be handled stops its consumer before it, with the error on the cursor; nothing is ever
skipped.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import NamedTuple, Protocol

from django.db import transaction

from scoring.discovery import discover
from scoring.log.consumers.cursors import (
    CursorState,
    create_cursors,
    lock_cursors,
    move_cursors,
    read_cursors,
)
from scoring.log.consumers.outages import EntriesFailed, entry_failures
from scoring.log.entries import START, Entry
from scoring.log.errors import ConsumerNotRebuildable, ConsumerStopped
from scoring.log.models import ConsumerCursor
from scoring.log.read import read_page
from scoring.sql.advisory_locks import LockSpace, lock_until_commit, session_lock

MAX_ENTRIES_PER_RUN = 2_000  # in one transaction: a long one would hold back every reader's horizon


class Handle(Protocol):
    """Takes entries in reading order and writes their effect in the transaction it is called in."""

    def __call__(self, entries: Sequence[Entry], *, now: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class Consumer:
    """A follower of the log: `handle` gets every entry of `types`, once, in reading order.

    `reset` undoes all of its effect, so that it can be rebuilt; None if that is impossible (appended entries,
    a notification already sent). `remote`: the effect is on another server, which may be slow or away. A task
    of its own runs it, entry by entry and outside of transactions, so an entry may be handled again.
    """

    name: str
    types: frozenset[str]
    handle: Handle
    reset: Callable[[], None] | None = None
    remote: bool = False


class RunResult(NamedTuple):
    """What one run did. `busy`: another process runs this consumer; `caught_up`: it is at the horizon."""

    handled: int
    caught_up: bool
    busy: bool = False


BUSY = RunResult(handled=0, caught_up=False, busy=True)


class _HandlingFailed(Exception):
    """Rolls a run back. `entries` are those it was given; empty if they could not be read."""

    def __init__(self, entries: Sequence[Entry], limit: int) -> None:
        self.entries = entries
        self.limit = len(entries) or limit


_consumers: dict[str, Consumer] = {}


def register(consumer: Consumer) -> Consumer:
    """Register `consumer` for `scoring.log.consumers.runs.run_consumers`."""
    if _consumers.setdefault(consumer.name, consumer) is not consumer:
        raise ValueError(f"there are two consumers named {consumer.name!r}")
    return consumer


def registered_consumers() -> Iterator[Consumer]:
    """Every consumer that the apps' `consumers` modules register, by name."""
    _import_consumers()
    return (_consumers[name] for name in sorted(_consumers))


@cache
def _import_consumers() -> None:
    discover("consumers")


def catch_up(consumer: Consumer, *, now: datetime) -> int:
    """Run `consumer` up to the horizon, or until another process runs it; returns the number handled."""
    handled = 0
    while True:
        progress = run_consumer(consumer, now=now)
        handled += progress.handled
        if progress.caught_up or progress.busy:
            return handled


def rebuild_consumer(consumer: Consumer, *, now: datetime) -> int:
    """Undo the effect of `consumer` and run it from the log's start; returns how many entries it handled.

    Raises `ConsumerNotRebuildable` if its effect cannot be undone, and `ConsumerStopped` as any run may.
    """
    if consumer.reset is None:
        raise ConsumerNotRebuildable(consumer.name)
    with transaction.atomic():
        if consumer.remote:
            lock_until_commit(LockSpace.REMOTE_CONSUMER, consumer.name)  # waits for a run under way
        ConsumerCursor.objects.get_or_create(name=consumer.name)
        ConsumerCursor.objects.select_for_update().get(name=consumer.name)  # waits for a run under way
        consumer.reset()
        move_cursors([consumer.name], START, now=now)
    return catch_up(consumer, now=now)


def run_consumer(consumer: Consumer, *, now: datetime, limit: int = MAX_ENTRIES_PER_RUN) -> RunResult:
    """Handle the next entries, up to `limit`, and commit effect and cursor.

    Raises `ConsumerStopped` at an entry that cannot be handled, after everything before it has been: a batch
    that fails is halved until that entry is alone. It is tried again, alone first, on the next run.
    """
    while True:
        try:
            return _run_once(consumer, now=now, limit=limit)
        except _HandlingFailed as failure:
            if failure.limit == 1:
                raise _stop(consumer, failure, now=now) from failure.__cause__
            limit = failure.limit // 2


def _run_once(consumer: Consumer, *, now: datetime, limit: int) -> RunResult:
    if consumer.remote:
        return _run_remote(consumer, now=now)
    with transaction.atomic():
        locked = _lock_cursor(consumer.name, now=now)
        if locked is None:
            return BUSY
        return _handle_page(consumer, locked, now=now, limit=limit)


def _run_remote(consumer: Consumer, *, now: datetime) -> RunResult:
    """Handle the next entry. A transaction that waits for another server would hold back every reader."""
    with session_lock(LockSpace.REMOTE_CONSUMER, consumer.name) as held:
        if not held:
            return BUSY
        create_cursors([consumer.name], now=now)
        state = read_cursors([consumer.name])[consumer.name]
        return _handle_page(consumer, state, now=now, limit=1)


def _handle_page(consumer: Consumer, state: CursorState, *, now: datetime, limit: int) -> RunResult:
    if state.error:
        limit = 1
    entries: Sequence[Entry] = ()
    try:
        with entry_failures():  # after an outage the next run tries again
            entries, reached = read_page(state.cursor, types=consumer.types, limit=limit)
            if entries:
                consumer.handle(entries, now=now)
    except EntriesFailed as failed:
        raise _HandlingFailed(entries, limit) from failed.error
    move_cursors([consumer.name], reached, now=now)
    return RunResult(handled=len(entries), caught_up=len(entries) < limit)


def _lock_cursor(name: str, *, now: datetime) -> CursorState | None:
    """The consumer's cursor, locked until the transaction ends; None if another process has it."""
    locked = lock_cursors([name])
    if not locked:
        create_cursors([name], now=now)
        locked = lock_cursors([name])
    return locked.get(name)


def _stop(consumer: Consumer, failure: _HandlingFailed, *, now: datetime) -> ConsumerStopped:
    position = failure.entries[0].position if failure.entries else None
    error = f"{type(failure.__cause__).__name__}: {' '.join(str(failure.__cause__).split())}"
    ConsumerCursor.objects.update_or_create(
        name=consumer.name, defaults={"error": error, "failed_position": position, "failed_at": now}
    )
    return ConsumerStopped(consumer.name, position, error)
