"""The holder of a lane: claims micro-batches, walks them through the engine, commits, until nothing comes."""

import logging
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import redis
from django.db import Error as DatabaseError
from django.db import transaction
from django.utils import timezone

from scoring.batch.lookup import BatchLookup, Reads
from scoring.catalog.registry import event_type, lane_members
from scoring.decisions import doorbell, pending
from scoring.decisions.answers import compose_answer
from scoring.decisions.engine import Decided, Scored, decide
from scoring.decisions.lane_log import event_item, head_after, label_item, sequenced_entry
from scoring.decisions.models_in_charge import Charge, take_charge
from scoring.decisions.online_store import OnlineStore
from scoring.decisions.pending import Claim
from scoring.decisions.restore import restore_states
from scoring.decisions.routing import current_routes
from scoring.decisions.telemetry import telemetry
from scoring.decisions.vectors import restore_row
from scoring.errors import StaleOnlineState, StreamConflict
from scoring.features.arena import Arena
from scoring.features.encode import Batch, LaneItem, encode
from scoring.features.fold import fold
from scoring.features.plan import LanePlan, lane_plan
from scoring.log.append import append
from scoring.log.entries import NewEntry
from scoring.log.read import read_stream
from scoring.timestamps import from_micros, to_micros

logger = logging.getLogger(__name__)

WORK_SECONDS = 0.025  # a micro-batch; longer ones make the clients that come next wait
# A batch costs some milliseconds however few it holds (docs/performance.md). A limit that followed its
# duration further down would have a busy machine pay them for every handful, and fall behind for that alone.
FEWEST, MOST = 32, 256
# Of clients that wait a batch may hold as many as fit; with others in it no more than this, or a client that
# comes next would wait behind hundreds that nobody waits for.
MOST_WITH_OTHERS = 64
LIMITS = (MOST, 128, 64, FEWEST)
COUNTED_BY = ("event_type", "outcome", "basis", "model")
PACE_SHARE = 0.2  # of the last batch in the moving average


@dataclass(frozen=True, slots=True)
class Sequenced:
    """A batch read and folded: the states to write, the events to decide."""

    in_order: list[Claim]  # what gets a seq: events and labels, not rescores
    scored: list[Scored]
    states: dict[str, bytes]
    clock_us: int


class LaneRunner:
    """Processes one lane, presuming that it is held: the log and Redis refuse a holder that has lost it."""

    def __init__(self, lane: str) -> None:
        self.lane = lane
        self.charges: dict[str, Charge] = {}
        self.plan: LanePlan = lane_plan(lane)
        self.store = OnlineStore(lane, self.plan.layout_id)
        self.batch_values = BatchLookup(self.plan)
        self.head = restore_states(self.plan, self.store)
        self.next_label_due = pending.next_label_due(lane)
        self.limit = FEWEST
        self.exhausted = False
        self.pace = 0.0  # entries a second while it works, lately; 0 before the first batch
        self._last_served = ""
        self._routes: str | None = None

    def step(self) -> int:
        """Process one micro-batch; returns how many entries it had, 0 when nothing is pending.

        `exhausted` then says that the lane has nothing left of what there was at the claim: what has come
        since was rung for, if the bell was taken before this step.
        """
        self._release_known_labels()
        chunk = min(self.limit, MOST_WITH_OTHERS)
        began = time.perf_counter()
        claims = pending.claim(self.lane, limit=self.limit, chunk=chunk, after=self._last_served)
        if claims:
            telemetry.observe("claim", time.perf_counter() - began, events=len(claims))
        done = self._process_or_isolate(claims) if claims else True
        self.exhausted = done and len(claims) < chunk and not self._is_label_due()
        if claims:
            self._last_served = claims[-1].source
        return len(claims)

    def _process_or_isolate(self, claims: Sequence[Claim]) -> bool:
        """Process, or park what cannot be; False when any stays queued and has to be claimed anew."""
        started = time.perf_counter()
        try:
            self._process(claims)
        except StreamConflict as conflict:
            logger.info("lane %s: %s; batch is claimed anew", self.lane, conflict)
            self.head = restore_states(self.plan, self.store)
            return False
        except StaleOnlineState as stale:
            logger.warning("%s; restoring from the log", stale)
            self.head = restore_states(self.plan, self.store)
            return False
        except (DatabaseError, redis.RedisError):
            raise
        except Exception as error:  # noqa: BLE001 - the edge of the lane: one bad entry must not stop it
            return self._isolate(claims, error)
        spent = time.perf_counter() - started
        self.limit = next_limit(self.limit, entries=len(claims), seconds=spent)
        pace = len(claims) / max(spent, 1e-6)
        self.pace += (pace - self.pace) * (PACE_SHARE if self.pace else 1.0)
        return True

    def _isolate(self, claims: Sequence[Claim], error: Exception) -> bool:
        """As `_process_or_isolate`, one by one, after `error`."""
        if len(claims) > 1:
            # Up to the first that stays queued: a label of it may follow, and must not overtake it.
            return all(self._process_or_isolate([claim]) for claim in claims)
        logger.exception("lane %s: %s cannot be processed and is parked", self.lane, claims[0].event_stream)
        try:
            self._park(claims[0], f"{type(error).__name__}: {error}")
        except StreamConflict as conflict:
            logger.info("lane %s: %s; not parked, what is left of it is claimed anew", self.lane, conflict)
            return False
        return True

    def _process(self, claims: Sequence[Claim]) -> None:
        """The recipe: who decides, sequence, decide, commit, publish."""
        now = timezone.now()
        self._take_models(claims[0].routes)
        with telemetry.stage("sequence", events=len(claims)):
            sequenced = self._sequence(claims)
        rescored = [self._rescored(claim) for claim in claims if claim.kind == "rescore"]
        with telemetry.stage("decide", events=len(claims)):
            decided = self._decide([*sequenced.scored, *rescored], now=now)
        self._commit(claims, sequenced, decided, now=now)
        with telemetry.stage("wake", events=len(claims)):
            self._wake(claims, decided)

    def _take_models(self, routes: str) -> None:
        """One look at the routes a batch: a promotion is picked up between batches, never inside one.

        `routes` names their versions at the claim: the same as before mean the same models, but for one that
        could not be had and is tried again.
        """
        if routes == self._routes and all(charge.is_whole for charge in self.charges.values()):
            return
        current = current_routes()
        kinds = [kind for kind in lane_members(self.lane) if kind.scored]
        self.charges = {kind.name: take_charge(kind.name, current.get(kind.name)) for kind in kinds}
        self._routes = routes

    def _sequence(self, claims: Sequence[Claim]) -> Sequenced:
        in_order = [claim for claim in claims if claim.kind != "rescore"]
        if not in_order:
            return Sequenced([], [], {}, 0)
        items = [_item(self.head.seq + 1 + place, claim) for place, claim in enumerate(in_order)]
        batch = encode(self.plan, items)
        reads = self.batch_values.choose(items, [claim.received_at for claim in in_order])
        arena = Arena.from_blobs(self.plan, self._read(batch, reads))
        rows = fold(self.plan, batch, arena)
        scored = [
            Scored(claim, self.head.order, item.seq, row, self.plan.feature_sets(item.type), versions)
            for claim, item, row, versions in zip(in_order, items, rows, reads.numbers, strict=True)
            if claim.kind == "event" and event_type(item.type).scored
        ]
        clock_us = max((item.occurred_at_us for item in items if item.kind == "event"), default=0)
        return Sequenced(in_order, scored, dict(arena.iter_blobs()), clock_us)

    def _read(self, batch: Batch, reads: Reads) -> dict[str, bytes | None]:
        """The states of a batch; its batch values are filled in. One round trip."""
        keys, script = batch.state_keys(), reads.script()
        if script is None:
            return self.store.read(keys, expected=self.head.cursor)
        states, values = self.store.read_beside(keys, script, expected=self.head.cursor)
        reads.fill(batch, values)
        return states

    def _rescored(self, claim: Claim) -> Scored:
        """An event whose vector was logged with a decision that no model took part in."""
        last = next(entry for entry in reversed(read_stream(claim.event_stream)) if entry.packed)
        row, held = restore_row(last, self.plan)
        return Scored(claim, last.data["order"], last.data["seq"], row, held, last.data.get("batch", {}))

    def _decide(self, scored: Sequence[Scored], *, now: datetime) -> list[Decided]:
        by_type: dict[str, list[Scored]] = defaultdict(list)
        for item in scored:
            by_type[item.claim.event["type"]].append(item)
        return [
            decided
            for name, items in by_type.items()
            for decided in decide(items, charge=self.charges[name], now=now)
        ]

    def _commit(
        self, claims: Sequence[Claim], sequenced: Sequenced, decided: Sequence[Decided], *, now: datetime
    ) -> None:
        claimed = [claim.position for claim in claims]
        positions = [claim.position for claim in sequenced.in_order]
        order = (
            [sequenced_entry(self.head, positions=positions, clock_us=sequenced.clock_us)]
            if positions
            else []
        )
        to_revise = [item.claim for item in decided if item.rescore]
        made = [item.entry for item in decided if not (item.rescore and item.claim.kind == "rescore")]
        with (
            telemetry.stage("persist", events=len(claims)),
            transaction.atomic() if to_revise else nullcontext(),  # else it is one statement
        ):
            if order or made:
                written = append([*order, *made], now=now, beside=pending.completion(claimed))
            elif pending.complete(claimed) < len(claimed):
                raise StreamConflict(f"lane/{self.lane}", self.head.version)  # claimed before it was done
            pending.enqueue_rescores(to_revise, lane=self.lane, now=now)
        for entry in made:
            telemetry.add("decision", *(entry.data[name] for name in COUNTED_BY))
        if order:
            head = head_after(
                self.head, position=written[0].position, count=len(positions), clock_us=sequenced.clock_us
            )
            with telemetry.stage("states", events=len(claims)):
                self.store.write(sequenced.states, expected=self.head.cursor, cursor=head.cursor)
            self.head = head

    def _wake(self, claims: Sequence[Claim], decided: Sequence[Decided]) -> None:
        answers: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for item in decided:
            if item.claim.wake_token:
                answer = compose_answer(
                    event=item.claim.event, received_at=item.claim.received_at, made=dict(item.entry.data)
                )
                answers[item.claim.wake_token].append({"stream": item.claim.event_stream, "answer": answer})
        if answers:
            doorbell.wake(answers)

    def _park(self, claim: Claim, error: str) -> None:
        now = timezone.now()
        stream = f"label/{claim.event_stream}" if claim.kind == "label" else claim.event_stream
        entry = NewEntry(
            stream=stream,
            expected_version=len(read_stream(stream)),
            type="label.parked" if claim.kind == "label" else "event.parked",
            data={"position": claim.position, "kind": claim.kind, "error": error},
            metadata={"causation": claim.position},
        )
        with transaction.atomic():
            append([entry], now=now)
            if not pending.park(claim.position, error=error):
                raise StreamConflict(stream, entry.expected_version)  # it was done before it failed

    def _is_label_due(self) -> bool:
        due = self.next_label_due
        return due is not None and to_micros(due) <= self.head.clock_us

    def _release_known_labels(self) -> None:
        if self._is_label_due():
            pending.release_known_labels(self.lane, clock=from_micros(self.head.clock_us))
            self.next_label_due = pending.next_label_due(self.lane, after=from_micros(self.head.clock_us))


def next_limit(limit: int, *, entries: int, seconds: float) -> int:
    """How many entries the next batch may have, after one of `entries` took `seconds` under `limit`.

    As many as fit WORK_SECONDS at that pace, from FEWEST to MOST in steps of two (each has a plan of its own
    in the database), and at most twice as many as before: one quick batch proves little.
    """
    fitting = int(entries * WORK_SECONDS / max(seconds, 1e-6))
    return next(step for step in LIMITS if step <= max(FEWEST, min(fitting, limit * 2)))


def _item(seq: int, claim: Claim) -> LaneItem:
    if claim.kind == "label":
        return label_item(seq, claim.data, claim.event)
    return event_item(seq, claim.event)
