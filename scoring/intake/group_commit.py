"""Receipts of several requests written together: what comes while one write is under way goes into the next.

Under load the threads of a web process so share statements, commits to disk and bells; a request that comes
alone is written at once. Nothing waits for others to come.
"""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from queue import Empty, SimpleQueue
from threading import Lock

from django.db import connection

from scoring import deadlines
from scoring.catalog.registry import event_type
from scoring.intake.errors import StorageTimedOut
from scoring.intake.turnstile import turnstile
from scoring.lanes import queue as pending
from scoring.log import vault
from scoring.log.append import COPY_FROM, append_new
from scoring.log.entries import Entry, NewEntry
from scoring.log.writing.alongside import Beside
from scoring.signals import lane_notifications
from scoring.signals.telemetry import telemetry

logger = logging.getLogger(__name__)

MOST_TOGETHER = COPY_FROM - 1  # entries; beyond, a write is not one statement any more


class Turn(Enum):
    LEAD = "write, with whoever has come meanwhile"
    ALONE = "write by yourself: together it failed"
    DONE = "it has been written"


@dataclass(slots=True, eq=False)
class Received:
    """The `event.received` entries of one request, what is kept of them, and how they are queued.

    Afterwards `written` has those that were new, and `cause` why their lanes could not be rung, if so.
    """

    entries: Sequence[NewEntry]
    personal: Sequence[tuple[str, str]]
    now: datetime
    priority: int
    wake_token: str | None
    written: list[Entry] = field(default_factory=list)
    cause: str = ""
    turn: Turn = Turn.LEAD
    # Wakes its thread once; an Event does so in Python, at twenty times the cost.
    called: SimpleQueue[None] = field(default_factory=SimpleQueue)


class Gatherer:
    """Lets one thread write at a time, for all that wait."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: list[Received] = []
        self._is_writing = False

    def write(self, received: Received) -> None:
        """Append and queue the entries, and ring their lanes.

        Raises what the database does, ListsInLine, and StorageTimedOut when its turn did not come in time.
        """
        if connection.in_atomic_block:
            write_together([received])  # to be committed with what is the caller's
            return
        if len(received.entries) > MOST_TOGETHER:
            with turnstile.turn(Counter(map(lane_of, received.entries))):
                write_together([received])
            return
        if received.priority == pending.URGENT:
            turnstile.note_waiting()
        if self._has_to_wait(received):
            self._wait_for_call(received)
        if received.turn is Turn.ALONE:
            write_together([received])
        elif received.turn is Turn.LEAD:
            self._lead()

    def _has_to_wait(self, received: Received) -> bool:
        with self._lock:
            self._waiting.append(received)
            waits, self._is_writing = self._is_writing, True
        return waits

    def _wait_for_call(self, received: Received) -> None:
        """Until it was written by another thread, or has to be by this one. Raises StorageTimedOut."""
        try:
            received.called.get(timeout=deadlines.seconds_left())
        except Empty:
            if self._withdraw(received):
                raise StorageTimedOut from None

    def _withdraw(self, received: Received) -> bool:
        """Wait no longer; False if it was called after all. What is being written meanwhile stays written."""
        with self._lock:
            if not received.called.empty():
                return False
            if received in self._waiting:
                self._waiting.remove(received)
            return True

    def _lead(self) -> None:
        """Write for the first of those that wait, who is the caller, and as many others as go together."""
        group = self._take_group()
        outcome = Turn.ALONE
        try:
            write_together(group)
            outcome = Turn.DONE
        except Exception:
            if len(group) == 1:
                raise
            # What one of them brought may have failed all: then each finds out for itself.
            logger.warning(
                "%d requests written together failed, and are written singly", len(group), exc_info=True
            )
        finally:
            self._call_next()
            for each in group[1:]:
                each.turn = outcome
                each.called.put(None)
        if outcome is Turn.ALONE:
            write_together(group[:1])

    def _take_group(self) -> list[Received]:
        with self._lock:
            count, entries = 0, 0
            for each in self._waiting:
                entries += len(each.entries)
                if count and entries > MOST_TOGETHER:
                    break
                count += 1
            group, self._waiting = self._waiting[:count], self._waiting[count:]
        return group

    def _call_next(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting[0].called.put(None)
            else:
                self._is_writing = False


def write_together(group: Sequence[Received]) -> None:
    """Append and queue the entries of requests in one transaction, and ring their lanes.

    A stream that two of them begin is the first one's.
    """
    entries = [entry for received in group for entry in received.entries]
    now = max(received.now for received in group)
    owners: dict[str, Received] = {}
    places: dict[str, pending.Place] = {}
    for received in group:
        for entry in received.entries:
            owner = owners.setdefault(entry.stream, received)
            places[entry.stream] = pending.Place(
                entry.stream, lane_of(entry), owner.priority, owner.wake_token
            )
    personal = [item for received in group for item in received.personal]
    beside = Beside(first=vault.storing(personal), clauses=pending.queueing(list(places.values()), now=now))
    with telemetry.stage("append", events=len(entries)):
        written, _ = append_new(entries, now=now, beside=beside)
    with telemetry.stage("doorbell", events=len(written)):
        cause = lane_notifications.notify_lanes({lane_of(entry) for entry in written})
    for received in group:
        received.cause = cause
        received.written = [entry for entry in written if owners[entry.stream] is received]


def lane_of(entry: Entry | NewEntry) -> str:
    """The lane of a received event."""
    return event_type(entry.data["type"]).lane


gatherer = Gatherer()
