"""Speed of the feature kernel: `python -m benchmarks.features [rows ...]`.

Payments with all entities (card, customer, merchant, device, ip), Zipf-like popularity, over 120 days, in
bulk; then one event at a time with stored states, as in a lane. Times are CPU time of one core.
"""

import os
import sys
import time
from typing import Any

import django
import numpy as np

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from scoring.features.compile.plan import LanePlan, lane_plan  # noqa: E402
from scoring.features.folding.arena import Arena  # noqa: E402 -- the catalog needs Django's applications
from scoring.features.folding.encode import LaneItem, encode  # noqa: E402
from scoring.features.folding.encode_columns import encode_columns  # noqa: E402
from scoring.features.folding.fold import fold  # noqa: E402

DEFAULT_ROWS = (100_000, 1_000_000)
SINGLE_ITEMS = 2_000
_DAYS_US = 120 * 86_400_000_000
_START_US = 1_700_000_000_000_000


def make_columns(rows: int, seed: int = 7) -> dict[str, Any]:
    """Columns of synthetic payments, in time order."""
    draw = np.random.default_rng(seed)
    cards = (draw.pareto(1.2, rows) * rows / 500).astype(np.int64) % max(1, rows // 50)
    categories = np.array([f"category_{number}" for number in range(14)], dtype=object)

    def names(prefix: str, numbers: Any) -> Any:
        return np.array([f"{prefix}{number}" for number in numbers], dtype=object)

    return {
        "seq": np.arange(1, rows + 1),
        "occurred_at_us": _START_US + np.sort(draw.integers(0, _DAYS_US, rows)),
        "card": names("card-", cards),
        "customer": names("customer-", cards // 2),
        "merchant": names("merchant-", draw.integers(0, 2_000, rows)),
        "device": names("device-", cards * 3 + draw.integers(0, 3, rows)),
        "ip": names("ip-", cards // 5 + draw.integers(0, 50, rows)),
        "amount": np.round(draw.lognormal(8, 1.2, rows)),
        "category": categories[draw.integers(0, 14, rows)],
        "customer_lat": draw.uniform(30, 48, rows),
        "customer_lon": draw.uniform(-120, -75, rows),
        "merchant_lat": draw.uniform(30, 48, rows),
        "merchant_lon": draw.uniform(-120, -75, rows),
        "customer_birth_year": draw.integers(1930, 2005, rows),
        "customer_city_pop": draw.integers(100, 3_000_000, rows),
    }


def bulk_figures(rows: int, plan: LanePlan | None = None) -> dict[str, float]:
    """Microseconds per event to encode `rows` payments, allocate their states and fold them."""
    plan = plan or lane_plan("commerce")
    columns = make_columns(rows)
    started = time.process_time()
    batch = encode_columns(plan, "payment", columns)
    encoded = time.process_time()
    arena = Arena(plan)
    arena.slots(batch)
    placed = time.process_time()
    fold(plan, batch, arena)
    folded = time.process_time()
    return {
        "encode_us": (encoded - started) / rows * 1e6,
        "place_us": (placed - encoded) / rows * 1e6,
        "kernel_us": (folded - placed) / rows * 1e6,
        "all_us": (folded - started) / rows * 1e6,
        "states": arena.state_count(),
    }


def measure_bulk(rows: int) -> str:
    """`bulk_figures` as one line of text."""
    spent = bulk_figures(rows)
    return (
        f"{rows:>10,} {spent['encode_us']:>10.2f} {spent['place_us']:>10.2f} {spent['kernel_us']:>10.2f}"
        f" {spent['all_us']:>10.2f} {60 / spent['all_us']:>12.2f} {spent['states']:>10,}"
    )


def single_figures(items: int, plan: LanePlan | None = None) -> dict[str, float]:
    """Microseconds to encode one event, load its states, fold it and return the new states."""
    plan = plan or lane_plan("commerce")
    columns = make_columns(items)
    names = [name for name in columns if name not in ("seq", "occurred_at_us")]
    blobs: dict[str, bytes] = {}
    spent = []
    for row in range(items):
        fields = {name: columns[name][row] for name in names}
        fields["amount"] = {"minor": int(fields["amount"]), "currency": "USD"}
        item = LaneItem(row + 1, "event", "payment", int(columns["occurred_at_us"][row]), fields)
        started = time.process_time()
        batch = encode(plan, [item])
        arena = Arena.from_blobs(plan, {key: blobs.get(key) for key in batch.state_keys()})
        fold(plan, batch, arena)
        blobs.update(arena.blobs())
        spent.append(time.process_time() - started)
    middle, high = np.percentile(np.array(spent) * 1e6, [50, 99])
    return {"median_us": float(middle), "p99_us": float(high)}


def measure_single(items: int) -> str:
    """`single_figures` as one line of text."""
    spent = single_figures(items)
    return (
        f"one event, states in and out: median {spent['median_us']:.0f} us,"
        f" 99 % within {spent['p99_us']:.0f} us"
    )


def main(arguments: list[str]) -> None:
    plan = lane_plan("commerce")
    vector = len(plan.feature_set("payment").names)
    print(f"payment: {vector} values; a row has {plan.width} columns")
    for kind in plan.entity_kinds:
        print(f"  state of {kind.name:<22} {kind.words * 8:>6,} bytes")
    measure_bulk(1_000)  # compiles
    print(f"\n{'rows':>10} {'encode us':>10} {'place us':>10} {'kernel us':>10} {'all us':>10} ", end="")
    print(f"{'million/min':>12} {'states':>10}")
    for rows in [int(argument) for argument in arguments] or DEFAULT_ROWS:
        print(measure_bulk(rows), flush=True)
    print("\n" + measure_single(SINGLE_ITEMS))


if __name__ == "__main__":
    main(sys.argv[1:])
