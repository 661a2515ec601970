"""The windows of the backfill benchmark: 60 features of five entities, and payments to compute them for.

Every tool computes for every payment the count, sum, mean, population standard deviation, minimum and maximum
of the amounts of the entity's earlier payments in each window.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Entity, Money

AGGREGATES = ("count", "sum", "mean", "std", "min", "max")
FRAMES = (
    *(("card", window) for window in ("1h", "24h", "7d", "30d")),
    *(("merchant", window) for window in ("1h", "24h", "7d")),
    *((entity, "24h") for entity in ("customer", "device", "ip")),
)
ENTITIES = ("card", "customer", "merchant", "device", "ip")
HOUR_US = 3_600_000_000
WINDOW_US = {"1h": HOUR_US, "24h": 24 * HOUR_US, "7d": 168 * HOUR_US, "30d": 720 * HOUR_US}
TILES = 12  # per window: see docs/reference/features.md
START_US = 1_700_000_000_000_000
DAYS = 120
EVENTS_PER_CARD = 50  # constant: entities and time grow together


class Purchase(EventType):
    """The windows as a declaration."""

    name = "purchase"
    lane = "backfill"
    card, customer, merchant, device, ip = Entity(), Entity(), Entity(), Entity(), Entity()
    amount = Money()

    features = [
        value
        for entity, window in (
            (card, "1h 24h 7d 30d"),
            (merchant, "1h 24h 7d"),
            *((each, "24h") for each in (customer, device, ip)),
        )
        for value in (
            entity.count(over=window),
            entity.amount.sum(over=window),
            entity.amount.mean(over=window),
            entity.amount.std(over=window),
            entity.amount.min(over=window),
            entity.amount.max(over=window),
        )
    ]


def value_names() -> list[str]:
    """Feature names such as `card_count_1h`, in order of the frames."""
    return [
        f"{entity}_{aggregate}_{window}" if aggregate == "count" else f"{entity}_amount_{aggregate}_{window}"
        for entity, window in FRAMES
        for aggregate in AGGREGATES
    ]


def make_columns(rows: int, seed: int = 7) -> dict[str, Any]:
    """Synthetic payments in time order, no two at the same time; integer amounts in minor units."""
    draw = np.random.default_rng(seed)
    cards = max(1, rows // EVENTS_PER_CARD)
    card = (draw.pareto(1.2, rows) * cards / 10).astype(np.int64) % cards
    gaps = draw.integers(1, 2 * DAYS * 24 * HOUR_US // rows, rows)
    numbers = {
        "card": card,
        "customer": card // 2,
        "merchant": (draw.pareto(1.5, rows) * 100).astype(np.int64) % max(1, rows // 200),
        "device": card * 3 + draw.integers(0, 3, rows),
        "ip": card // 5 + draw.integers(0, 50, rows),
    }
    return {
        "seq": np.arange(1, rows + 1),
        "occurred_at_us": START_US + np.cumsum(gaps),
        "amount": np.round(draw.lognormal(8, 1.2, rows)),
        **{name: named(name, codes) for name, codes in numbers.items()},
    }


def named(prefix: str, numbers: Any) -> pa.DictionaryArray:
    codes = np.unique(numbers, return_inverse=True)
    names = [f"{prefix}-{number}" for number in codes[0].tolist()]
    return pa.DictionaryArray.from_arrays(pa.array(codes[1], pa.int32()), pa.array(names))


def write_payments(path: Path, rows: int) -> None:
    pq.write_table(pa.table(make_columns(rows)), path)


if __name__ == "__main__":
    write_payments(Path(sys.argv[1]), int(sys.argv[2]))
