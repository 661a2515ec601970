"""The holder of a lane: claims micro-batches, computes features and decisions, has them written."""

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

import redis
from django.db import Error as DatabaseError
from django.db import transaction
from django.utils import timezone

from scoring.batch.serve.lookup import BatchLookup
from scoring.catalog.registry import event_type, lane_members
from scoring.decisions.engine import Decided, decide
from scoring.decisions.predictions.deciding_models import DecidingModels, load_deciding_models
from scoring.decisions.predictions.model_answers import Scored
from scoring.features.compile.plan import LanePlan, lane_plan
from scoring.features.folding.arena import Arena
from scoring.features.folding.encode import encode
from scoring.features.folding.fold import fold
from scoring.features.logged_vectors import restore_row
from scoring.lanes import claiming
from scoring.lanes import queue as pending
from scoring.lanes.amendments import AMENDMENTS, REPLACING
from scoring.lanes.claiming import Claim
from scoring.lanes.item_versions import effects_of, place_claims, up_to_repeated_event
from scoring.lanes.order import Effects
from scoring.log.append import append
from scoring.log.entries import NewEntry
from scoring.log.errors import StreamConflict
from scoring.log.read import last_version, read_stream
from scoring.registry.routes import current_routes
from scoring.rules.deciding.guards import Guards, read_guards
from scoring.rules.deciding.reader import RulesetReader, reader
from scoring.runner.batch_limits import BatchLimits
from scoring.runner.enriched_rows import keep_earlier_features
from scoring.runner.pipeline import Pipeline
from scoring.runner.state_losses import state_losses
from scoring.runner.writing import ComputedBatch
from scoring.signals import spans
from scoring.signals.telemetry import Series, telemetry
from scoring.states.errors import StaleOnlineState
from scoring.states.restore import restore_states
from scoring.states.store import OnlineStore
from scoring.timestamps import from_micros, to_micros

logger = logging.getLogger(__name__)


class Sequenced(NamedTuple):
    """Claims in their order, read and folded: the events to decide and the states to write.

    `positions` and `effects`: what the order records of each item.
    """

    positions: list[int]
    effects: Effects
    scored: list[Scored]
    states: dict[str, bytes]
    clock_us: int
    read_at: str | None  # the cursor of the states that were read, None if none were
    losses: Mapping[Series, int]  # see `state_losses`


class BatchFailed(Exception):
    """A micro-batch cannot be processed, because of at least one of its entries."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


@contextmanager
def _batch_failures(*, apart_from: tuple[type[Exception], ...]) -> Iterator[None]:
    """Raise BatchFailed for any error but `apart_from` and those of the database and Redis.

    This is the edge of the lane, which one bad entry must not stop.
    """
    passed_on: tuple[type[Exception], ...] = (DatabaseError, redis.RedisError, *apart_from)
    try:
        yield
    except passed_on:
        raise
    except Exception as error:
        raise BatchFailed(error) from error


class LaneRunner:
    """Processes one lane. The caller holds it: the log and Redis refuse a holder that has lost the lane."""

    def __init__(
        self, lane: str, *, writer: Executor | None = None, clock: Callable[[], datetime] = timezone.now
    ) -> None:
        """`writer`: see `Pipeline`."""
        self._clock = clock
        self.lane = lane
        self.models: dict[str, DecidingModels] = {}
        self.plan: LanePlan = lane_plan(lane)
        self.store = OnlineStore(lane, self.plan.layout_id)
        self.batch_values = BatchLookup(self.plan)
        self.pipeline = Pipeline(self.store, restore_states(self.plan, self.store), writer=writer)
        self.limits = BatchLimits()
        self.ruleset: RulesetReader = reader
        self.ruleset.open()
        self.guards: Guards | None = None  # None until a batch needs them, and whenever they may be wrong
        self.next_label_due = pending.next_label_due(lane)
        self.exhausted = False
        self._last_source = ""
        self._routes: str | None = None

    def step(self) -> int:
        """Process one micro-batch; returns how many entries it had, 0 when nothing is pending.

        `exhausted` then says whether the lane has nothing left of the entries that were there at the claim.
        Later ones have notified the lane, if notifications were discarded before this step. A batch still in
        flight notifies the lane if it fails.
        """
        self._release_known_labels()
        claims, is_all = self._claim()
        done = self._process_or_isolate(claims) if claims else self._settle()
        self.exhausted = done and is_all and not self._is_label_due()
        self.limits.note_claims(claims)
        self._last_source = claims[-1].source if claims else self._last_source
        return len(claims)

    def finish(self) -> None:
        """Wait for the batch in flight, and leave the next holder what the guards have counted.

        Raises what the database and Redis raise.
        """
        while self.pipeline.in_flight:
            self._settle()
        if self.guards:
            self.guards.keep(self.lane, cursor=self.pipeline.head.cursor)

    def _claim(self) -> tuple[list[Claim], bool]:
        """The next claims, and whether they are all there are."""
        began = time.perf_counter()
        limit, fill = self.limits.of_next()
        claims = self._claim_next(limit, fill)
        count = len(claims)
        if any(claim.amended for claim in claims):
            # What an amended event's entry does depends on what the lane has applied, and so written.
            self._settle()
            claims = self._claim_next(limit, fill)
            count = len(claims)
            claims = up_to_repeated_event(claims)
        if claims:
            telemetry.observe("claim", time.perf_counter() - began, events=len(claims))
        # Bulk comes last, and with fewer than `limit` urgent claims one bulk entry would have had a place.
        is_all = count < fill or (count < limit and claims[-1].urgent)
        return claims, is_all and len(claims) == count

    def _claim_next(self, limit: int, fill: int) -> list[Claim]:
        return claiming.claim(
            self.lane, limit=limit, fill=fill, after=self._last_source, without=self.pipeline.positions
        )

    def _process_or_isolate(self, claims: Sequence[Claim]) -> bool:
        """Process the claims, or park those that fail; False if any stays queued, to be claimed again."""
        started = time.perf_counter()
        self._load_ruleset(claims[0].ruleset)  # no entry is to blame for an error here, so none is parked
        try:
            with _batch_failures(apart_from=(StaleOnlineState,)):
                if not self._process(claims):
                    return False
        except StaleOnlineState as stale:
            if self._settle():
                self._restore(stale)
            return False
        except BatchFailed as failed:
            return self._isolate(claims, failed.error)
        self.limits.note_batch(len(claims), seconds=time.perf_counter() - started)
        return True

    def _process(self, claims: Sequence[Claim]) -> bool:
        """The recipe: load what decides, compute, wait for the batch ahead, write. False if refused."""
        with spans.span("lane batch", causes=(claim.trace for claim in claims), lane=self.lane):
            self._load_models(claims[0].routes)
            batch = self._compute(claims)
            if not self._settle():
                return False
            self.pipeline.submit(batch)
        return True if self.pipeline.is_writing else self._settle()

    def _compute(self, claims: Sequence[Claim]) -> ComputedBatch:
        now, share = self._clock(), spans.Share()
        in_order = [claim for claim in claims if claim.kind != "rescore"]
        with telemetry.stage("sequence", events=len(claims)):
            sequenced = self._sequence(in_order) if in_order else Sequenced([], {}, [], {}, 0, None, {})
        rescored = [scored for claim in claims if claim.kind == "rescore" for scored in self._rescored(claim)]
        with telemetry.stage("decide", events=len(claims)):
            decided = self._decide([*sequenced.scored, *rescored], now=now)
        return ComputedBatch(
            claims=claims,
            in_order=sequenced.positions,
            effects=sequenced.effects,
            decided=decided,
            breakers=self.guards.entries_to_append() if self.guards else [],
            states=sequenced.states,
            clock_us=sequenced.clock_us,
            read_at=sequenced.read_at,
            losses=sequenced.losses,
            now=now,
            trace=spans.current(),
            share=share,
        )

    def _settle(self) -> bool:
        """Wait for the batch in flight; False if the lane is not where it would have left it."""
        ahead = self.pipeline.in_flight
        if ahead is None:
            return True
        try:
            with _batch_failures(apart_from=(StreamConflict, StaleOnlineState)):
                self.pipeline.wait()
        except (StreamConflict, StaleOnlineState) as refused:
            self._restore(refused)
            return False
        except BatchFailed as failed:
            self._isolate(ahead.batch.claims, failed.error)
            return False
        return True

    def _isolate(self, claims: Sequence[Claim], error: Exception) -> bool:
        """Process claims one by one after `error`, as `_process_or_isolate` does."""
        if not self._settle():
            return False
        self.guards = None
        if len(claims) > 1:
            logger.warning(
                "lane %s: %d entries are processed one by one", self.lane, len(claims), exc_info=error
            )
            # Up to the first that stays queued: its label may follow, and must not overtake it.
            return all(self._process_or_isolate([claim]) and self._settle() for claim in claims)
        logger.error(
            "lane %s: %s cannot be processed and is parked", self.lane, claims[0].event_stream, exc_info=error
        )
        try:
            self._park(claims[0], f"{type(error).__name__}: {error}")
        except StreamConflict as conflict:
            logger.info("lane %s: %s; not parked, claimed again if it is still queued", self.lane, conflict)
            return False
        return True

    def _restore(self, refused: StreamConflict | StaleOnlineState) -> None:
        """Begin again from the log: another holder wrote, or Redis is not where this one expected it."""
        level = logging.WARNING if isinstance(refused, StaleOnlineState) else logging.INFO
        logger.log(level, "lane %s: %s; restarted from the log", self.lane, refused)
        self.guards = None
        self.pipeline.head = restore_states(self.plan, self.store)

    def _load_models(self, routes: str) -> None:
        """Look up the routes once for each batch: a promotion takes effect between batches, never inside one.

        `routes` names their versions at the claim: the same versions mean the same models, unless one could
        not be used and is tried again.
        """
        if routes == self._routes and all(each.is_complete for each in self.models.values()):
            return
        current = current_routes()
        kinds = [kind for kind in lane_members(self.lane) if kind.scored]
        self.models = {kind.name: load_deciding_models(kind.name, current.get(kind.name)) for kind in kinds}
        self._routes = routes

    def _load_ruleset(self, version: int) -> None:
        """Follow the ruleset to the version at the claim: a change takes effect between batches."""
        changed = version != self.ruleset.ruleset.version
        self.ruleset.move_to(version)
        if version and self.guards is None:
            self.guards = read_guards(
                [kind.name for kind in lane_members(self.lane) if kind.scored],
                self.ruleset.ruleset,
                lane=self.lane,
                cursor=self.pipeline.next_head.cursor,
                now=self._clock(),
            )
        elif self.guards and changed:
            self.guards.follow(self.ruleset.ruleset, now=self._clock())

    def _sequence(self, claims: Sequence[Claim]) -> Sequenced:
        """Read states and fold at least one claim, none a rescore. Raises StaleOnlineState."""
        head = self.pipeline.next_head
        placed = place_claims(claims, head=head)
        items = [each.item for each in placed]
        batch = encode(self.plan, items)
        reads = self.batch_values.choose(items, [each.claim.received_at for each in placed])
        look = self.pipeline.read(batch.state_keys(), reads.script())
        if look.reply is not None:
            reads.fill(batch, look.reply)
        arena = Arena.from_blobs(self.plan, look.states)
        late_before = arena.too_late()
        rows = fold(self.plan, batch, arena)
        keep_earlier_features(rows, placed, self.plan)
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
            losses=state_losses(self.plan, arena, late_before=late_before),
        )

    def _rescored(self, claim: Claim) -> list[Scored]:
        """An event whose vector was logged with a decision without a model, to be scored now.

        Empty if the event was corrected or retracted since: that is decided on its own.
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
            for decided in decide(
                items,
                deciding=self.models[name],
                now=now,
                configuration=self.ruleset.configuration(name),
                guards=self.guards,
            )
        ]

    def _park(self, claim: Claim, error: str) -> None:
        now = self._clock()
        stream = f"label/{claim.event_stream}" if claim.kind == "label" else claim.event_stream
        entry = NewEntry(
            stream=stream,
            expected_version=last_version(stream),
            type="label.parked" if claim.kind == "label" else "event.parked",
            data={"position": claim.position, "kind": claim.kind, "error": error},
            metadata={"causation": claim.position},
        )
        with transaction.atomic():
            append([entry], now=now)
            if not pending.park(claim.position, error=error):
                raise StreamConflict(stream, entry.expected_version)  # another holder has processed it

    def _is_label_due(self) -> bool:
        due = self.next_label_due
        return due is not None and to_micros(due) <= self.pipeline.next_head.clock_us

    def _release_known_labels(self) -> None:
        if not self._is_label_due():
            return
        self._settle()
        if self._is_label_due():
            pending.release_known_labels(self.lane, clock=from_micros(self.pipeline.head.clock_us))
            self.next_label_due = pending.next_label_due(
                self.lane, after=from_micros(self.pipeline.head.clock_us)
            )


def _is_decided(claim: Claim) -> bool:
    """Whether an event gets a decision. An amendment of history does not: history was never decided."""
    from_history = claim.kind in REPLACING and claim.event["history"]
    return event_type(claim.event["type"]).scored and not from_history
