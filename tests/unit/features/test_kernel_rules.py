"""The rules of docs/reference/features.md that random lanes seldom meet exactly, one by one."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Entity, Money, Number
from scoring.features import opcodes as op
from scoring.features.compile.plan import LanePlan, compile_lane
from scoring.features.errors import StateLayoutMismatch, StateNotLoaded
from scoring.features.folding import kernel
from scoring.features.folding.arena import Arena
from scoring.features.folding.encode import LaneItem, encode
from scoring.features.folding.fold import fold
from scoring.features.hashes import value_hash
from scoring.timestamps import to_micros

SECOND = 1_000_000
NOON = 472_222 * 3600 * SECOND  # a full hour


class Visit(EventType):
    name = "visit"
    lane = "shop"
    card, shop = Entity(), Entity()
    amount = Money()
    points = Number(optional=True)
    features = [
        card.distinct(shop, over="1m", cap=2),
        card.is_new(shop, cap=2),
        card.fraud_count(over="1h", delay="0m"),
        card.count(over="1h"),
        card.points.min(over="1h"),
        card.points.sum(over="1h"),
        card.amount.std(over="1h"),
    ]


PLAN = compile_lane("shop", [Visit])
NAMES = PLAN.feature_set("visit").names


def visit(seq: int, seconds: float, shop: str = "s", **more: Any) -> LaneItem:
    fields = {"card": "c", "shop": shop, "amount": {"minor": 100, "currency": "USD"}, **more}
    return LaneItem(seq, "event", "visit", NOON + int(seconds * SECOND), fields)


def again(kind: Any, item: LaneItem, seq: int, delta: int = 0) -> LaneItem:
    return LaneItem(seq, kind, item.type, item.occurred_at_us, item.fields, positive_delta=delta)


def last_values(*items: LaneItem, plan: LanePlan = PLAN) -> tuple[dict[str, float], Arena]:
    batch = encode(plan, items)
    arena = Arena.for_batch(plan, batch)
    out = fold(plan, batch, arena)
    return dict(zip(NAMES, out[-1].tolist(), strict=False)), arena


def in_order_of_hash(*names: str) -> list[str]:
    return sorted(names, key=lambda name: int(np.uint64(value_hash(name)).astype(np.int64)))


class Sale(EventType):
    name = "sale"
    lane = "sales"
    card = Entity()
    amount = Money()
    points = Number(optional=True)
    features = [
        card.count(over="1h", where=amount.below(5)),
        card.count(over="1h", where=amount.at_most(5)),
        card.count(over="1h", where=amount.above(5)),
        card.count(over="1h", where=amount.at_least(5)),
        card.count(over="1h", where=points.below(5)),
        card.count(over="1h", where=points.at_most(5)),
        card.count(over="1h", where=points.above(5)),
        card.count(over="1h", where=points.at_least(5)),
    ]


@pytest.mark.parametrize(
    ("minor", "points", "fulfilled"),
    [
        (499, 4.5, ["amount_below", "amount_at_most", "points_below", "points_at_most"]),
        (500, 5, ["amount_at_most", "amount_at_least", "points_at_most", "points_at_least"]),
        (501, 5.5, ["amount_above", "amount_at_least", "points_above", "points_at_least"]),
        (500, None, ["amount_at_most", "amount_at_least"]),
    ],
)
def test_a_condition_holds_up_to_its_bound(minor: int, points: float | None, fulfilled: list[str]) -> None:
    fields = {"card": "c", "amount": {"minor": minor, "currency": "USD"}, "points": points}
    plan = compile_lane("sales", [Sale])
    batch = encode(plan, [LaneItem(seq, "event", "sale", NOON, fields) for seq in (1, 2)])
    features = plan.feature_set("sale")
    counts = features.vector_of(fold(plan, batch, Arena.for_batch(plan, batch))[1])
    counted = [name for name, count in zip(features.names, counts, strict=True) if count]
    assert counted == [f"card_count_1h_where_{condition}_5" for condition in fulfilled]


def test_a_full_map_drops_the_smallest_hash_among_values_seen_at_the_same_time() -> None:
    small, middle, large = in_order_of_hash("s1", "s2", "s3")
    for order in ([small, middle, large], [large, middle, small], [middle, small, large]):
        shown = [visit(seq, 0, shop) for seq, shop in enumerate(order, start=1)]
        known = {shop: last_values(*shown, visit(9, 1, shop))[0]["card_new_shop"] == 0 for shop in order}
        assert known == {small: False, middle: True, large: True}


@pytest.mark.parametrize(("seconds", "saturated"), [(60, 1), (64.9, 1), (65, 0)])
def test_a_window_is_saturated_if_it_starts_no_later_than_the_newest_dropped_value(
    seconds: float, saturated: int
) -> None:
    shown = [visit(seq, 0, shop) for seq, shop in enumerate(("s1", "s2", "s3"), start=1)]
    _, arena = last_values(*shown, visit(9, seconds, "s1"))
    assert arena.saturated_reads.tolist() == [saturated]


def test_a_late_value_older_than_a_full_map_is_dropped_at_once() -> None:
    shown = [visit(1, 0, "s1"), visit(2, 1, "s2"), visit(3, -50, "s3")]
    values, arena = last_values(*shown, visit(4, 2, "s3"))
    assert values["card_new_shop"] == 1
    assert values["card_distinct_shop_1m"] == 2
    assert arena.saturated_reads.tolist() == [1]


def test_a_label_of_an_event_that_was_not_applied_counts_as_too_late() -> None:
    unseen = visit(1, 0)
    _, arena = last_values(again("label", unseen, 2, delta=1))
    assert arena.too_late().sum() == 1
    early = visit(3, -100)
    values, arena = last_values(early, again("label", unseen, 4, delta=1), visit(5, 3599))
    assert values["card_fraud_count_1h_after_0d"] == 0
    assert arena.too_late().sum() == 1


def test_a_label_that_changes_nothing_leaves_only_its_seq() -> None:
    first = visit(1, 0)
    _, before = last_values(first)
    _, after = last_values(first, again("label", first, 7, delta=0))
    states = zip(before.blobs().items(), after.blobs().items(), strict=True)
    for (key, old), (same_key, new) in states:
        assert key == same_key
        assert old[8:] == new[8:]


def test_undoing_an_event_restores_counts_and_sums_but_not_the_minimum() -> None:
    first = visit(1, 0, points=2)
    values, _ = last_values(first, visit(2, 1, points=5), again("undo", first, 3), visit(4, 2))
    assert values["card_count_1h"] == 1
    assert values["card_points_sum_1h"] == 5
    assert values["card_points_min_1h"] == 2


def test_a_variance_that_rounding_makes_negative_gives_a_spread_of_zero() -> None:
    huge = {"minor": 10**13 - 1, "currency": "USD"}
    values, _ = last_values(*(visit(seq, seq, amount=huge) for seq in range(1, 8)))
    assert values["card_amount_std_1h"] >= 0


@given(st.datetimes(datetime(1970, 1, 1), datetime(2399, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001
def test_the_kernel_knows_the_calendar(moment: datetime) -> None:
    assert kernel.year_of(to_micros(moment)) == moment.year


@pytest.mark.parametrize("year", [1970, 1999, 2000, 2001, 2023, 2024, 2100])
def test_a_year_begins_and_ends_at_midnight_utc(year: int) -> None:
    new_year = datetime(year, 1, 1, tzinfo=UTC)
    assert kernel.year_of(to_micros(new_year)) == year
    assert kernel.year_of(to_micros(new_year - timedelta(microseconds=1))) == year - 1


def test_the_distance_between_vienna_and_sydney_is_the_published_one() -> None:
    # Great-circle distance of the airports VIE and SYD: 15,980 km on a sphere of the mean radius.
    kilometers = kernel.haversine_km(48.1103, 16.5697, -33.9461, 151.1772)
    assert kilometers == pytest.approx(15_980, abs=25)


def test_a_state_of_another_layout_is_refused() -> None:
    with pytest.raises(StateLayoutMismatch, match="state '0:c' has 8 bytes"):
        Arena.from_blobs(PLAN, {"0:c": b"\x00" * 8})


def test_a_state_that_was_not_loaded_is_not_mistaken_for_a_new_entity() -> None:
    with pytest.raises(StateNotLoaded, match="'0:c'"):
        fold(PLAN, encode(PLAN, [visit(1, 0)]), Arena.from_blobs(PLAN, {"0:other": None}))


def test_a_state_begins_with_its_seq_and_latest_time() -> None:
    _, arena = last_values(visit(41, 5), visit(42, 3))
    words = np.frombuffer(arena.blobs()["0:c"], dtype="<i8")
    assert words[op.SEQ] == 42
    assert words[op.LATEST] == NOON + 5 * SECOND
    assert words[op.FIRST] == NOON + 3 * SECOND


def test_value_hashes_do_not_depend_on_the_process() -> None:
    assert value_hash("grocery") == int.from_bytes(bytes.fromhex(_BLAKE2B_GROCERY), "little")


_BLAKE2B_GROCERY = "cba3c45997c0d6e1"


def test_a_map_remembers_the_newest_time_that_it_has_dropped() -> None:
    shown = [visit(1, 0, "s1"), visit(2, 1, "s2"), visit(3, 2, "s3"), visit(4, -50, "s4")]
    _, before = last_values(*shown)
    _, arena = last_values(
        *shown, visit(5, 60, "s2")
    )  # reads from second 0 on: just what s1, dropped first, was
    assert arena.saturated_reads - before.saturated_reads == 1


def test_an_empty_batch_applies_nothing() -> None:
    assert fold(PLAN, encode(PLAN, []), Arena(PLAN)).shape == (0, PLAN.width)
