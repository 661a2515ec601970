"""Customers' ordinary behavior: merchants, hours, amounts and devices."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from demo.simulation.population import CATEGORIES, HOURLY_RHYTHM, Population

TYPICAL = np.log(np.array([row[1] for row in CATEGORIES]))
SPREAD = np.array([row[2] for row in CATEGORIES])
ONLINE = np.array([row[3] for row in CATEGORIES])


@dataclass(frozen=True)
class Purchases:
    """Ordinary payments as columns [n]. `device` is -1 for none (in person), 0 for the usual one."""

    customer: NDArray[np.int64]
    card: NDArray[np.int64]
    merchant: NDArray[np.int64]
    amount: NDArray[np.float64]
    device: NDArray[np.int64]
    at_home: NDArray[np.bool_]


def draw_purchases(
    *, rng: np.random.Generator, population: Population, customer: NDArray[np.int64]
) -> Purchases:
    """One purchase per entry of `customer` (repeats allowed)."""
    n = len(customer)
    merchant = _merchants(rng, population, customer)
    category = population.category[merchant]
    online = rng.random(n) < np.clip(ONLINE[category] * (0.6 + 0.8 * population.online[customer]), 0, 1)
    amount = (
        np.exp(TYPICAL[category] + SPREAD[category] * rng.standard_normal(n)) * population.scale[customer]
    )
    another = np.where(rng.random(n) < 0.04, rng.integers(1, 40, n), 0)
    return Purchases(
        customer=customer,
        card=np.where(rng.random(n) < 0.15, rng.integers(0, 2, n), 0) % population.cards[customer],
        merchant=merchant,
        amount=np.clip(amount, 0.5, 9_000.0),
        device=np.where(online, another, -1),
        at_home=rng.random(n) < 0.85,
    )


def draw_seconds(*, rng: np.random.Generator, shift: NDArray[np.int64]) -> NDArray[np.float64]:
    """Seconds since midnight, drawn from the daily rhythm moved by each `shift` in hours."""
    hour = (rng.choice(24, len(shift), p=HOURLY_RHYTHM / HOURLY_RHYTHM.sum()) + shift) % 24
    return hour * 3600.0 + rng.uniform(0, 3600.0, len(shift))


def _merchants(
    rng: np.random.Generator, population: Population, customer: NDArray[np.int64]
) -> NDArray[np.int64]:
    favorite = population.favorites[customer, rng.integers(0, population.favorites.shape[1], len(customer))]
    anywhere = rng.choice(population.merchants, len(customer), p=population.popularity)
    return np.where(rng.random(len(customer)) < 0.72, favorite, anywhere)
