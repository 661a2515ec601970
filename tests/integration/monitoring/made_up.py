"""A model with a reference, and its decisions, without training one."""

from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.features.logged_vectors import pack_vectors
from scoring.log.append import append
from scoring.log.entries import Entry, NewEntry
from tests.factories.log import NOW, decided, model_trained, received

FEATURES = ("amount", "category", "since_last")
EDGES = {"amount": [1_000.0, 5_000.0, 20_000.0], "category": [0.5, 1.5], "since_last": [60.0]}


def reference(counts: dict[str, Any] | None = None) -> dict[str, Any]:
    """10,000 training rows: even over the bins, a tenth of `since_last` missing."""
    even = {
        "amount": {"counts": [2_500] * 4, "missing": 0},
        "category": {"counts": [3_333, 3_333, 3_334], "missing": 0},
        "since_last": {"counts": [4_500, 4_500], "missing": 1_000},
    }
    columns = even | (counts or {})
    return {
        "rows": 10_000,
        "features": [{"name": name, "edges": EDGES[name], **columns[name]} for name in FEATURES],
        "score": {"edges": [0.1, 0.5], "counts": [900, 80, 20]},
        "outcomes": {"allow": 900, "review": 80, "block": 20},
    }


def add_model(number: int, *, with_reference: bool = True) -> str:
    """A registered version `payment-{number}`."""
    new = model_trained(number)
    data = {**new.data, "reference": reference() if with_reference else {}}
    append([NewEntry(new.stream, 0, new.type, data)], now=NOW)
    return str(data["name"])


def even_vectors(count: int, *, seed: int = 0) -> NDArray[np.float64]:
    """Vectors [count, 3] that are distributed as in `reference`."""
    generator = np.random.default_rng(seed)
    amount = generator.choice([500.0, 2_000.0, 10_000.0, 50_000.0], size=count)
    since_last = generator.choice([30.0, 3_600.0, np.nan], p=[0.45, 0.45, 0.1], size=count)
    return np.column_stack([amount, generator.integers(0, 3, size=count), since_last])


def decide_events(
    vectors: NDArray[np.float64],
    *,
    model: str = "payment-1",
    now: datetime = NOW,
    prefix: str = "T",
    source: str = "shop",
    contributions: NDArray[np.float64] | None = None,
    **data: Any,
) -> list[Entry]:
    """Events received and decided at `now` by `model`, which saw these vectors.

    `contributions` [count, 4], the bias last; all 0 unless told.
    """
    if contributions is None:
        contributions = np.zeros((len(vectors), len(FEATURES) + 1))
    events = append(
        [received(f"{prefix}-{number}", source=source) for number in range(len(vectors))], now=now
    )
    made = [
        _with_vector(decided(event, model=model, decided_at=now + timedelta(milliseconds=8), **data), *row)
        for event, *row in zip(events, vectors, contributions, strict=True)
    ]
    return append(made, now=now)


def _with_vector(new: NewEntry, vector: NDArray[np.float64], contributions: NDArray[np.float64]) -> NewEntry:
    packed = pack_vectors(vector, contributions)
    return NewEntry(new.stream, new.expected_version, new.type, new.data, packed=packed)
