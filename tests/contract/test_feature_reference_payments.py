"""Real-shaped payments, labels among them as they became known: live = history = replay, bit for bit."""

import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from scoring.features import opcodes as op
from scoring.features.compile.plan import LanePlan, lane_plan
from scoring.features.folding.arena import Arena
from scoring.features.folding.encode import LaneItem, encode
from scoring.features.folding.encode_columns import encode_columns
from scoring.features.folding.fold import fold
from scoring.features.folding.parallel import fold_history

EVENTS = 200_000
MICRO_BATCHES = (1, 7, 32, 64)  # items, in turn
ITEMS_PER_READ = 20_000  # for readers of the log's items from its beginning
ITEMS_PER_BATCH = 100_000  # for readers of whole columns
PAYMENTS = Path(os.environ.get("ASSAY_TEST_DATA", "/nowhere")) / "payments" / "sparkov_2019.parquet"
ENTITIES = ("card", "customer", "merchant")
NUMBERS = (
    "customer_lat",
    "customer_lon",
    "merchant_lat",
    "merchant_lon",
    "customer_birth_year",
    "customer_city_pop",
)

pytestmark = pytest.mark.skipif(not PAYMENTS.exists(), reason="ASSAY_TEST_DATA has no payments")

Folded = tuple[NDArray[np.float64], dict[str, bytes]]  # rows, and the states at the end


@pytest.fixture(scope="module")
def lane() -> pd.DataFrame:
    """The last events of the file and their labels in the order in which they became known."""
    events = pd.read_parquet(PAYMENTS).iloc[-EVENTS:].reset_index(drop=True)
    events = events.rename(columns={f"{name}_id": name for name in ENTITIES})
    events["mode"], events["known_at"] = op.EVENT, events["occurred_at"]
    labels = events.assign(mode=op.LABEL, known_at=events["label_known_at"])
    merged = pd.concat([events, labels]).sort_values("known_at", kind="stable", ignore_index=True)
    assert (np.diff(merged["mode"]) != 0).sum() > EVENTS // 100, "labels come among the events"
    merged["seq"] = np.arange(1, len(merged) + 1)
    merged["occurred_at_us"] = merged["occurred_at"].astype("datetime64[us, UTC]").astype("int64")
    merged["positive_delta"] = merged["is_fraud"].where(merged["mode"] == op.LABEL, 0)
    merged["minor"] = (merged["amount"] * 100).round().astype("int64")
    return merged


@pytest.fixture(scope="module")
def plan(lane: pd.DataFrame) -> LanePlan:
    """All that payments declare; two categories are not in the vocabulary."""
    categories = tuple(sorted(lane["category"].unique()))
    return lane_plan("commerce", {"payment": {"category": categories[:-2]}})


@pytest.fixture(scope="module")
def live(lane: pd.DataFrame, plan: LanePlan) -> Folded:
    """As a lane does it: micro-batches of items, onto states as the online store keeps them."""
    stored: dict[str, bytes] = {}
    items = list(items_of(lane))
    rows = np.empty((len(items), plan.width))
    for start, end in micro_batches(len(items)):
        batch = encode(plan, items[start:end])
        arena = Arena.from_blobs(plan, {key: stored.get(key) for key in batch.state_keys()})
        rows[start:end] = fold(plan, batch, arena)
        stored.update(arena.iter_blobs())
    return rows, stored


def items_of(lane: pd.DataFrame) -> Iterator[LaneItem]:
    """The lane as the log's JSON has it."""
    names = [*ENTITIES, "category", *NUMBERS]
    fields = zip(*(lane[name].tolist() for name in names), strict=True)
    columns = ("seq", "mode", "occurred_at_us", "positive_delta", "minor")
    heads = zip(*(lane[name].tolist() for name in columns), strict=True)
    for (seq, mode, moment, delta, minor), values in zip(heads, fields, strict=True):
        said = dict(zip(names, values, strict=True)) | {"amount": {"minor": minor, "currency": "USD"}}
        kind = "event" if mode == op.EVENT else "label"
        yield LaneItem(seq, kind, "payment", moment, said, positive_delta=delta)


def micro_batches(items: int) -> Iterator[tuple[int, int]]:
    sizes = np.resize(MICRO_BATCHES, items)
    ends = np.cumsum(sizes)
    return pairwise([0, *ends[ends < items].tolist(), items])


def batches_of(lane: pd.DataFrame, plan: LanePlan) -> Iterator[tuple[None, object]]:
    for start in range(0, len(lane), ITEMS_PER_BATCH):
        part = lane.iloc[start : start + ITEMS_PER_BATCH]
        names = ("seq", "occurred_at_us", "mode", "positive_delta", *NUMBERS)
        columns = {name: part[name].to_numpy() for name in names}
        strings = {name: part[name].astype(object) for name in (*ENTITIES, "category")}
        yield None, encode_columns(plan, "payment", columns | strings | {"amount": part["minor"].to_numpy()})


def assert_equal(pieces: Iterator[NDArray[np.float64]], arena: Arena, live: Folded) -> None:
    rows, states = live
    done = 0
    for piece in pieces:
        assert piece.tobytes() == rows[done : done + len(piece)].tobytes(), f"items from {done}"
        done += len(piece)
    assert done == len(rows)
    assert arena.blobs() == states


@pytest.mark.parametrize("threads", [1, 2])
def test_history_in_whole_columns_is_what_happened_live(lane, plan, live, threads) -> None:
    arena = Arena(plan)
    history = fold_history(plan, batches_of(lane, plan), arena, threads=threads)
    assert_equal((output for _, slices in history for _, output in slices), arena, live)


def test_replay_of_the_logs_items_is_what_happened_live(lane, plan, live) -> None:
    arena, items = Arena(plan), list(items_of(lane))
    parts = (items[start : start + ITEMS_PER_READ] for start in range(0, len(items), ITEMS_PER_READ))
    assert_equal((fold(plan, encode(plan, part), arena) for part in parts), arena, live)


def test_the_compared_values_are_not_all_missing(lane, plan, live) -> None:
    """These payments have neither device nor address: nearly all other features have values."""
    vectors = plan.feature_set("payment").vector_of(live[0][(lane["mode"] == op.EVENT).to_numpy()])
    known = ~np.isnan(vectors)
    assert known.any(axis=0).sum() >= 48
    assert known.mean() > 0.8
