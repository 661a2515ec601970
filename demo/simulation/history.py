"""Months of made-up payments with their labels, for demonstrations: metrics on them prove nothing.

They are drawn day by day, each day from a seed of its own: what a moment has does not depend on where a
stretch of time begins or ends, so that live traffic can go on where a history stops
(`demo.simulation.continued`).
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd

from demo.simulation.habits import Purchases, draw_purchases, draw_seconds
from demo.simulation.payloads import COLUMNS, payload_columns, step_row
from demo.simulation.population import WEEKLY_RHYTHM, Population, make_population
from demo.simulation.scenarios import PAYMENTS_A_STORY, SCENARIOS, draw_scenario, tell

RATE_PER_DAY = 2_000.0
FRAUD_SHARE = 0.008
NEVER_REPORTED = 0.04  # frauds nobody notices: their payments stay without a label
DISPUTED_IN_ERROR = 0.0004  # good payments called fraud
CHECKED_GOOD = 0.02  # good payments somebody looked at
REFUNDED = 0.02
LATEST_LABEL_DAYS = 14
LONGEST_STORY_DAYS = 20  # from a story's first payment to its last refund


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

    Columns: `demo.simulation.payloads.COLUMNS` as the API takes them, then `label` ("fraud", "legitimate"
    or None), `label_known_at` (at most 14 days after the event) and `scenario` (what really went on; not for
    sending). Times are UTC. The same arguments give the same frame, overlapping stretches the same events.
    """
    population = make_population(
        customers=customers_for(rate_per_day) if customers is None else customers, seed=seed
    )
    start = (end - timedelta(days=days)).astimezone(UTC)
    first = start - timedelta(days=LONGEST_STORY_DAYS)
    frame = draw_days(population, first=first.date(), until=end, rate=rate_per_day, fraud_share=fraud_share)
    return frame[frame.occurred_at >= start].reset_index(drop=True)


def draw_days(
    population: Population, *, first: date, until: datetime, rate: float, fraud_share: float = FRAUD_SHARE
) -> pd.DataFrame:
    """As `simulate_history`: what begins on the days from `first` on, up to `until`."""
    last = until.astimezone(UTC).date()
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    drawn = [_draw_day(population, day, rate=rate, fraud_share=fraud_share) for day in days]
    frame = pd.concat(drawn, ignore_index=True)
    return frame[frame.occurred_at < until].sort_values("occurred_at", kind="stable", ignore_index=True)


def customers_for(rate_per_day: float) -> int:
    """Enough for one payment in four days each: habits show, and live traffic finds rested customers."""
    return max(200, round(rate_per_day * 4))


def _draw_day(population: Population, day: date, *, rate: float, fraud_share: float) -> pd.DataFrame:
    """What begins on that day, UTC: refunds and the ends of stories may lie weeks later."""
    rng = np.random.default_rng([population.seed, 2, day.toordinal()])
    ordinary = _ordinary(rng, population, mean=rate * WEEKLY_RHYTHM[day.weekday()] / WEEKLY_RHYTHM.mean())
    parts = [ordinary, _refunds(rng, ordinary)]
    frauds = list(_frauds(rng, population, stories=rng.poisson(rate * fraud_share / PAYMENTS_A_STORY)))
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


def _frauds(rng: np.random.Generator, population: Population, *, stories: int) -> Iterator[dict]:
    for _ in range(stories):
        name = draw_scenario(rng)
        earliest, latest = SCENARIOS[name][2]
        begin = rng.uniform(earliest, latest) * 3600
        for step in tell(name, rng, population):
            yield step_row(population, step) | {"second": begin + step.after}


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


def _with_times(frame: pd.DataFrame, *, day: date, seed: int) -> pd.DataFrame:
    def moments(seconds: pd.Series) -> pd.Series:
        return pd.Timestamp(day, tz="UTC") + pd.to_timedelta(seconds.round(), unit="s")

    return frame.assign(
        id=[f"sim-{seed}-{day:%Y%m%d}-{number:05d}" for number in range(len(frame))],
        occurred_at=moments(frame.second),
        label_known_at=moments(frame.known),
    )[[*COLUMNS, "label", "label_known_at", "scenario"]]
