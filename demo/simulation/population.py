"""A seeded, simulated population of customers and merchants with habits."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# name, typical amount in dollars, spread of its logarithm, sold online (share), share of merchants
CATEGORIES = (
    ("grocery", 45.0, 0.6, 0.05, 0.16),
    ("fuel", 48.0, 0.3, 0.00, 0.09),
    ("restaurant", 28.0, 0.6, 0.05, 0.17),
    ("clothing", 70.0, 0.7, 0.40, 0.11),
    ("electronics", 180.0, 0.9, 0.55, 0.09),
    ("travel", 320.0, 0.8, 0.80, 0.05),
    ("health", 40.0, 0.7, 0.15, 0.09),
    ("home", 85.0, 0.8, 0.30, 0.08),
    ("digital", 14.0, 0.7, 1.00, 0.09),
    ("gift_cards", 60.0, 0.6, 0.75, 0.07),
)
CATEGORY_NAMES = tuple(row[0] for row in CATEGORIES)

# relative payments per hour of local time: quiet nights, a lunch bump, an evening peak
HOURLY_RHYTHM = np.array(
    [8, 5, 3, 2, 2, 4, 10, 22, 38, 46, 52, 60, 72, 66, 56, 54, 60, 72, 84, 78, 60, 42, 26, 14],
    dtype=np.float64,
)
WEEKLY_RHYTHM = np.array([0.92, 0.92, 0.95, 1.0, 1.18, 1.25, 0.95])  # Monday first
FAVORITES = 8


@dataclass(frozen=True)
class Population:
    """Customers [C] and merchants [M] as columns; row numbers identify them.

    `rate` is payments per day relative to the mean, `scale` multiplies amounts, `shift` moves the daily
    rhythm by hours, `favorites` int64 [C, FAVORITES] are merchants, `home` and `place` are latitude and
    longitude in degrees.
    """

    seed: int
    rate: NDArray[np.float64]
    scale: NDArray[np.float64]
    shift: NDArray[np.int64]
    favorites: NDArray[np.int64]
    home: NDArray[np.float64]
    online: NDArray[np.float64]
    cards: NDArray[np.int64]
    category: NDArray[np.int64]
    popularity: NDArray[np.float64]
    place: NDArray[np.float64]
    colluding: NDArray[np.bool_]

    @property
    def customers(self) -> int:
        return len(self.rate)

    @property
    def merchants(self) -> int:
        return len(self.category)

    def online_merchants(self) -> NDArray[np.int64]:
        """Merchants in categories that sell online, where stolen card data can be used remotely."""
        return np.flatnonzero(np.array([row[3] for row in CATEGORIES])[self.category] >= 0.4)


def make_population(*, customers: int, seed: int, merchants: int = 400) -> Population:
    """A population that depends on the arguments alone."""
    rng = np.random.default_rng([seed, 1])
    cities = np.column_stack([rng.uniform(30, 47, 40), rng.uniform(-120, -75, 40)])
    size = rng.pareto(1.2, 40) + 0.2
    category = rng.choice(len(CATEGORIES), merchants, p=[row[4] for row in CATEGORIES])
    popularity = (rng.pareto(1.5, merchants) + 0.3) / merchants
    city_of_merchant = rng.choice(40, merchants, p=size / size.sum())
    city_of_customer = rng.choice(40, customers, p=size / size.sum())
    rate = rng.gamma(1.6, 1.0, customers)
    return Population(
        seed=seed,
        rate=rate / rate.mean(),
        scale=rng.lognormal(0.0, 0.35, customers),
        shift=rng.integers(-3, 4, customers),
        favorites=_favorites(rng, city_of_customer, city_of_merchant, popularity),
        home=cities[city_of_customer] + rng.normal(0, 0.15, (customers, 2)),
        online=rng.beta(2, 3, customers),
        cards=rng.choice([1, 2], customers, p=[0.8, 0.2]),
        category=category,
        popularity=popularity / popularity.sum(),
        place=cities[city_of_merchant] + rng.normal(0, 0.15, (merchants, 2)),
        colluding=rng.random(merchants) < 0.02,
    )


def _favorites(
    rng: np.random.Generator, city_of_customer: NDArray, city_of_merchant: NDArray, popularity: NDArray
) -> NDArray[np.int64]:
    """FAVORITES merchants per customer, eight times as likely in the customer's own city."""
    chosen = np.empty((len(city_of_customer), FAVORITES), dtype=np.int64)
    for city in np.unique(city_of_customer):
        members = np.flatnonzero(city_of_customer == city)
        weight = popularity * np.where(city_of_merchant == city, 8.0, 1.0)
        chosen[members] = rng.choice(len(popularity), (len(members), FAVORITES), p=weight / weight.sum())
    return chosen


def customer_name(number: int) -> str:
    return f"cu-{number:06d}"


def card_name(customer: int, card: int) -> str:
    return f"card-{customer:06d}-{card}"


def merchant_name(number: int) -> str:
    return f"m-{number:04d}"


def device_name(customer: int, device: int) -> str:
    return f"dev-{customer:06d}-{device}"


def home_address(customer: int) -> str:
    """The customer's usual IP address, from a private block (RFC 1918)."""
    return f"10.{customer >> 16 & 255}.{customer >> 8 & 255}.{customer & 255}"


def stranger_address(number: int) -> str:
    """An IP address that no customer uses."""
    return f"172.{16 + (number >> 16 & 15)}.{number >> 8 & 255}.{number & 255}"
