"""Sequencing of events with states in a real Redis: `python -m benchmarks.sequencing`.

Payments have all five entities, whose states reflect 120 days of history. `--hot` (some minutes) compares an
entity with ten million events with one that has ten.
"""

import shutil
import time
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.django_setup import KEPT, VAR  # sets Django up, so it comes first
from benchmarks.features import make_columns
from benchmarks.report import print_table, say
from embedded import services
from scoring.features.compile.plan import LanePlan, lane_plan
from scoring.features.folding.arena import Arena
from scoring.features.folding.encode import Batch, LaneItem, encode
from scoring.features.folding.encode_columns import encode_columns
from scoring.features.folding.fold import fold, fold_slices
from scoring.states.store import OnlineStore

LANE = "benchmark"  # in Redis keys; no real lane's states are touched
HISTORY, MEASUREMENTS = 50_000, 2_048
SIZES = (1, 64)
HOT, COLD, PIECE = 10_000_000, 10, 100_000
HOT_GAP_US = 1_000_000
START_US = 1_700_000_000_000_000
END_US = START_US + HOT * HOT_GAP_US
Figures = dict[str, Any]


class Sequencer:
    """A lane with states in Redis and the cursor that they reflect."""

    def __init__(self, plan: LanePlan, states: Arena, *, seq: int) -> None:
        self.plan, self.seq = plan, seq
        self.store = OnlineStore(LANE, plan.layout_id)
        filling = self.store.begin(kind="benchmark")
        filling.write(states.iter_blobs())
        self.store.switch(filling, cursor=self.cursor)

    @property
    def cursor(self) -> str:
        return f"{self.seq}:0"

    def sequence(self, items: Sequence[LaneItem]) -> None:
        """Read, fold and write the states of a micro-batch as a lane does."""
        batch = encode(self.plan, items)
        arena = Arena.from_blobs(self.plan, self.store.read(batch.state_keys(), expected=self.cursor))
        fold(self.plan, batch, arena)
        before, self.seq = self.cursor, self.seq + len(items)
        self.store.write(dict(arena.iter_blobs()), expected=before, cursor=self.cursor)

    def milliseconds_per_event(self, items: Sequence[LaneItem], *, size: int) -> float:
        """The median over micro-batches, after as many to warm up."""
        spent = []
        for start in range(0, len(items), size):
            began = time.perf_counter()
            self.sequence(items[start : start + size])
            spent.append((time.perf_counter() - began) / size * 1e3)
        return float(np.median(spent[len(spent) // 2 :]))


def measure_sequencing() -> Figures:
    """Milliseconds per event in micro-batches of 1 and 64, and the rate of the latter."""
    plan, columns = lane_plan("commerce"), make_columns(HISTORY + MEASUREMENTS)
    history = {name: values[:HISTORY] for name, values in columns.items()}
    arena = Arena(plan)
    fold_all(plan, encode_columns(plan, "payment", history), arena)
    items = list(items_of({name: values[HISTORY:] for name, values in columns.items()}))
    sequencer = Sequencer(plan, arena, seq=HISTORY)
    figures = {
        f"sequence_ms_per_event_{size}": sequencer.milliseconds_per_event(items, size=size) for size in SIZES
    }
    sequencer.store.clear()
    return figures | {"sequence_events_per_s": 1e3 / figures[f"sequence_ms_per_event_{SIZES[-1]}"]}


def items_of(columns: dict[str, Any]) -> Iterator[LaneItem]:
    names = [name for name in columns if name not in ("seq", "occurred_at_us", "amount")]
    for row in range(len(columns["seq"])):
        fields = {name: columns[name][row] for name in names}
        fields["amount"] = {"minor": int(columns["amount"][row]), "currency": "USD"}
        yield LaneItem(row + 1, "event", "payment", int(columns["occurred_at_us"][row]), fields)


# An entity in ten million events


def measure_hot_keys() -> Figures:
    """Compare a card with 10^7 events, one per second, with a card with ten: in the kernel and with Redis."""
    plan = lane_plan("commerce")
    arena, batch = Arena(plan), encode_columns(plan, "payment", hot_columns(PIECE))
    spent = []
    for piece in range(HOT // PIECE):
        began = time.process_time()
        fold_all(plan, later(batch, piece), arena)
        spent.append((time.process_time() - began) / PIECE * 1e6)
    figures: Figures = {
        "hot_key_events": HOT,
        "hot_key_kernel_us_first": float(np.median(spent[1:6])),  # the first compiles
        "hot_key_kernel_us_last": float(np.median(spent[-5:])),
        "hot_key_state_bytes": len(arena.blobs()["0:card-hot"]),
    }
    hot = hot_columns(MEASUREMENTS) | {"occurred_at_us": END_US + np.arange(MEASUREMENTS) * HOT_GAP_US}
    cold = Arena(plan)
    fold_all(plan, encode_columns(plan, "payment", cold_columns(MEASUREMENTS * COLD)), cold)
    once_more = cold_columns(MEASUREMENTS) | {"occurred_at_us": hot["occurred_at_us"]}
    for name, states, columns in (("hot", arena, hot), ("cold", cold, once_more)):
        sequencer = Sequencer(plan, states, seq=HOT)
        figures[f"{name}_key_redis_ms"] = sequencer.milliseconds_per_event([*items_of(columns)], size=1)
        sequencer.store.clear()
    return figures


def hot_columns(rows: int) -> dict[str, Any]:
    """Payments of one card, customer and IP address at a thousand merchants and on forty devices."""
    numbers = np.arange(rows)

    def names(prefix: str, values: Any) -> Any:
        return np.array([f"{prefix}{value}" for value in values], dtype=object)

    return make_columns(rows) | {
        "occurred_at_us": START_US + numbers * HOT_GAP_US,
        "card": names("card-", ["hot"] * rows),
        "customer": names("customer-", ["hot"] * rows),
        "ip": names("ip-", ["hot"] * rows),
        "merchant": names("merchant-", numbers % 1_000),
        "device": names("device-", numbers % 40),
    }


def cold_columns(rows: int) -> dict[str, Any]:
    """The same with a different card, customer and IP address per measured event."""
    numbers = np.arange(rows) % MEASUREMENTS
    own = {
        name: np.array([f"{name}-{number}" for number in numbers], dtype=object)
        for name in ("card", "customer", "ip")
    }
    return hot_columns(rows) | own


def later(batch: Batch, piece: int) -> Batch:
    """The same items, moved later in time by `piece` pieces."""
    return replace(batch, times=batch.times + piece * PIECE * HOT_GAP_US, seqs=batch.seqs + piece * PIECE)


def fold_all(plan: LanePlan, batch: Batch, arena: Arena) -> None:
    for _ in fold_slices(plan, batch, arena):
        pass


def measure_sizes() -> Figures:
    """Bytes of an entity's state by kind; the size is the same after ten events and after ten million."""
    return {f"state_bytes_{kind.name}": kind.words * 8 for kind in lane_plan("commerce").entity_kinds}


def main() -> None:
    parser = ArgumentParser(description="Measure the cost of sequencing an event.")
    parser.add_argument("--hot", action="store_true", help="also measure an entity with ten million events")
    options = parser.parse_args()
    services.start(VAR, names=("redis",))
    try:
        say("sequencing")
        figures = measure_sequencing() | measure_sizes()
        if options.hot:
            say("hot keys")
            figures |= measure_hot_keys()
        print_table(figures)
    finally:
        services.stop(VAR, names=("redis",))
        if not KEPT:
            shutil.rmtree(VAR, ignore_errors=True)


if __name__ == "__main__":
    main()
