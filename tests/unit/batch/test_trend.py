"""Trends: what is happening against what the longer window would give."""

import math

import numpy as np

from scoring.batch.views import due_at
from tests.factories.views import DAY, HOUR, MONDAY, Order, OrderPlaced, values_of, view_events

MINUTE = HOUR // 60
AS_OF = MONDAY + DAY


def trend(orders: list[OrderPlaced], merchant: str = "shop") -> dict[str, float]:
    return values_of(Order.rush, view_events(orders), {"merchant": merchant}, as_of_us=AS_OF)


def test_the_last_hour_is_compared_with_the_days_rate():
    """48 orders in the day are 2 an hour; 8 came in the last one."""
    earlier = [OrderPlaced(AS_OF - 2 * HOUR - n * 30 * MINUTE) for n in range(40)]
    assert trend([*earlier, *(OrderPlaced(AS_OF - 1 - n * MINUTE) for n in range(8))]) == {
        "ratio": 4.0,
        "count": 8.0,
    }


def test_a_quiet_hour_is_nought_and_a_quiet_day_is_not_known():
    assert trend([OrderPlaced(AS_OF - 5 * HOUR)]) == {"ratio": 0.0, "count": 0.0}
    assert all(map(math.isnan, trend([OrderPlaced(AS_OF - DAY - 1)]).values()))
    assert all(map(math.isnan, trend([OrderPlaced(AS_OF - HOUR)], merchant="other").values()))


def test_windows_hold_their_first_moment_and_not_their_last():
    edges = [AS_OF - DAY - 1, AS_OF - DAY, AS_OF - HOUR - 1, AS_OF - HOUR, AS_OF - 1, AS_OF]
    assert trend([OrderPlaced(at) for at in edges]) == {"ratio": 2 / (4 / 24), "count": 2.0}


def test_merchants_are_counted_apart():
    orders = [OrderPlaced(AS_OF - 1, merchant=name) for name in ("shop", "bar", "bar", None)]
    assert trend(orders, "bar") == {"ratio": 24.0, "count": 2.0}


def test_a_version_is_due_at_each_multiple_of_its_period():
    moments = np.array([0, 1, 10 * MINUTE - 1, 10 * MINUTE])
    assert [due_at(Order.rush, AS_OF + int(at)) - AS_OF for at in moments] == [0, 0, 0, 10 * MINUTE]


def test_thousands_of_merchants_are_distinguished():
    """At this moment 8,192 merchants times microseconds are 64 bits: the last of these would be the first."""
    moment = 2**51
    orders = [OrderPlaced(moment - 1, merchant=f"m{n:04}") for n in range(8_193)]
    (table,) = Order.rush.compute(view_events(orders), as_of_us=moment)
    assert len(table.keys) == 8_193
    assert (table.matrix == 1).all()
