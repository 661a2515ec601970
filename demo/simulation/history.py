"""Months of simulated payments with labels, for demonstrations: metrics on them prove nothing.

Each day is drawn from its own seed, so that events do not depend on where a period begins or ends, and live
traffic can continue a history (`demo.simulation.continued`).
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd

from demo.simulation.habits import Purchases, draw_purchases, draw_seconds
from demo.simulation.payloads import COLUMNS, payload_columns, step_row
from demo.simulation.population import WEEKLY_RHYTHM, Population, make_population
from demo.simulation.scenarios import PAYMENTS_PER_SCENARIO, SCENARIOS, draw_scenario, draw_steps

RATE_PER_DAY = 2_000.0
FRAUD_SHARE = 0.008
NEVER_REPORTED = 0.04  # undetected fraud, whose payments stay unlabeled
DISPUTED_IN_ERROR = 0.0004  # legitimate payments disputed as fraud
CHECKED_GOOD = 0.02  # legitimate payments confirmed by a review
REFUNDED = 0.02
MAX_LABEL_DELAY_DAYS = 14
MAX_SCENARIO_DAYS = 20  # from a fraud scenario's first payment to its last refund


def simulate_history(
    *,
    days: int,
    rate_per_day: float,
    seed: int,
    end: datetime,
    customers: int | None = None,
    fraud_share: float = FRAUD_SHARE,
) -> pd.DataFrame:
    """About `days * rate_per_day` payments and their refunds in [end - days, end), in time order.

    Columns: `demo.simulation.payloads.COLUMNS` as the API accepts them, then `label` ("fraud", "legitimate"
    or None), `label_known_at` (at most 14 days after the event) and `scenario` (the ground truth; not for
    sending). Times are UTC. The same arguments give the same frame, overlapping periods the same events.
    """
    population = make_population(
        customers=customers_for(rate_per_day) if customers is None else customers, seed=seed
    )
    start = (end - timedelta(days=days)).astimezone(UTC)
    first = start - timedelta(days=MAX_SCENARIO_DAYS)
    frame = draw_days(population, first=first.date(), until=end, rate=rate_per_day, fraud_share=fraud_share)
    return frame[frame.occurred_at >= start].reset_index(drop=True)


def draw_days(
    population: Population, *, first: date, until: datetime, rate: float, fraud_share: float = FRAUD_SHARE
) -> pd.DataFrame:
    """The columns of `simulate_history` for all activity that begins from `first` on, up to `until`."""
    last = until.astimezone(UTC).date()
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    drawn = [_draw_day(population, day, rate=rate, fraud_share=fraud_share) for day in days]
    frame = pd.concat(drawn, ignore_index=True)
    return frame[frame.occurred_at < until].sort_values("occurred_at", kind="stable", ignore_index=True)


def customers_for(rate_per_day: float) -> int:
    """Enough for one payment per customer in four days: habits show, and live traffic is not too dense."""
    return max(200, round(rate_per_day * 4))


def _draw_day(population: Population, day: date, *, rate: float, fraud_share: float) -> pd.DataFrame:
    """Activity that begins on that UTC day; its refunds and later payments may follow weeks later."""
    rng = np.random.default_rng([population.seed, 2, day.toordinal()])
    ordinary = _ordinary(rng, population, mean=rate * WEEKLY_RHYTHM[day.weekday()] / WEEKLY_RHYTHM.mean())
    parts = [ordinary, _refunds(rng, ordinary)]
    frauds = list(_frauds(rng, population, scenarios=rng.poisson(rate * fraud_share / PAYMENTS_PER_SCENARIO)))
    if frauds:
        parts.append(pd.DataFrame(frauds))
    frame = _with_labels(rng, pd.concat(parts, ignore_index=True))
    return _with_times(frame, day=day, seed=population.seed)


def _ordinary(rng: np.random.Generator, population: Population, *, mean: float) -> pd.DataFrame:
    customer = rng.choice(population.customers, rng.poisson(mean), p=population.rate / population.rate.sum())
    second = draw_seconds(rng=rng, shift=population.shift[customer])
    bought: Purchases = draw_purchases(rng=rng, population=population, customer=customer)
    frame = pd.DataFrame(payload_columns(rng, population, bought))
    return frame.assign(type="payment", second=second, scenario="")


def _refunds(rng: np.random.Generator, ordinary: pd.DataFrame) -> pd.DataFrame:
    refunded = ordinary[rng.random(len(ordinary)) < REFUNDED]
    later = refunded.second + rng.uniform(0.2, 10, len(refunded)) * 86_400
    return refunded.assign(type="refund", second=later)


def _frauds(rng: np.random.Generator, population: Population, *, scenarios: int) -> Iterator[dict]:
    for _ in range(scenarios):
        name = draw_scenario(rng)
        earliest, latest = SCENARIOS[name][2]
        begin = rng.uniform(earliest, latest) * 3600
        for step in draw_steps(name, rng, population):
            yield step_row(population, step) | {"second": begin + step.after}


def _with_labels(rng: np.random.Generator, frame: pd.DataFrame) -> pd.DataFrame:
    """Add realistic labels: delayed, missing or wrong; most legitimate payments stay unlabeled."""
    luck = rng.random(len(frame))
    payment, fraud = frame.type == "payment", frame.scenario != ""
    called_fraud = payment & np.where(fraud, luck >= NEVER_REPORTED, luck < DISPUTED_IN_ERROR)
    called_good = payment & ~fraud & (luck > 1 - CHECKED_GOOD)
    delay = np.minimum(rng.lognormal(np.log(4), 0.7, len(frame)), MAX_LABEL_DELAY_DAYS)
    label = np.array([None, "legitimate", "fraud"], dtype=object)[called_good + 2 * called_fraud]
    known = np.where(called_fraud | called_good, frame.second + delay * 86_400, np.nan)
    return frame.assign(label=label, known=known)


def _with_times(frame: pd.DataFrame, *, day: date, seed: int) -> pd.DataFrame:
    def moments(seconds: pd.Series) -> pd.Series:
        return pd.Timestamp(day, tz="UTC") + pd.to_timedelta(seconds.round(), unit="s")

    return frame.assign(
        id=[f"sim-{seed}-{day:%Y%m%d}-{number:05d}" for number in range(len(frame))],
        occurred_at=moments(frame.second),
        label_known_at=moments(frame.known),
    )[[*COLUMNS, "label", "label_known_at", "scenario"]]
