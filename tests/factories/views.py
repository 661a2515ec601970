"""An event type with batch views, and its events, without a database."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np

from scoring.batch.compute.embedding import Embedding
from scoring.batch.compute.profile import Profile
from scoring.batch.compute.statistics import (
    active_days,
    count,
    favorite_share,
    hour_regularity,
    mean_gap,
    median,
    quantile,
    share_at,
    usual_hour,
    variety,
)
from scoring.batch.compute.trend import Trend
from scoring.batch.history import ViewHistory
from scoring.batch.views import BatchView, ViewEvents
from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Category, Entity, Money
from scoring.features.folding.encode import KeyColumn, LaneItem
from scoring.timestamps import to_micros

SECOND, HOUR, DAY = 1_000_000, 3_600_000_000, 86_400_000_000
MONDAY = to_micros(datetime(2026, 3, 2, tzinfo=UTC))


class Order(EventType):
    name, lane = "order", "orders"
    customer, merchant = Entity(), Entity(optional=True)
    amount, category = Money(optional=True), Category(optional=True)

    habits = Profile(
        customer,
        over="7d",
        every="1d",
        stale_after="3d",
        orders=count(),
        typical=median(amount),
        high=quantile(amount, 0.95),
        kinds=variety(category),
        loyalty=favorite_share(merchant),
        night=share_at(hours=(22, 6)),
        weekend=share_at(weekdays="sat sun"),
        hour=usual_hour(),
        regularity=hour_regularity(),
        days=active_days(),
        gap=mean_gap(),
    )
    taste = Embedding(customer, merchant, over="7d", every="1d", stale_after="7d", dimensions=3)
    rush = Trend(merchant, over="1h", against="24h", every="10m", stale_after="45m")


VIEWS: Sequence[BatchView] = (Order.habits, Order.taste, Order.rush)


class OrderPlaced(NamedTuple):
    """An order at a time in microseconds since 1970; a missing field is None or NaN."""

    at_us: int
    customer: str | None = "ann"
    merchant: str | None = "shop"
    category: str | None = "food"
    amount: float = float("nan")


def view_events(orders: Sequence[OrderPlaced]) -> ViewEvents:
    """The orders sorted by time; simultaneous ones keep their order."""
    ordered = sorted(orders, key=lambda order: order.at_us)
    names = ("customer", "merchant", "category")
    return ViewEvents(
        times=np.array([order.at_us for order in ordered], dtype=np.int64),
        names={name: key_column([getattr(order, name) for order in ordered]) for name in names},
        numbers={"amount": np.array([order.amount for order in ordered], dtype=np.float64)},
    )


def key_column(values: Sequence[str | None]) -> KeyColumn:
    """Strings as codes, numbered by first appearance."""
    seen: dict[str, int] = {}
    codes = [-1 if value is None else seen.setdefault(value, len(seen)) for value in values]
    return KeyColumn(np.array(codes, dtype=np.int64), list(seen))


def values_of(
    view: BatchView, events: ViewEvents, entities: Mapping[str, str], *, as_of_us: int
) -> dict[str, Any]:
    """The values by name that the version as of that time has for an event with these entities."""
    rows = []
    for spec, table in zip(view.tables, view.compute(events, as_of_us=as_of_us), strict=True):
        key = entities[spec.field]
        known = key in table.keys
        rows.append(
            table.matrix[[table.keys.index(key)]] if known else np.full((1, len(spec.columns)), np.nan)
        )
    return dict(zip(view.values, view.combine(rows)[0].tolist(), strict=True))


def with_batch_values(item: LaneItem, histories: list[ViewHistory]) -> LaneItem:
    """A payment with the values that each view would have had, although none was published."""
    if item.kind != "event" or item.type != "payment":
        return item
    fields = dict(item.fields)
    for history in histories:
        entities = [fields.get(spec.field) for spec in history.view.tables]
        keys = [KeyColumn(np.array([0 if entity else -1]), [entity] if entity else []) for entity in entities]
        values = history.values(keys, np.array([item.occurred_at_us]))[0].tolist()
        columns = [f"{history.view.name}.{value}" for value in history.view.values]
        known = zip(columns, values, strict=True)
        fields |= {column: value for column, value in known if not math.isnan(value)}
    return replace(item, fields=fields)
