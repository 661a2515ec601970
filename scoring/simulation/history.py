"""Months of made-up payments with their labels, for demonstrations: metrics on them prove nothing."""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from scoring.simulation.habits import Purchases, draw_purchases, draw_times
from scoring.simulation.payloads import COLUMNS, payload_columns, step_row
from scoring.simulation.population import Population, make_population
from scoring.simulation.scenarios import PAYMENTS_A_STORY, SCENARIOS, draw_scenario, tell

RATE_PER_DAY = 2_000.0
FRAUD_SHARE = 0.008
NEVER_REPORTED = 0.04  # frauds nobody notices: their payments stay without a label
DISPUTED_IN_ERROR = 0.0004  # good payments called fraud
CHECKED_GOOD = 0.02  # good payments somebody looked at
REFUNDED = 0.02
LATEST_LABEL_DAYS = 14.0


def simulate_history(
    *,
    days: int,
    rate_per_day: float,
    seed: int,
    end: datetime,
    customers: int | None = None,
    fraud_share: float = FRAUD_SHARE,
) -> pd.DataFrame:
    """About `days * rate_per_day` payments and their refunds in [end - days, end), in order of time.

    Columns: `scoring.simulation.payloads.COLUMNS` as the API takes them, then `label` ("fraud", "legitimate"
    or None), `label_known_at` (at most 14 days after the event) and `scenario` (what really went on; not for
    sending). Times are UTC. The same arguments give the same frame.
    """
    population = make_population(
        customers=customers_for(rate_per_day) if customers is None else customers, seed=seed
    )
    rng = np.random.default_rng([seed, 2])
    start = end - timedelta(days=days)
    ordinary = _ordinary(rng, population, days=days, rate_per_day=rate_per_day, weekday=start.weekday())
    frauds = _frauds(rng, population, days=days, count=round(days * rate_per_day * fraud_share))
    frame = pd.concat([ordinary, _refunds(rng, ordinary), frauds], ignore_index=True)
    frame = frame[(frame.second >= 0) & (frame.second < days * 86_400)].sort_values(
        "second", kind="stable", ignore_index=True
    )
    frame = _with_labels(rng, frame)
    return _with_times(frame, start=start, seed=seed)


def customers_for(rate_per_day: float) -> int:
    """Enough for one payment in four days each: habits show, and live traffic finds rested customers."""
    return max(200, round(rate_per_day * 4))


def _ordinary(
    rng: np.random.Generator, population: Population, *, days: int, rate_per_day: float, weekday: int
) -> pd.DataFrame:
    count = rng.poisson(days * rate_per_day)
    customer = rng.choice(population.customers, count, p=population.rate / population.rate.sum())
    second = draw_times(rng=rng, shift=population.shift[customer], days=days, first_weekday=weekday)
    bought: Purchases = draw_purchases(rng=rng, population=population, customer=customer)
    frame = pd.DataFrame(payload_columns(rng, population, bought))
    return frame.assign(type="payment", second=second, scenario="")


def _refunds(rng: np.random.Generator, ordinary: pd.DataFrame) -> pd.DataFrame:
    refunded = ordinary[rng.random(len(ordinary)) < REFUNDED]
    later = refunded.second + rng.uniform(0.2, 10, len(refunded)) * 86_400
    return refunded.assign(type="refund", second=later)


def _frauds(rng: np.random.Generator, population: Population, *, days: int, count: int) -> pd.DataFrame:
    rows = []
    for _ in range(round(count / PAYMENTS_A_STORY)):
        name = draw_scenario(rng)
        earliest, latest = SCENARIOS[name][2]
        begin = rng.integers(days) * 86_400 + rng.uniform(earliest, latest) * 3600
        rows += [
            step_row(population, step) | {"second": begin + step.after}
            for step in tell(name, rng, population)
        ]
    return pd.DataFrame(rows, columns=[*COLUMNS[3:], "type", "scenario", "second"])


def _with_labels(rng: np.random.Generator, frame: pd.DataFrame) -> pd.DataFrame:
    """Labels as in practice: late, sometimes never, sometimes wrong; good payments mostly stay unlabelled."""
    luck = rng.random(len(frame))
    payment, fraud = frame.type == "payment", frame.scenario != ""
    called_fraud = payment & np.where(fraud, luck >= NEVER_REPORTED, luck < DISPUTED_IN_ERROR)
    called_good = payment & ~fraud & (luck > 1 - CHECKED_GOOD)
    delay = np.minimum(rng.lognormal(np.log(4), 0.7, len(frame)), LATEST_LABEL_DAYS)
    label = np.array([None, "legitimate", "fraud"], dtype=object)[called_good + 2 * called_fraud]
    known = np.where(called_fraud | called_good, frame.second + delay * 86_400, np.nan)
    return frame.assign(label=label, known=known)


def _with_times(frame: pd.DataFrame, *, start: datetime, seed: int) -> pd.DataFrame:
    def moments(seconds: pd.Series) -> pd.Series:
        return pd.Timestamp(start).tz_convert("UTC") + pd.to_timedelta(seconds.round(), unit="s")

    return frame.assign(
        id=[f"sim-{seed}-{number:08d}" for number in range(len(frame))],
        occurred_at=moments(frame.second),
        label_known_at=moments(frame.known),
    )[[*COLUMNS, "label", "label_known_at", "scenario"]]
