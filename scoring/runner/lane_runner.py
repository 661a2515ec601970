"""The holder of a lane: claims micro-batches, walks them through the engine, commits, until nothing comes.

While one batch is written the next is worked out upon it, to be written after it. If the first could not be,
the second is thrown away, whose entries are still queued.
"""

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from datetime import datetime
from typing import NamedTuple

import redis
from django.db import Error as DatabaseError
from django.db import transaction
from django.utils import timezone

from scoring.batch.serve.lookup import BatchLookup, Reads
from scoring.catalog.registry import event_type, lane_members
from scoring.decisions.deciding_models import DecidingModels, load_deciding_models
from scoring.decisions.engine import Decided, Scored, decide
from scoring.decisions.vectors import restore_row
from scoring.features.compile.plan import LanePlan, lane_plan
from scoring.features.folding.arena import Arena
from scoring.features.folding.encode import encode
from scoring.features.folding.fold import fold
from scoring.lanes import queue as pending
from scoring.lanes.amendments import AMENDMENTS
from scoring.lanes.item_versions import before_the_next_of_its_event, effects_of, place_claims
from scoring.lanes.order import Effects, LaneHead
from scoring.lanes.queue import Claim
from scoring.log.append import append
from scoring.log.entries import NewEntry
from scoring.log.errors import StreamConflict
from scoring.log.read import read_stream
from scoring.registry.routes import current_routes
from scoring.runner.writing import Inline, UnderWay, Worked, write, write_and_tell
from scoring.signals.telemetry import telemetry
from scoring.states.errors import StaleOnlineState
from scoring.states.restore import restore_states
from scoring.states.store import Look, OnlineStore
from scoring.timestamps import from_micros, to_micros

logger = logging.getLogger(__name__)

WORK_SECONDS = 0.025  # a micro-batch; longer ones make the clients that come next wait
# A batch costs some milliseconds however few it holds (docs/reference/performance.md). A limit that followed
# its duration further down would have a busy machine pay them for every handful, and fall behind.
FEWEST, MOST = 32, 256
# Of clients that wait a batch may hold as many as fit; with others in it no more than this, or a client that
# comes next would wait behind hundreds that nobody waits for. While clients do wait it is a few: what is in
# their batch, and in the two before it that are worked and written, is what they wait for.
MOST_WITH_OTHERS, MOST_WHILE_WAITED_FOR = 64, 8
SOMEBODY_WAITS_SECONDS = 1.0  # so long after one of them the next is expected
LIMITS = (MOST, 128, 64, FEWEST)
PACE_SHARE = 0.2  # of the last batch in the moving average


class Sequenced(NamedTuple):
    """Claims in their order, read and folded: the events to decide, the states to write.

    `positions` and `effects`: what the order is to say of each item.
    """

    positions: list[int]
    effects: Effects
    scored: list[Scored]
    states: dict[str, bytes]
    clock_us: int
    read_at: str | None  # the cursor of the states read, None where none were


class LaneRunner:
    """Processes one lane, presuming that it is held: the log and Redis refuse a holder that has lost it."""

    def __init__(
        self, lane: str, *, writer: Executor | None = None, clock: Callable[[], datetime] = timezone.now
    ) -> None:
        """`writer`: does one thing after the other, each batch's writing; without one each step writes."""
        self._clock = clock
        self.lane = lane
        self.models: dict[str, DecidingModels] = {}
        self.plan: LanePlan = lane_plan(lane)
        self.store = OnlineStore(lane, self.plan.layout_id)
        self.batch_values = BatchLookup(self.plan)
        self.head = restore_states(self.plan, self.store)
        self.next_label_due = pending.next_label_due(lane)
        self.limit = FEWEST
        self.exhausted = False
        self.pace = 0.0  # entries a second while it works, lately; 0 before the first batch
        self._writer, self._write = (writer, write_and_tell) if writer else (Inline(), write)
        self._under_way: UnderWay | None = None
        self._last_served = ""
        self._waited_for_at = float("-inf")
        self._routes: str | None = None

    def step(self) -> int:
        """Process one micro-batch; returns how many entries it had, 0 when nothing is pending.

        `exhausted` then says that the lane has nothing left of what there was at the claim: what has come
        since was rung for, if the bell was taken before this step. What is still being written rings when it
        fails.
        """
        self._release_known_labels()
        limit, chunk = self.limit, self._chunk()
        claims, is_all = self._claim(limit, chunk)
        done = self._process_or_isolate(claims) if claims else self._settle()
        self.exhausted = done and is_all and not self._is_label_due()
        if claims:
            self._last_served = claims[-1].source
            if claims[0].urgent:
                self._waited_for_at = time.monotonic()
        return len(claims)

    def _claim(self, limit: int, chunk: int) -> tuple[list[Claim], bool]:
        """The next claims, and whether they are all there is."""
        began = time.perf_counter()
        claims = self._claim_but_written(limit, chunk)
        whole = len(claims)
        if any(claim.amended for claim in claims):
            # What an amended event's entry does depends on what the lane has applied: on what it has written.
            self._settle()
            claims = self._claim_but_written(limit, chunk)
            whole = len(claims)
            claims = before_the_next_of_its_event(claims)
        if claims:
            telemetry.observe("claim", time.perf_counter() - began, events=len(claims))
        # Others come last, and beside fewer than `limit` one of them would have had a place.
        is_all = whole < chunk or (whole < limit and claims[-1].urgent)
        return claims, is_all and len(claims) == whole

    def _claim_but_written(self, limit: int, chunk: int) -> list[Claim]:
        written = [claim.position for claim in self._under_way.worked.claims] if self._under_way else []
        return pending.claim(self.lane, limit=limit, chunk=chunk, after=self._last_served, but=written)

    def _chunk(self) -> int:
        """Up to how many entries a batch is filled with what nobody waits for."""
        waiting = time.monotonic() - self._waited_for_at < SOMEBODY_WAITS_SECONDS
        return MOST_WHILE_WAITED_FOR if waiting else min(self.limit, MOST_WITH_OTHERS)

    def finish(self) -> None:
        """Wait for what is being written. Raises what the database and Redis raise."""
        while self._under_way:
            self._settle()

    def _process_or_isolate(self, claims: Sequence[Claim]) -> bool:
        """Process, or park what cannot be; False when any stays queued and has to be claimed anew."""
        started = time.perf_counter()
        try:
            if not self._process(claims):
                return False
        except StaleOnlineState as stale:
            if self._settle():
                self._restore(stale)
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
        if not self._settle():
            return False
        if len(claims) > 1:
            logger.warning("lane %s: %d entries are taken singly", self.lane, len(claims), exc_info=error)
            # Up to the first that stays queued: a label of it may follow, and must not overtake it.
            return all(self._process_or_isolate([claim]) and self._settle() for claim in claims)
        logger.error(
            "lane %s: %s cannot be processed and is parked", self.lane, claims[0].event_stream, exc_info=error
        )
        try:
            self._park(claims[0], f"{type(error).__name__}: {error}")
        except StreamConflict as conflict:
            logger.info("lane %s: %s; not parked, what is left of it is claimed anew", self.lane, conflict)
            return False
        return True

    def _process(self, claims: Sequence[Claim]) -> bool:
        """The recipe: who decides, sequence, decide, write. False when the batch before was not written."""
        self._take_models(claims[0].routes)
        worked = self._work_out(claims)
        before = self.head
        if not self._settle():
            return False
        if worked.read_at not in (None, before.cursor, self.head.cursor):
            raise StaleOnlineState(self.lane, self.head.cursor, worked.read_at)
        writing = self._writer.submit(self._write, worked, head=self.head, store=self.store)
        self._under_way = UnderWay(worked, self.head, writing)
        return self._settle() if writing.done() else True

    def _work_out(self, claims: Sequence[Claim]) -> Worked:
        now = self._clock()
        in_order = [claim for claim in claims if claim.kind != "rescore"]
        with telemetry.stage("sequence", events=len(claims)):
            sequenced = self._sequence(in_order) if in_order else Sequenced([], {}, [], {}, 0, None)
        rescored = [scored for claim in claims if claim.kind == "rescore" for scored in self._rescored(claim)]
        with telemetry.stage("decide", events=len(claims)):
            decided = self._decide([*sequenced.scored, *rescored], now=now)
        return Worked(
            claims=claims,
            in_order=sequenced.positions,
            effects=sequenced.effects,
            decided=decided,
            states=sequenced.states,
            clock_us=sequenced.clock_us,
            read_at=sequenced.read_at,
            now=now,
        )

    def _settle(self) -> bool:
        """Wait for the batch being written; False if the lane is not where it would have left it."""
        under_way = self._under_way
        if under_way is None:
            return True
        under_way.written.exception()  # waits; until then it is not forgotten, whatever interrupts
        self._under_way = None
        try:
            self.head = under_way.written.result()
        except (StreamConflict, StaleOnlineState) as refused:
            self._restore(refused)
            return False
        except (DatabaseError, redis.RedisError):
            raise
        except Exception as error:  # noqa: BLE001 - as in `_process_or_isolate`
            self._isolate(under_way.worked.claims, error)
            return False
        return True

    def _restore(self, refused: StreamConflict | StaleOnlineState) -> None:
        """Begin again from the log: another holder was there, or Redis is not where this one believed it."""
        level = logging.WARNING if isinstance(refused, StaleOnlineState) else logging.INFO
        logger.log(level, "lane %s: %s; begun again from the log", self.lane, refused)
        self.head = restore_states(self.plan, self.store)

    @property
    def _head_ahead(self) -> LaneHead:
        """The head that the next batch builds upon, its position unknown while it is being written."""
        return self._under_way.head if self._under_way else self.head

    def _take_models(self, routes: str) -> None:
        """One look at the routes a batch: a promotion is picked up between batches, never inside one.

        `routes` names their versions at the claim: the same as before mean the same models, but for one that
        could not be had and is tried again.
        """
        if routes == self._routes and all(deciding.is_complete for deciding in self.models.values()):
            return
        current = current_routes()
        kinds = [kind for kind in lane_members(self.lane) if kind.scored]
        self.models = {kind.name: load_deciding_models(kind.name, current.get(kind.name)) for kind in kinds}
        self._routes = routes

    def _sequence(self, claims: Sequence[Claim]) -> Sequenced:
        """Claims that are not empty, none a rescore. Raises StaleOnlineState."""
        head = self._head_ahead
        placed = place_claims(claims, head=head)
        items = [each.item for each in placed]
        batch = encode(self.plan, items)
        reads = self.batch_values.choose(items, [each.claim.received_at for each in placed])
        look = self._read(batch.state_keys(), reads)
        if look.reply is not None:
            reads.fill(batch, look.reply)
        arena = Arena.from_blobs(self.plan, look.states)
        rows = fold(self.plan, batch, arena)
        scored = [
            Scored(claim, head.order, item.seq, row, self.plan.feature_sets(item.type), versions)
            for (claim, item, _), row, versions in zip(placed, rows, reads.numbers, strict=True)
            if item.kind == "event" and _is_decided(claim)
        ]
        return Sequenced(
            positions=[each.claim.position for each in placed],
            effects=effects_of(placed),
            scored=scored,
            states=dict(arena.iter_blobs()),
            clock_us=max((item.occurred_at_us for item in items if item.kind == "event"), default=0),
            read_at=look.cursor,
        )

    def _read(self, keys: Sequence[str], reads: Reads) -> Look:
        """States as the batch being written leaves them, and batch values: one round trip.

        Redis may be asked before that batch is there or after: what it does not change is the same in both,
        and `_process` looks whether it was one of the two.
        """
        leaves = self._under_way.worked.states if self._under_way else {}
        look = self.store.look([key for key in keys if key not in leaves], reads.script())
        if look.cursor is None or (not self._under_way and look.cursor != self.head.cursor):
            raise StaleOnlineState(self.lane, self.head.cursor, look.cursor)
        return look._replace(states={key: leaves[key] if key in leaves else look.states[key] for key in keys})

    def _rescored(self, claim: Claim) -> list[Scored]:
        """An event whose vector was logged with a decision that no model took part in.

        None where it was corrected or retracted meanwhile, which is decided on its own.
        """
        stream = read_stream(claim.event_stream)
        if (
            claim.amended
            and [each for each in stream if each.type in AMENDMENTS][-1].position > claim.position
        ):
            return []
        last = next(entry for entry in reversed(stream) if entry.packed)
        row, held = restore_row(last, self.plan)
        return [Scored(claim, last.data["order"], last.data["seq"], row, held, last.data.get("batch", {}))]

    def _decide(self, scored: Sequence[Scored], *, now: datetime) -> list[Decided]:
        by_type: dict[str, list[Scored]] = defaultdict(list)
        for item in scored:
            by_type[item.claim.event["type"]].append(item)
        return [
            decided
            for name, items in by_type.items()
            for decided in decide(items, deciding=self.models[name], now=now)
        ]

    def _park(self, claim: Claim, error: str) -> None:
        now = self._clock()
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
        return due is not None and to_micros(due) <= self._head_ahead.clock_us

    def _release_known_labels(self) -> None:
        if not self._is_label_due():
            return
        self._settle()
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


def _is_decided(claim: Claim) -> bool:
    """Whether an event gets a decision, and its correction another: history was never decided."""
    from_history = claim.kind == "correction" and claim.event["history"]
    return event_type(claim.event["type"]).scored and not from_history
