"""History has the values that versions would have had, and nothing of the future."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.batch.history import ViewHistory, boundary_read
from scoring.batch.views import BatchView, Matrix
from tests.factories.views import (
    DAY,
    HOUR,
    MONDAY,
    VIEWS,
    Order,
    OrderPlaced,
    key_column,
    values_of,
    view_events,
)

views = pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
orders = st.builds(
    OrderPlaced,
    # A few days, most of them within some hours: trends look back an hour.
    at_us=st.one_of(
        st.integers(MONDAY, MONDAY + 9 * DAY), st.integers(MONDAY + DAY, MONDAY + DAY + 4 * HOUR)
    ),
    customer=st.sampled_from(["ann", "bo", "cy", "dee", "eve", None]),
    merchant=st.sampled_from(["shop", "bar", "gym", "inn", None]),
    category=st.sampled_from(["food", "fuel"]),
    amount=st.sampled_from([100.0, 250.0, 1e6]),
)


def history_of(view: BatchView, known: list[OrderPlaced], asked: list[OrderPlaced]) -> Matrix:
    """What history says of the events asked about when it knows those events."""
    keys = [key_column([getattr(order, spec.field) for order in asked]) for spec in view.tables]
    times = np.array([order.at_us for order in asked], dtype=np.int64)
    return ViewHistory(view, view_events(known)).values(keys, times)


@views
@given(known=st.lists(orders, max_size=40), asked=st.lists(orders, min_size=1, max_size=6))
def test_a_value_is_that_of_the_version_of_its_boundary(view, known, asked):
    found = history_of(view, known, asked)
    for order, row in zip(asked, found, strict=True):
        (boundary,) = boundary_read(view, np.array([order.at_us])).tolist()
        before = view_events([earlier for earlier in known if earlier.at_us < boundary])
        entities = {spec.field: getattr(order, spec.field) for spec in view.tables}
        version = values_of(view, before, entities, as_of_us=boundary)
        assert row.tobytes() == np.array([version[value] for value in view.values]).tobytes()


@views
@given(known=st.lists(orders, max_size=40), asked=orders, later=st.lists(orders, max_size=10))
def test_nothing_from_the_boundary_on_changes_a_value(view, known, asked, later):
    (boundary,) = boundary_read(view, np.array([asked.at_us])).tolist()
    until_then = [order for order in known if order.at_us < boundary]
    other_future = [order for order in later if order.at_us >= boundary]
    assert (
        history_of(view, known, [asked]).tobytes()
        == history_of(view, until_then + other_future, [asked]).tobytes()
    )


@pytest.mark.parametrize(
    ("at", "boundary"),
    [
        (2 * DAY, DAY),  # a version takes its period to come
        (2 * DAY - 1, 0),
        (2 * DAY + 23 * HOUR, DAY),
    ],
)
def test_the_version_read_is_a_period_old_at_least(at, boundary):
    assert boundary_read(Order.habits, np.array([MONDAY + at])).tolist() == [MONDAY + boundary]


@views
def test_consecutive_batches_give_the_same_as_one(view):
    """The last moments are kept from one to the next."""
    known = [
        OrderPlaced(MONDAY + n * HOUR, customer=f"c{n % 7}", merchant=f"m{n % 5}", amount=float(n))
        for n in range(200)
    ]
    history = ViewHistory(view, view_events(known))
    keys = [key_column([getattr(order, spec.field) for order in known]) for spec in view.tables]
    times = np.array([order.at_us for order in known])
    together = history.values(keys, times)
    parts = []
    for start in range(0, 200, 9):
        part = slice(start, start + 9)
        parts.append(history.values([type(key)(key.codes[part], key.uniques) for key in keys], times[part]))
    assert np.concatenate(parts).tobytes() == together.tobytes()


@views
def test_several_moments_at_a_time_give_the_same_bits(view):
    known = [
        OrderPlaced(MONDAY + n * 5 * HOUR, customer=f"c{n % 7}", merchant=f"m{n % 5}", amount=float(n))
        for n in range(100)
    ]
    keys = [key_column([getattr(order, spec.field) for order in known]) for spec in view.tables]
    times = np.array([order.at_us for order in known])
    one, three = (ViewHistory(view, view_events(known)).values(keys, times, threads=n) for n in (1, 3))
    assert three.tobytes() == one.tobytes()


@views
def test_no_events_asked_about_give_no_rows(view):
    assert history_of(view, [OrderPlaced(MONDAY)], []).shape == (0, len(view.values))
