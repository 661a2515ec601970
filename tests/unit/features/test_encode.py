"""Items and whole columns, in whatever form these come, encode to one and the same batch."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Category, Entity, Money, Number
from scoring.declare import pair
from scoring.features.compile.plan import compile_lane
from scoring.features.errors import StateLayoutMismatch, StateNotLoaded
from scoring.features.folding.arena import Arena
from scoring.features.folding.encode import MODES, Batch, ItemKind, KeyColumn, LaneItem, encode
from scoring.features.folding.encode_columns import encode_columns, merge_batches


class Order(EventType):
    name = "order"
    lane = "shop"
    card, shop = Entity(), Entity(optional=True)
    amount = Money()
    tip = Number(optional=True)
    size = Category(optional=True)
    features = [
        size,
        card.amount.sum(over="1h"),
        card.tip.sum(over="1h"),
        card.distinct(size, over="1h", cap=2),
        shop.count(over="1h"),
        pair(card, shop).fraud_count(over="1h", delay="0m"),
    ]


PLAN = compile_lane("shop", [Order], {"order": {"size": ("small", "large")}})


def order(seq: int, card: str, minor: int, kind: ItemKind = "event", delta: int = 0, **more: Any) -> LaneItem:
    fields = {"card": card, "amount": {"minor": minor, "currency": "USD"}, **more}
    return LaneItem(seq, kind, "order", 1_000 + seq, fields, positive_delta=delta)


ITEMS = [
    order(3, "a", 100, shop="x", tip=0.5, size="small"),
    order(4, "b", 200, shop="y", size="huge"),
    order(5, "a", 300, size="large", tip=0),
    order(6, "a", 400, shop="y", size="large"),
    order(7, "a", 100, "label", 1, shop="x", tip=0.5, size="small"),
    order(9, "b", 200, "undo", shop="y", size="huge"),
    order(10, "b", 500, shop="x"),
]
EVENTS = [replace(item, kind="event", positive_delta=0) for item in ITEMS]


def columns_of(items: Sequence[LaneItem], form: Callable[[list[str | None]], Any] = list) -> dict[str, Any]:
    texts = {name: form([item.fields.get(name) for item in items]) for name in ("card", "shop", "size")}
    return {
        "seq": [item.seq for item in items],
        "occurred_at_us": [item.occurred_at_us for item in items],
        "amount": [item.fields["amount"]["minor"] for item in items],
        "tip": [item.fields.get("tip", np.nan) for item in items],
        **texts,
    }


def assert_same(one: Batch, other: Batch) -> None:
    """The same items; the keys of an entity may be numbered in another order."""
    assert (one.n, one.kinds) == (other.n, other.kinds)
    for name in ("program", "times", "seqs", "deltas", "values", "hashes"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name, strict=True)
    assert list(map(keys_of, one.keys)) == list(map(keys_of, other.keys))
    assert sorted(one.state_keys()) == sorted(other.state_keys())


def keys_of(column: KeyColumn) -> list[str | None]:
    assert len(set(column.uniques)) == len(column.uniques) == len(set(column.codes.tolist()) - {-1})
    assert column.codes.min() >= -1
    return [column.uniques[code] if code >= 0 else None for code in column.codes.tolist()]


def numbered(values: list[str | None]) -> KeyColumn:
    uniques = list(dict.fromkeys(value for value in values if value is not None))
    return KeyColumn(np.array([uniques.index(v) if v is not None else -1 for v in values]), uniques)


FORMS: dict[str, Callable[[list[str | None]], Any]] = {
    "a list": list,
    "objects": lambda values: np.array(values, dtype=object),
    "a series": pd.Series,
    "a categorical": pd.Categorical,
    "Arrow strings": pa.array,
    "an Arrow dictionary": lambda values: pa.array(values).dictionary_encode(),
    "codes": numbered,
}


@pytest.mark.parametrize("form", FORMS)
def test_columns_of_many_types_are_accepted(form: str) -> None:
    assert_same(encode_columns(PLAN, "order", columns_of(EVENTS, FORMS[form])), encode(PLAN, EVENTS))


@pytest.mark.parametrize("numbers", [None, np.int8, np.int64], ids=["names", "int8", "int64"])
def test_an_items_mode_is_given_by_name_or_by_number(numbers: Any) -> None:
    modes: Any = [item.kind for item in ITEMS]
    if numbers:
        modes = np.array([MODES[mode] for mode in modes], dtype=numbers)
    deltas = [item.positive_delta for item in ITEMS]
    columns = {**columns_of(ITEMS), "mode": modes, "positive_delta": deltas}
    assert_same(encode_columns(PLAN, "order", columns), encode(PLAN, ITEMS))


@pytest.mark.parametrize("absent", [["tip"], ["size"], ["shop"], ["shop", "tip", "size"]])
def test_an_absent_column_is_missing_everywhere(absent: list[str]) -> None:
    without = [
        replace(item, fields={name: value for name, value in item.fields.items() if name not in absent})
        for item in EVENTS
    ]
    columns = {name: column for name, column in columns_of(EVENTS).items() if name not in absent}
    assert_same(encode_columns(PLAN, "order", columns), encode(PLAN, without))


@pytest.mark.parametrize(
    "parts",
    [[[0, 2, 4]], [[0, 1, 3, 2]], [[0, 3, 6], [4]], [[5, 2, 0], [6, 1], [3, 4]], [[2, 1], []]],
    ids=["one in order", "one in disorder", "two", "three in disorder", "one that is empty"],
)
def test_batches_are_merged_in_order_of_seq(parts: list[list[int]]) -> None:
    merged = merge_batches([encode(PLAN, [ITEMS[at] for at in part]) for part in parts])
    assert_same(merged, encode(PLAN, [ITEMS[at] for at in sorted(at for part in parts for at in part)]))


def test_states_stay_intact_while_others_are_added() -> None:
    """Each entity has its own state, and adding an entity neither moves nor clears another's."""
    arena, places = Arena(PLAN, capacity=1), dict[str, int]()
    for number in range(40):
        batch = encode(PLAN, [order(1, f"card-{number}", 1, shop=f"shop-{number % 7}")])
        for kind, starts, column in zip(batch.kinds, arena.starts(batch), batch.keys, strict=True):
            for key, start in zip(column.uniques, starts[:-1].tolist(), strict=True):
                words = arena.memory()[0][start : start + len(PLAN.templates[kind])]
                if f"{kind}:{key}" in places:
                    assert (start, words[0]) == (places[f"{kind}:{key}"], start)
                else:
                    np.testing.assert_array_equal(words, PLAN.templates[kind])
                words[0] = places[f"{kind}:{key}"] = start
            assert starts[-1] < 0
    assert len(places) == arena.state_count() == 40 + 7 + 40
    assert {key: int(np.frombuffer(blob, dtype="<i8")[0]) for key, blob in arena.iter_blobs()} == places


def test_stored_states_are_loaded_each_into_its_own_place() -> None:
    batch = encode(PLAN, [order(1, "a:1", 1, shop="x"), order(2, "b", 1, shop="x"), order(3, "b", 1)])
    stored: dict[str, bytes | None] = {}
    for number, key in enumerate(batch.state_keys()):
        words = len(PLAN.templates[int(key[0])])
        stored[key] = np.arange(words * number, words * (number + 1), dtype="<i8").tobytes()
    arena = Arena.from_blobs(PLAN, stored)
    assert arena.blobs() == stored
    for at, column in enumerate(batch.keys):
        places = arena.slots(batch)[:, at].tolist()
        assert [place < 0 for place in places] == [key is None for key in keys_of(column)]
        for place, key in zip(places, keys_of(column), strict=True):
            if key is not None:
                state = np.frombuffer(stored[f"{batch.kinds[at]}:{key}"] or b"", dtype="<i8")
                np.testing.assert_array_equal(arena.memory()[0][place : place + len(state)], state)
    fresh = Arena.from_blobs(PLAN, dict.fromkeys(stored)).blobs()
    assert fresh == {key: PLAN.templates[int(key[0])].astype("<i8").tobytes() for key in stored}
    for other in (fresh["0:a:1"][:-8], fresh["0:a:1"] + bytes(8)):
        with pytest.raises(StateLayoutMismatch):
            Arena.from_blobs(PLAN, {"0:a:1": other})
    with pytest.raises(StateNotLoaded, match="'0:c'"):
        arena.slots(encode(PLAN, [order(1, "c", 1)]))
