"""Each word of a profile against its plain meaning, one entity and one event at a time."""

import cmath
import math
import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories.views import DAY, HOUR, MONDAY, SECOND, Order, OrderPlaced, values_of, view_events

NAN = math.nan
AS_OF = MONDAY + 7 * DAY
NIGHT = {22, 23, 0, 1, 2, 3, 4, 5}


def linear_quantile(values: Sequence[float], q: float) -> float:
    if not values:
        return NAN
    ordered, position = sorted(values), q * (len(values) - 1)
    below = math.floor(position)
    above = min(below + 1, len(values) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


def effective_number(values: Sequence[str]) -> float:
    shares = [count / len(values) for count in Counter(values).values()]
    return 2 ** -sum(share * math.log2(share) for share in shares) if values else NAN


def largest_share(values: Sequence[str]) -> float:
    return max(Counter(values).values()) / len(values) if values else NAN


def share(orders: Sequence[OrderPlaced], inside: Callable[[OrderPlaced], bool]) -> float:
    return sum(map(inside, orders)) / len(orders)


def mean_direction(orders: Sequence[OrderPlaced]) -> complex:
    minutes = [order.at_us // (60 * SECOND) % 1440 for order in orders]
    return sum(cmath.rect(1, minute * 2 * math.pi / 1440) for minute in minutes) / len(minutes)


def gap_seconds(orders: Sequence[OrderPlaced]) -> float:
    times = sorted(order.at_us for order in orders)
    gaps = [(later - earlier) / SECOND for earlier, later in pairwise(times)]
    return statistics.fmean(gaps) if gaps else NAN


def given_ones(orders: Sequence[OrderPlaced], name: str) -> list:
    values = [getattr(order, name) for order in orders]
    return [value for value in values if value is not None and value == value]  # noqa: PLR0124 (not NaN)


PLAINLY: dict[str, Callable[[Sequence[OrderPlaced]], float]] = {
    "orders": len,
    "typical": lambda orders: statistics.median(given_ones(orders, "amount") or [NAN]),
    "high": lambda orders: linear_quantile(given_ones(orders, "amount"), 0.95),
    "kinds": lambda orders: effective_number(given_ones(orders, "category")),
    "loyalty": lambda orders: largest_share(given_ones(orders, "merchant")),
    "night": lambda orders: share(
        orders, lambda order: order.at_us // HOUR % 24 in {22, 23, 0, 1, 2, 3, 4, 5}
    ),
    "weekend": lambda orders: share(orders, lambda order: (order.at_us - MONDAY) // DAY % 7 >= 5),
    "hour": lambda orders: cmath.phase(mean_direction(orders)) * 12 / math.pi % 24,
    "regularity": lambda orders: abs(mean_direction(orders)),
    "days": lambda orders: len({order.at_us // DAY for order in orders}),
    "gap": gap_seconds,
}


def test_every_value_of_the_profile_is_checked_here():
    assert set(PLAINLY) == set(Order.habits.values)


orders_of_two_weeks = st.lists(
    st.builds(
        OrderPlaced,
        at_us=st.integers(MONDAY - 7 * DAY, MONDAY + 8 * DAY),
        customer=st.sampled_from(["ann", "bo", "cy", None]),
        merchant=st.sampled_from(["shop", "bar", "gym", None]),
        category=st.sampled_from(["food", "fuel", "fun", None]),
        amount=st.sampled_from([100.0, 250.0, 999.0, 1e6, NAN]),
    ),
    max_size=40,
)


@pytest.mark.parametrize("value", PLAINLY)
@given(orders=orders_of_two_weeks)
def test_every_statistic_gives_its_value(value, orders):
    events = view_events(orders)
    for customer in ("ann", "bo"):
        counted = [o for o in orders if o.customer == customer and AS_OF - 7 * DAY <= o.at_us < AS_OF]
        found = values_of(Order.habits, events, {"customer": customer}, as_of_us=AS_OF)[value]
        expected = PLAINLY[value](counted) if counted else NAN
        if value == "hour" and counted and abs(mean_direction(counted)) < 1e-9:
            continue  # spread evenly around the clock: no direction
        if value == "hour":  # 23:59 and 00:00 are neighbors
            assert math.isnan(expected) == math.isnan(found)
            assert math.isnan(found) or abs((found - expected + 12) % 24 - 12) < 1e-6
        else:
            assert found == pytest.approx(expected, rel=1e-9, abs=1e-9, nan_ok=True)


def test_hours_around_midnight_meet_there():
    orders = [OrderPlaced(MONDAY + 23 * HOUR), OrderPlaced(MONDAY + DAY + HOUR)]
    values = values_of(Order.habits, view_events(orders), {"customer": "ann"}, as_of_us=AS_OF)
    assert min(values["hour"], 24 - values["hour"]) == pytest.approx(0, abs=1e-9)
    assert values["night"] == 1.0


def test_the_window_ends_before_its_moment_and_begins_with_it():
    orders = [
        OrderPlaced(AS_OF - 7 * DAY - 1),
        OrderPlaced(AS_OF - 7 * DAY),
        OrderPlaced(AS_OF - 1),
        OrderPlaced(AS_OF),
    ]
    values = values_of(Order.habits, view_events(orders), {"customer": "ann"}, as_of_us=AS_OF)
    assert values["orders"] == 2


def test_who_has_no_events_has_no_row():
    events = view_events([OrderPlaced(MONDAY), OrderPlaced(MONDAY - 30 * DAY, customer="bo")])
    (table,) = Order.habits.compute(events, as_of_us=AS_OF)
    assert table.keys == ["ann"]
