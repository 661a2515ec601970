"""Events of a known class with scores."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from scoring.learning.policies.judged import JudgedEvents

# score, whether fraud, the amount in minor units
EVENTS = (
    (0.95, True, 50_000),
    (0.90, False, 20_000),
    (0.60, True, 10_000),
    (0.30, False, 10_000),
    (0.10, True, 1_000),
    (0.05, False, 5_000),
    (0.01, False, 3_000),
)


def judged(events: Sequence[tuple[float, bool, int]] = EVENTS, **changes: Any) -> JudgedEvents:
    """These events of one day, each standing for itself."""
    score, positive, stake = (np.array(column) for column in zip(*events, strict=True))
    usual = {
        "event_type": "payment",
        "source": "decisions",
        "score": score.astype(float),
        "positive": positive.astype(bool),
        "stake": stake.astype(np.int64),
        "weight": np.ones(len(events)),
        "versions": np.zeros(len(events), dtype=np.int64),
        "since": datetime(2026, 3, 1, tzinfo=UTC),
        "until": datetime(2026, 3, 2, tzinfo=UTC),
        "days": 1.0,
    }
    return JudgedEvents(**(usual | changes))
