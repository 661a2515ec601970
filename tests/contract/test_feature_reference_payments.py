"""On real-shaped payments, one event at a time and whole columns in bulk give the same vectors and states."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scoring.features.arena import Arena
from scoring.features.encode import LaneItem, encode, encode_columns
from scoring.features.fold import fold
from scoring.features.plan import lane_plan

ROWS = 20_000
PAYMENTS = Path(os.environ.get("ASSAY_TEST_DATA", "/nowhere")) / "payments" / "sparkov_2019.parquet"
NUMBERS = (
    "customer_lat",
    "customer_lon",
    "merchant_lat",
    "merchant_lon",
    "customer_birth_year",
    "customer_city_pop",
)

pytestmark = pytest.mark.skipif(not PAYMENTS.exists(), reason="ASSAY_TEST_DATA has no payments")


def read_events() -> tuple[pd.DataFrame, dict[str, object]]:
    """The last rows of the file, and the same as columns of the lane."""
    table = pd.read_parquet(PAYMENTS).iloc[-ROWS:]
    times = table["occurred_at"].astype("datetime64[us, UTC]").astype("int64")
    columns: dict[str, object] = {
        "seq": np.arange(1, ROWS + 1),
        "occurred_at_us": times.to_numpy(),
        "amount": (table["amount"] * 100).round().to_numpy(),
        **{name: table[f"{name}_id"] for name in ("card", "customer", "merchant")},
        "category": table["category"],
        **{name: table[name].astype(float).to_numpy() for name in NUMBERS},
    }
    return table, columns


def test_live_equals_history_on_payments_bit_for_bit() -> None:
    table, columns = read_events()
    categories = tuple(sorted(table["category"].unique()))
    plan = lane_plan("commerce", {"payment": {"category": categories[:-2]}})
    batch = encode_columns(plan, "payment", columns)
    arena = Arena(plan)
    in_bulk = fold(plan, batch, arena)
    stored: dict[str, bytes] = {}
    names = [name for name in columns if name not in ("seq", "occurred_at_us", "amount")]
    values = {name: np.asarray(columns[name]).tolist() for name in names}
    for row in range(ROWS):
        fields = {name: values[name][row] for name in names}
        fields["amount"] = {"minor": int(columns["amount"][row]), "currency": "USD"}  # type: ignore[index]
        moment = int(columns["occurred_at_us"][row])  # type: ignore[index]
        one = encode(plan, [LaneItem(row + 1, "event", "payment", moment, fields)])
        states = Arena.from_blobs(plan, {key: stored.get(key) for key in one.state_keys()})
        assert fold(plan, one, states)[0].tobytes() == in_bulk[row].tobytes()
        stored.update(states.blobs())
    assert stored == arena.blobs()
