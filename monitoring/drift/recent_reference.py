"""The last weeks as a reference: the distributions of windows before a period, with their single days."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np

from monitoring.models import VectorWindow
from monitoring.windows.binning import BinCounts, DailyCounts, Reference, unpack

WEEKS = timedelta(weeks=4)  # before the period that is compared
MIN_DAYS = 7  # with enough rows
MIN_DAY_SHARE = 0.5  # of a usual day's rows


def recent_reference(reference: Reference, windows: Sequence[VectorWindow]) -> Reference | None:
    """A reference in the same bins, of these windows instead of training; None with too few whole days.

    Its days are among its rows, and none is farther away than the others: `until` is the end of the windows.
    Outcomes remain those of training.
    """
    days = _whole_days(windows)
    if len(days) < MIN_DAYS:
        return None
    features = np.stack([_sum_features(reference, each) for each in days])
    scores = np.stack([np.sum([unpack(w.scores) for w in each], axis=0) for each in days])
    ages = np.arange(1.0 - len(days), 1.0)
    return replace(
        reference,
        rows=sum(window.rows for each in days for window in each),
        features=features.sum(axis=0),
        scores=scores.sum(axis=0),
        of_later_rows=np.zeros(len(reference.names), dtype=bool),
        until=windows[-1].start,
        days=DailyCounts(ages, features),
        score_days=DailyCounts(ages, scores),
    )


def _whole_days(windows: Sequence[VectorWindow]) -> list[list[VectorWindow]]:
    """The windows by day (UTC), without days with far fewer rows than usual."""
    by_day: dict[object, list[VectorWindow]] = defaultdict(list)
    for window in windows:
        by_day[window.start.date()].append(window)
    rows = {day: sum(window.rows for window in each) for day, each in by_day.items()}
    enough = MIN_DAY_SHARE * float(np.median(list(rows.values()))) if rows else 0.0
    return [each for day, each in by_day.items() if rows[day] >= max(enough, 1)]


def _sum_features(reference: Reference, windows: Sequence[VectorWindow]) -> BinCounts:
    zeros = np.zeros_like(reference.features)
    return sum((reference.unpack_features(window.features) for window in windows), zeros)
