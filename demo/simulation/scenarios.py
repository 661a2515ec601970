"""Scenarios of the kinds of fraud seen in practice, as sequences of payments and refunds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from demo.simulation.population import (
    CATEGORY_NAMES,
    Population,
    device_name,
    home_address,
    stranger_address,
)

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0


@dataclass(frozen=True)
class FraudStep:
    """One payment or refund, `after` seconds from the scenario's start."""

    after: float
    kind: str  # "payment" | "refund"
    customer: int
    card: int
    merchant: int
    amount: float
    device: str | None
    ip: str | None
    scenario: str


def card_testing(rng: np.random.Generator, population: Population) -> list[FraudStep]:
    """Stolen card numbers are tested with tiny amounts from one device; the valid ones are then used."""
    trial_shop, spending_shop = rng.choice(population.online_merchants(), 2)
    common: dict[str, Any] = {"origin": _stranger(rng), "scenario": "card_testing"}
    steps, clock = [], 0.0
    for customer in rng.choice(population.customers, rng.integers(5, 14), replace=False):
        clock += rng.exponential(1.5 * MINUTE)
        trial = _pay(
            rng,
            population,
            after=clock,
            customer=customer,
            merchant=trial_shop,
            amount=rng.uniform(0.5, 4.5),
            **common,
        )
        steps.append(trial)
        if rng.random() < 0.4:
            after, amount = clock + rng.uniform(5, 120) * MINUTE, rng.uniform(80, 420)
            steps.append(replace(trial, after=after, merchant=int(spending_shop), amount=float(amount)))
    return steps


def account_takeover(rng: np.random.Generator, population: Population) -> list[FraudStep]:
    """An unknown device in an existing account, with rising amounts."""
    common: dict[str, Any] = {"customer": rng.integers(population.customers), "origin": _stranger(rng)}
    amount, clock, steps = rng.uniform(20, 60), 0.0, []
    for _ in range(rng.integers(4, 10)):
        shop = rng.choice(population.online_merchants())
        steps.append(
            _pay(
                rng,
                population,
                after=clock,
                merchant=shop,
                amount=amount,
                scenario="account_takeover",
                **common,
            )
        )
        clock += rng.exponential(1.5 * HOUR)
        amount *= rng.uniform(1.1, 1.9)
    return [replace(step, card=steps[0].card) for step in steps]


def stolen_card(rng: np.random.Generator, population: Population) -> list[FraudStep]:
    """A stolen card is used at night, far from its owner's home."""
    customer = rng.integers(population.customers)
    distance = np.abs(population.place - population.home[customer]).sum(axis=1)
    far = np.flatnonzero(distance > np.median(distance))
    common: dict[str, Any] = {"customer": customer, "origin": None, "scenario": "stolen_card"}
    clock, steps = 0.0, []
    for _ in range(rng.integers(3, 9)):
        amount = rng.lognormal(np.log(150), 0.6)
        steps.append(_pay(rng, population, after=clock, merchant=rng.choice(far), amount=amount, **common))
        clock += rng.exponential(25 * MINUTE)
    return [replace(step, card=steps[0].card) for step in steps]


def merchant_collusion(rng: np.random.Generator, population: Population) -> list[FraudStep]:
    """A merchant charges cards that it has seen before, in round amounts just below review thresholds."""
    candidates = np.flatnonzero(population.colluding)
    merchant = rng.choice(candidates) if len(candidates) else rng.integers(population.merchants)
    common: dict[str, Any] = {"merchant": merchant, "origin": None, "scenario": "merchant_collusion"}
    steps = []
    for customer in rng.choice(population.customers, rng.integers(8, 25), replace=False):
        clock, amount = rng.uniform(0, 3 * DAY), rng.choice([95, 145, 195, 245, 295])
        steps.append(_pay(rng, population, after=clock, customer=customer, amount=amount, **common))
    return steps


def refund_abuse(rng: np.random.Generator, population: Population) -> list[FraudStep]:
    """A customer buys, claims non-delivery, keeps goods and refund, and repeats."""
    customer = int(rng.integers(population.customers))
    origin = (device_name(customer, 0), home_address(customer))
    common: dict[str, Any] = {"customer": customer, "origin": origin, "scenario": "refund_abuse"}
    clock, steps = 0.0, []
    for _ in range(rng.integers(3, 8)):
        shop, amount = rng.choice(population.online_merchants()), rng.uniform(90, 380)
        paid = _pay(rng, population, after=clock, merchant=shop, amount=amount, **common)
        steps += [paid, replace(paid, kind="refund", after=clock + rng.uniform(4, 30) * HOUR)]
        clock += rng.uniform(0.5, 2.5) * DAY
    return steps


DrawSteps = Callable[[np.random.Generator, Population], list[FraudStep]]

# by name: steps, relative frequency, and the hours between which it begins
SCENARIOS: Mapping[str, tuple[DrawSteps, float, tuple[int, int]]] = {
    "card_testing": (card_testing, 0.22, (0, 24)),
    "account_takeover": (account_takeover, 0.28, (0, 24)),
    "stolen_card": (stolen_card, 0.30, (21, 28)),
    "merchant_collusion": (merchant_collusion, 0.08, (9, 17)),
    "refund_abuse": (refund_abuse, 0.12, (8, 23)),
}
PAYMENTS_PER_SCENARIO = 7.7  # measured over the mix; converts a fraud share into a number of scenarios


def draw_scenario(rng: np.random.Generator) -> str:
    """A kind of fraud, drawn by frequency."""
    shares = np.array([share for _, share, _ in SCENARIOS.values()])
    return str(rng.choice(list(SCENARIOS), p=shares / shares.sum()))


def draw_steps(name: str, rng: np.random.Generator, population: Population) -> list[FraudStep]:
    """The steps of one scenario of that kind, in time order."""
    return sorted(SCENARIOS[name][0](rng, population), key=lambda step: step.after)


def category_of(population: Population, merchant: int) -> str:
    return CATEGORY_NAMES[population.category[merchant]]


def _pay(
    rng: np.random.Generator,
    population: Population,
    *,
    after: float,
    customer: int,
    merchant: int,
    amount: float,
    origin: tuple[str, str] | None,
    scenario: str,
) -> FraudStep:
    card = int(rng.integers(population.cards[customer]))
    device, ip = origin or (None, None)
    return FraudStep(
        float(after), "payment", int(customer), card, int(merchant), float(amount), device, ip, scenario
    )


def _stranger(rng: np.random.Generator) -> tuple[str, str]:
    """A device and an address no customer has."""
    number = int(rng.integers(1 << 20))
    return f"dev-x{number:06d}", stranger_address(number)
