"""Live traffic of the same customers: an endless stream of payloads for demonstrations."""

import heapq
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from demo.simulation.habits import draw_purchases
from demo.simulation.history import CHECKED_GOOD, DISPUTED_IN_ERROR, NEVER_REPORTED, REFUNDED
from demo.simulation.payloads import payload_columns, step_row
from demo.simulation.population import Population, make_population
from demo.simulation.scenarios import PAYMENTS_PER_SCENARIO, SCENARIOS, draw_scenario, draw_steps

SPEEDUP = 60.0  # an hour of a fraud scenario takes a minute, so that a viewer sees its end
BLOCK = 256


@dataclass(frozen=True)
class LiveEvent:
    """`row` is a payload without ID and time; `due` is in seconds since the start.

    A `label` that is not None follows `label_after` seconds after the event. `scenario` is the ground truth.
    """

    due: float
    row: dict[str, Any]
    label: str | None
    label_after: float
    scenario: str


class LiveTraffic(Iterator[LiveEvent]):
    """Events at `rate` per second, in order of `due`, of the population that `simulate_history` uses.

    After a purchase, a customer rests until all others have bought something, so that traffic denser than
    the history does not make customers look frantic. The same seed and session give the same stream.
    """

    def __init__(
        self,
        *,
        seed: int,
        customers: int,
        rate: float,
        session: int = 0,
        fraud_share: float = 0.02,
        speedup: float = SPEEDUP,
    ) -> None:
        self._population: Population = make_population(customers=customers, seed=seed)
        self._rng = np.random.default_rng([seed, 3, session])
        self._rate, self._speedup, self._fraud_share = rate, speedup, fraud_share
        self._clock = 0.0
        self._order = itertools.count()
        self._waiting: list[tuple[float, int, dict[str, Any]]] = []
        self._resting = np.empty(0, dtype=np.int64)

    def __next__(self) -> LiveEvent:
        while not self._waiting or self._waiting[0][0] >= self._clock:
            self._draw_block()
        due, _, row = heapq.heappop(self._waiting)
        scenario = row.pop("scenario")
        label, after = self._draw_label(scenario, row["type"])
        return LiveEvent(due, row, label, after, scenario)

    def _draw_block(self) -> None:
        """Draw the next BLOCK ordinary purchases and the fraud scenarios that begin among them."""
        ordinary = draw_purchases(rng=self._rng, population=self._population, customer=self._rested(BLOCK))
        columns = payload_columns(self._rng, self._population, ordinary)
        gaps = self._rng.exponential(1.0 / (self._rate * (1 - self._fraud_share)), BLOCK)
        times = self._clock + np.cumsum(gaps)
        for index, due in enumerate(times):
            row = {name: value if isinstance(value, str) else value[index] for name, value in columns.items()}
            self._push(due, row | {"type": "payment", "scenario": ""})
            if self._rng.random() < REFUNDED:
                self._push(due + self._rng.uniform(60, 600), row | {"type": "refund", "scenario": ""})
        scenarios = self._rng.poisson(
            BLOCK * self._fraud_share / (1 - self._fraud_share) / PAYMENTS_PER_SCENARIO
        )
        for begin in self._rng.uniform(self._clock, times[-1], scenarios):
            for step in draw_steps(draw_scenario(self._rng), self._rng, self._population):
                self._push(begin + step.after / self._speedup, step_row(self._population, step))
        self._clock = float(times[-1])

    def _rested(self, count: int) -> np.ndarray:
        while len(self._resting) < count:
            weight = self._population.rate / self._population.rate.sum()
            chosen = self._rng.choice(
                self._population.customers, self._population.customers, replace=False, p=weight
            )
            self._resting = np.concatenate([self._resting, chosen])
        turn, self._resting = self._resting[:count], self._resting[count:]
        return turn

    def _push(self, due: float, row: dict[str, Any]) -> None:
        heapq.heappush(self._waiting, (float(due), next(self._order), row))

    def _draw_label(self, scenario: str, kind: str) -> tuple[str | None, float]:
        luck, after = self._rng.random(), float(self._rng.uniform(20, 180))
        if kind != "payment":
            return None, after
        if scenario in SCENARIOS:
            return (None if luck < NEVER_REPORTED else "fraud"), after
        if luck < DISPUTED_IN_ERROR:
            return "fraud", after
        return ("legitimate" if luck > 1 - CHECKED_GOOD else None), after
