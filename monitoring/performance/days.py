"""A model's figures by day. Days have few labels, so their intervals are wide."""

from datetime import UTC, datetime
from typing import Any, Final

import numpy as np

from monitoring.performance.decided import DecidedEvents
from monitoring.performance.measuring import measure
from monitoring.performance.watched import WatchedModel

MIN_DAY_EVENTS: Final = 50
DAY_SECONDS: Final = 86_400


def measure_days(
    model: WatchedModel, decided: DecidedEvents, *, estimated: bool = False
) -> list[dict[str, Any]]:
    """{"day", "events", "positives", "figures"} of each day (UTC) with enough events, the earliest first.

    Average precision is that at the share of positives in the held-out events, as that of weeks.
    `estimated`: figures by what the scores expect instead of by labels.
    """
    judged, odds = model.judged(decided), model.promise.odds if model.promise else None
    if estimated:
        judged = judged.with_classes(decided.score)
    days = (decided.at // DAY_SECONDS).astype(np.int64)
    return [
        {
            "day": datetime.fromtimestamp(day * DAY_SECONDS, tz=UTC).date().isoformat(),
            "events": int(inside.sum()),
            "positives": int(decided.positive[inside].sum()),
            "figures": measure(judged.take(inside), odds=odds),
        }
        for day in np.unique(days).tolist()
        if (inside := days == day).sum() >= MIN_DAY_EVENTS
    ]
