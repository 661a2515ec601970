"""What a micro-batch comes to, and how it is written: into the log, to those who wait, into Redis.

The runner hands this to a thread of its own and works on the next batch meanwhile, so that neither the
database nor the processor waits for the other.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, Future
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction

from scoring.decisions.engine import Decided
from scoring.intake.answers import compose_answer
from scoring.lanes import queue as pending
from scoring.lanes.order import Effects, LaneHead, head_after, sequenced_entry
from scoring.lanes.queue import Claim
from scoring.log.append import append
from scoring.log.errors import StreamConflict
from scoring.signals import lane_notifications, reply_channels
from scoring.signals.telemetry import telemetry
from scoring.states.store import OnlineStore

COUNTED_BY = ("event_type", "outcome", "basis", "model")
UNKNOWN = -1  # the position of an entry that is being written


@dataclass(frozen=True, slots=True)
class Worked:
    """A batch read, folded and decided, but not written.

    `in_order`: the position of each item that gets a seq: of events and labels but not rescores, and some
    several times (`effects`). `read_at`: the cursor of the states that were read, None where none were.
    """

    claims: Sequence[Claim]
    in_order: Sequence[int]
    effects: Effects
    decided: Sequence[Decided]
    states: Mapping[str, bytes]
    clock_us: int
    read_at: str | None
    now: datetime

    def head_after(self, head: LaneHead, *, position: int) -> LaneHead:
        """Where the lane stands when this is written on `head`, its entry at `position`."""
        if not self.in_order:
            return head
        return head_after(head, position=position, count=len(self.in_order), clock_us=self.clock_us)


class UnderWay(NamedTuple):
    """A batch that is being written. `before`: the head it builds upon; `written` gives the one it leaves."""

    worked: Worked
    before: LaneHead
    written: Future[LaneHead]

    @property
    def head(self) -> LaneHead:
        """The head it will leave if all goes well, its position still unknown."""
        return self.worked.head_after(self.before, position=UNKNOWN)


class Inline(Executor):
    """Does what it is given at once."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - whoever asks for the result gets it
            done.set_exception(error)
        return done


def write_and_tell(worked: Worked, *, head: LaneHead, store: OnlineStore) -> LaneHead:
    """As `write`; when it fails the runner is rung for, who may be lingering at the door by then."""
    try:
        return write(worked, head=head, store=store)
    except Exception:
        lane_notifications.notify_lane(head.lane)
        raise


def write(worked: Worked, *, head: LaneHead, store: OnlineStore) -> LaneHead:
    """Commit, answer, publish the states; gives the head after it.

    Raises StreamConflict when the lane is not at `head` or an entry is not queued any more: then nothing was
    written. Raises StaleOnlineState when Redis is not at `head`: then all but the states was.
    """
    with telemetry.stage("persist", events=len(worked.claims)):
        position = _commit(worked, head)
    for item in worked.decided:
        telemetry.add("decision", *(item.entry.data[name] for name in COUNTED_BY))
    with telemetry.stage("wake", events=len(worked.claims)):
        _wake(worked.decided)
    after = worked.head_after(head, position=position)
    if worked.in_order:
        with telemetry.stage("states", events=len(worked.claims)):
            store.write(worked.states, expected=head.cursor, cursor=after.cursor)
    return after


def _commit(worked: Worked, head: LaneHead) -> int:
    """Append the order and the decisions, and clear the queue; gives the position of the first entry."""
    claimed = [claim.position for claim in worked.claims]
    to_revise = [item.claim for item in worked.decided if item.rescore]
    entries = [item.entry for item in worked.decided if not (item.rescore and item.claim.kind == "rescore")]
    if worked.in_order:
        order = sequenced_entry(
            head, positions=worked.in_order, clock_us=worked.clock_us, effects=worked.effects
        )
        entries.insert(0, order)
    with transaction.atomic() if to_revise else nullcontext():  # else it is one statement
        written = append(entries, now=worked.now, beside=pending.completion(claimed)) if entries else []
        if not entries and pending.complete(claimed) < len(claimed):
            raise StreamConflict(f"lane/{head.lane}", head.version)  # claimed before it was done
        pending.enqueue_rescores(to_revise, lane=head.lane, now=worked.now)
    return written[0].position if written else UNKNOWN


def _wake(decided: Sequence[Decided]) -> None:
    answers: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for item in decided:
        if item.claim.wake_token:
            answer = compose_answer(
                event=item.claim.event, received_at=item.claim.received_at, made=dict(item.entry.data)
            )
            answers[item.claim.wake_token].append({"stream": item.claim.event_stream, "answer": answer})
    if answers:
        reply_channels.send_answers(answers)
