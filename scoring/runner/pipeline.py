"""The overlap of writing and computing: while one batch is written, the next is computed on top of it.

A batch in flight counts as written: its states are read from memory, its entries are not claimed again, and
the next batch continues its order. If it cannot be written, the next one is discarded and stays queued.
"""

from collections.abc import Sequence
from concurrent.futures import Executor, Future
from typing import Any, NamedTuple

from scoring.futures import complete
from scoring.lanes.order import LaneHead
from scoring.runner.writing import ComputedBatch, write, write_or_notify
from scoring.states.errors import StaleOnlineState
from scoring.states.store import Look, OnlineStore, ScriptCall

UNKNOWN = -1  # the position of an entry that is being written


class BatchInFlight(NamedTuple):
    """A batch being written. `before`: the head it builds on; `written` gives the head after it."""

    batch: ComputedBatch
    before: LaneHead
    written: Future[LaneHead]

    @property
    def head(self) -> LaneHead:
        """The head it leaves if all goes well; its position is still unknown."""
        return self.batch.head_after(self.before, position=UNKNOWN)


class InlineExecutor(Executor):
    """Runs everything at once, on the caller's thread."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        complete(done, fn, *args, **kwargs)
        return done


class Pipeline:
    """At most one batch in flight on top of `head`, where the lane stands in the log and in Redis."""

    def __init__(self, store: OnlineStore, head: LaneHead, *, writer: Executor | None = None) -> None:
        """`writer` writes one batch after the other on a thread of its own; without one `submit` writes."""
        self.store, self.head = store, head
        self.in_flight: BatchInFlight | None = None
        self._head_at_read = head
        self._writer, self._write = (writer, write_or_notify) if writer else (InlineExecutor(), write)

    @property
    def next_head(self) -> LaneHead:
        """The head that the next batch builds on."""
        return self.in_flight.head if self.in_flight else self.head

    @property
    def positions(self) -> list[int]:
        """The entries in flight."""
        return [claim.position for claim in self.in_flight.batch.claims] if self.in_flight else []

    @property
    def is_writing(self) -> bool:
        return self.in_flight is not None and not self.in_flight.written.done()

    def read(self, keys: Sequence[str], script: ScriptCall | None) -> Look:
        """States as the batch in flight leaves them, and the reply of a script: one round trip.

        Redis may be read before or after that batch is there: states that it does not change are the same in
        both cases, and `submit` checks that it was one of the two. Raises StaleOnlineState.
        """
        self._head_at_read = self.head
        own = self.in_flight.batch.states if self.in_flight else {}
        look = self.store.look([key for key in keys if key not in own], script)
        if look.cursor is None or (not self.in_flight and look.cursor != self.head.cursor):
            raise StaleOnlineState(self.store.lane, self.head.cursor, look.cursor)
        return look._replace(states={key: own[key] if key in own else look.states[key] for key in keys})

    def submit(self, batch: ComputedBatch) -> None:
        """Begin to write a batch that was computed on the one before it. Raises StaleOnlineState."""
        if batch.read_at not in (None, self._head_at_read.cursor, self.head.cursor):
            raise StaleOnlineState(self.store.lane, self.head.cursor, batch.read_at)
        written = self._writer.submit(self._write, batch, head=self.head, store=self.store)
        self.in_flight = BatchInFlight(batch, self.head, written)

    def wait(self) -> None:
        """Wait for the batch in flight, if any, and move on to its head. Raises what its writing raised."""
        if self.in_flight is None:
            return
        written = self.in_flight.written
        written.exception()  # waits; an interruption leaves the batch in flight
        self.in_flight = None
        self.head = written.result()
