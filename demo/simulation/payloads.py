"""Purchases and fraud steps as API payloads."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from demo.simulation.habits import Purchases
from demo.simulation.population import (
    CATEGORY_NAMES,
    Population,
    card_name,
    customer_name,
    device_name,
    home_address,
    merchant_name,
    stranger_address,
)
from demo.simulation.scenarios import FraudStep, category_of

COLUMNS = (
    "id",
    "type",
    "occurred_at",
    "card",
    "customer",
    "merchant",
    "device",
    "ip",
    "amount",
    "currency",
    "category",
    "customer_lat",
    "customer_lon",
    "merchant_lat",
    "merchant_lon",
)
REFUND_FIELDS = ("card", "customer", "merchant", "amount", "currency")


def payload_columns(rng: np.random.Generator, population: Population, bought: Purchases) -> dict[str, Any]:
    """The payload fields of purchases, one list or array a column."""
    home, place = population.home[bought.customer].round(3), population.place[bought.merchant].round(3)
    traveling = rng.integers(1 << 20, size=len(bought.customer))
    return {
        "card": [card_name(c, k) for c, k in zip(bought.customer, bought.card, strict=True)],
        "customer": [customer_name(c) for c in bought.customer],
        "merchant": [merchant_name(m) for m in bought.merchant],
        "device": [
            device_name(c, d) if d >= 0 else None for c, d in zip(bought.customer, bought.device, strict=True)
        ],
        "ip": _addresses(bought, traveling),
        "amount": bought.amount.round(2),
        "currency": "USD",
        "category": np.array(CATEGORY_NAMES)[population.category[bought.merchant]],
        "customer_lat": home[:, 0],
        "customer_lon": home[:, 1],
        "merchant_lat": place[:, 0],
        "merchant_lon": place[:, 1],
    }


def step_row(population: Population, step: FraudStep) -> dict[str, Any]:
    """The payload fields of a fraud step, with its type and scenario."""
    home, place = population.home[step.customer].round(3), population.place[step.merchant].round(3)
    return {
        "card": card_name(step.customer, step.card),
        "customer": customer_name(step.customer),
        "merchant": merchant_name(step.merchant),
        "device": step.device,
        "ip": step.ip,
        "amount": round(step.amount, 2),
        "currency": "USD",
        "category": category_of(population, step.merchant),
        "customer_lat": home[0],
        "customer_lon": home[1],
        "merchant_lat": place[0],
        "merchant_lon": place[1],
        "type": step.kind,
        "scenario": step.scenario,
    }


def to_payload(row: dict[str, Any], *, id: str, occurred_at: str) -> dict[str, Any]:
    """A request body for `POST /api/v1/events`: amounts as decimal strings, missing values omitted."""
    wanted = REFUND_FIELDS if row["type"] == "refund" else COLUMNS[3:]
    fields = {name: _plain(row[name]) for name in wanted if row[name] is not None}
    return (
        {"type": row["type"], "id": id, "occurred_at": occurred_at}
        | fields
        | {"amount": f"{row['amount']:.2f}"}
    )


def _addresses(bought: Purchases, traveling: NDArray[np.int64]) -> list[str | None]:
    rows = zip(bought.customer, bought.device, bought.at_home, traveling, strict=True)
    return [None if d < 0 else home_address(int(c)) if h else stranger_address(int(t)) for c, d, h, t in rows]


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
