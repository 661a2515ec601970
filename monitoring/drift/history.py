"""A model's drift day by day: each feature's PSI against the reference, and what is ordinary then."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
from numpy.typing import NDArray

from monitoring.drift.distance import MODERATE, State, judge, measure_many
from monitoring.drift.ordinary_days import ordinary_days
from monitoring.models import VectorWindow
from monitoring.windows.binning import BinCounts, Reference
from scoring.features.compile.specs import FeatureSpec

DAYS = 28
MIN_ROWS = 20
DAY = timedelta(days=1)
# Units that a single day, perhaps an incomplete one, does not cover.
UNCOVERED = ("hour", "weekday")


@dataclass(frozen=True)
class DayFigure:
    """A feature on a day (UTC): its PSI, the threshold above which it has drifted, and its state."""

    psi: float
    threshold: float
    state: State
    rows: int


@dataclass(frozen=True)
class DriftHistory:
    """`figures` by feature: a figure for each of `days`, None without enough decisions or a comparison."""

    days: Sequence[date]
    figures: Mapping[str, Sequence[DayFigure | None]]


def read_history(
    reference: Reference,
    windows: Sequence[VectorWindow],
    *,
    specs: Mapping[str, FeatureSpec],
    now: datetime,
) -> DriftHistory:
    """The last `DAYS` days, the current one last, from windows of that time."""
    today = now.astimezone(UTC).date()
    days = [today - number * DAY for number in reversed(range(DAYS))]
    counts = _count_days(reference, windows, days)
    drifts, ordinary, rows = (
        measure_many(reference.features[None], counts),
        _ordinary(reference, days),
        _rows(counts),
    )
    figures = {}
    for index, name in enumerate(reference.names):
        columns = (drifts.psi[:, index], drifts.limit[:, index], ordinary[:, index], rows)
        compared = is_comparable(specs.get(name))
        figures[name] = [
            _figure(*each) if compared and each[-1] >= MIN_ROWS else None
            for each in zip(*(column.tolist() for column in columns), strict=True)
        ]
    return DriftHistory(days, figures)


def _figure(psi: float, limit: float, ordinary: float, rows: int) -> DayFigure:
    state = judge(psi, limit=limit, ordinary=ordinary)
    return DayFigure(psi, max(MODERATE, limit + ordinary), state, rows)


def is_comparable(spec: FeatureSpec | None) -> bool:
    """Whether a feature's values of a single day can be compared with training."""
    return spec is None or not (spec.is_age or spec.unit in UNCOVERED)


def _count_days(reference: Reference, windows: Sequence[VectorWindow], days: Sequence[date]) -> BinCounts:
    """int64[D, F, W + 1]"""
    counts = np.zeros((len(days), *reference.features.shape), dtype=np.int64)
    places = {day: place for place, day in enumerate(days)}
    for window in windows:
        if (place := places.get(window.start.astimezone(UTC).date())) is not None:
            counts[place] += reference.unpack_features(window.features)
    return counts


def _rows(counts: BinCounts) -> NDArray[np.int64]:
    """int64[D]: every feature counts each row once."""
    return np.asarray(counts[:, 0].sum(axis=1))


def _ordinary(reference: Reference, days: Sequence[date]) -> NDArray[np.float64]:
    """float64[D, F]: the excess PSI of ordinary days at the distance of each day."""
    known = ordinary_days(reference)
    if reference.until is None:
        return np.zeros((len(days), len(reference.names)))
    ends = (datetime.combine(day, time(), tzinfo=UTC) + DAY for day in days)
    return np.stack([known.feature_limits((end - reference.until) / DAY) for end in ends])
