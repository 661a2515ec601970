"""Simulated history, loaded by the product's own code."""

from datetime import datetime
from io import StringIO

import pandas as pd

from demo.management.commands.simulate import Command as Simulate
from demo.simulation.history import simulate_history
from tests.factories.snapshots import once


def load_history(
    *,
    end: datetime,
    now: datetime,
    days: int = 40,
    rate_per_day: int = 100,
    customers: int = 200,
    fraud_share: float = 0.12,
) -> pd.DataFrame:
    """Load days of payments up to `end`, as known at `now`, and sequence them."""

    def load() -> pd.DataFrame:
        return load_frame(simulate_history(seed=4, **how), now=now)

    how = {
        "days": days,
        "rate_per_day": rate_per_day,
        "end": end,
        "customers": customers,
        "fraud_share": fraud_share,
    }
    return once(("history", now, *how.values()), load)


def load_frame(frame: pd.DataFrame, *, now: datetime) -> pd.DataFrame:
    Simulate(stdout=StringIO())._load(frame, now=now)
    return frame
