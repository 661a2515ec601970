"""A small training set with something to learn, made up."""

from datetime import UTC, datetime

import numpy as np

from scoring.learning.dataset.split import DAY_US
from scoring.learning.dataset.training_set import TrainingSet

START_US = 1_735_689_600_000_000  # 2025-01-01


def training_set(*, rows: int = 6_000, days: int = 100, seed: int = 0, rate: float = 0.05) -> TrainingSet:
    """Column 0 and the product of 1 and 2 tell; column 3 is noise and often missing; column 4 is a code."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, 5)).astype(np.float32)
    X[:, 4] = rng.integers(0, 5, rows)
    log_odds = 1.5 * X[:, 0] + 2.0 * X[:, 1] * X[:, 2] + 0.5 * (X[:, 4] == 3)
    log_odds += np.log(rate / (1 - rate)) - 2.0
    y = (rng.random(rows) < 1 / (1 + np.exp(-log_odds))).astype(np.int8)
    X[rng.random(rows) < 0.3, 3] = np.nan
    return TrainingSet(
        event_type="payment",
        feature_names=("telling", "left", "right", "noise", "code"),
        feature_set="f" * 64,
        X=X,
        y=y,
        occurred_at=START_US + np.sort(rng.integers(0, days * DAY_US, rows)),
        positions=np.arange(rows),
        groups=rng.integers(0, 200, rows),
        inferred=np.zeros(rows, dtype=bool),
        as_of=datetime(2025, 6, 1, tzinfo=UTC),
        vocabularies={"category": ("a", "b", "c", "d")},
    )
