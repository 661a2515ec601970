"""Persist a computed micro-batch: append to the log, answer waiting clients, write the states to Redis."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from scoring.decisions.engine import Decided
from scoring.decisions.finding_counts import count_findings
from scoring.intake.answers import compose_answer
from scoring.lanes import queue as pending
from scoring.lanes.claiming import Claim
from scoring.lanes.order import Effects, LaneHead, head_after, sequenced_entry
from scoring.log.append import append
from scoring.log.entries import NewEntry
from scoring.log.errors import StreamConflict
from scoring.runner.state_losses import count_losses
from scoring.signals import lane_notifications, reply_channels, spans
from scoring.signals.telemetry import Series, telemetry
from scoring.states.store import OnlineStore

COUNTED_BY = ("event_type", "outcome", "basis", "model")
NO_ENTRY = -1  # the position of the first entry of a batch that appends none


@dataclass(frozen=True, slots=True)
class ComputedBatch:
    """A batch that was read, folded and decided, but not written.

    `breakers`: the entries about breakers that the decisions opened or closed.
    `in_order`: the position of each item that gets a seq: events and labels but not rescores, some several
    times (`effects`). `read_at`: the cursor of the states that were read, None if none were. `losses`: see
    `state_losses`. `trace`: the span in which it was computed. `share`: since when it is worked on.
    """

    claims: Sequence[Claim]
    in_order: Sequence[int]
    effects: Effects
    decided: Sequence[Decided]
    breakers: Sequence[NewEntry]
    states: Mapping[str, bytes]
    clock_us: int
    read_at: str | None
    losses: Mapping[Series, int]
    now: datetime
    trace: str = ""
    share: spans.Share = field(default_factory=spans.Share)

    def head_after(self, head: LaneHead, *, position: int) -> LaneHead:
        """The head of the lane after this batch is written on `head`, its first entry at `position`."""
        if not self.in_order:
            return head
        return head_after(head, position=position, count=len(self.in_order), clock_us=self.clock_us)


def write_or_notify(batch: ComputedBatch, *, head: LaneHead, store: OnlineStore) -> LaneHead:
    """As `write`; on failure notifies the lane, whose runner may be lingering by then."""
    with ExitStack() as failed:
        failed.callback(lane_notifications.notify_lane, head.lane)
        after = write(batch, head=head, store=store)
        failed.pop_all()
    return after


def write(batch: ComputedBatch, *, head: LaneHead, store: OnlineStore) -> LaneHead:
    """Commit, answer waiting clients, write the states; returns the head after the batch.

    Raises StreamConflict when the lane is not at `head` or an entry is no longer queued: nothing was written.
    Raises StaleOnlineState when Redis is not at `head`: everything but the states was written.
    """
    with spans.span("write batch", parent=batch.trace, lane=head.lane):
        after = _write(batch, head=head, store=store)
    for item in batch.decided:
        batch.share.end(
            "decide event", parent=item.claim.trace, cause=batch.trace, event=item.claim.event_stream
        )
    return after


def _write(batch: ComputedBatch, *, head: LaneHead, store: OnlineStore) -> LaneHead:
    with telemetry.stage("persist", events=len(batch.claims)):
        position = _commit(batch, head)
    for item in batch.decided:
        telemetry.add("decision", *(item.entry.data[name] for name in COUNTED_BY))
        count_findings(item.entry.data)
    for entry in batch.breakers:
        change = entry.type.partition(".")[2]
        telemetry.add("breaker", entry.data["event_type"], entry.data["source"], change)
    count_losses(batch.losses)
    with telemetry.stage("wake", events=len(batch.claims)):
        _wake(batch.decided)
    after = batch.head_after(head, position=position)
    if batch.in_order:
        with telemetry.stage("states", events=len(batch.claims)):
            store.write(batch.states, expected=head.cursor, cursor=after.cursor)
    return after


def _commit(batch: ComputedBatch, head: LaneHead) -> int:
    """Append the order and the decisions and dequeue the claims; returns the position of the first entry."""
    claimed = [claim.position for claim in batch.claims]
    to_revise = [item.claim for item in batch.decided if item.rescore]
    decisions = [item.entry for item in batch.decided if not (item.rescore and item.claim.kind == "rescore")]
    entries = [*batch.breakers, *decisions]  # a reset comes before the decisions counted after it
    if batch.in_order:
        order = sequenced_entry(
            head, positions=batch.in_order, clock_us=batch.clock_us, effects=batch.effects
        )
        entries.insert(0, order)
    with transaction.atomic() if to_revise else nullcontext():  # otherwise it is one statement
        written = append(entries, now=batch.now, alongside=pending.dequeue_clause(claimed)) if entries else []
        if not entries and pending.complete(claimed) < len(claimed):
            raise StreamConflict(f"lane/{head.lane}", head.version)  # another holder was first
        pending.enqueue_rescores(to_revise, lane=head.lane, now=batch.now)
    return written[0].position if written else NO_ENTRY


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
