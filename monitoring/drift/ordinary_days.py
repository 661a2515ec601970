"""How far ordinary days are from a reference, and so how far a day may be without being drift. Pure.

Rows are not independent: all payments of a busy merchant share its refunds, a weekend is not a Monday, and
what counts the past grows. So a day differs from the training rows by more than chance, and the farther it
is from them, the more. Single days that are known to be ordinary show by how much: for each feature, the
roots of their excess PSI (beyond what chance explains) are fitted by a line over the distance in days, if
they grow, else by their mean; the limit is the upper prediction limit of one more day (Draper and Smith,
Applied Regression Analysis, 3rd ed. 1998, section 3.1). Roots, because a PSI grows with the square of a
shift.

Features that text models fill in are compared with rows after training: of training rows the value is that of
models that have not seen them, which differ from the final one.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from monitoring.drift.distance import measure_many
from monitoring.windows.binning import BinCounts, DailyCounts, Reference

MIN_DAYS = 7
# Above the limit of a feature is one ordinary day in a thousand, and above that of a model's effect one in
# several thousand: a page has sixty features, and an installation watches for years.
FEATURE_LEVEL, EFFECT_LEVEL = 0.999, 0.9998
GROWTH_T = 2.5  # the t value of a slope from which on figures count as growing with the distance
MAX_EXTRAPOLATION = 2.0  # a line holds up to this multiple of the farthest ordinary day

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class OrdinaryDays:
    """The excess PSI of ordinary days: `figures` float64[D, F] of features at `ages` float64[D], in days;
    `scores` [S] at `score_ages` [S].
    """

    figures: Floats
    ages: Floats
    scores: Floats
    score_ages: Floats

    def feature_limits(self, age: float) -> Floats:
        """float64[F]: the excess PSI up to which a feature is as on ordinary days; 0 with too few days."""
        return upper_limits(self.figures, self.ages, at=age, level=FEATURE_LEVEL)

    def score_limit(self, age: float) -> float:
        """The same of the scores."""
        return float(upper_limits(self.scores[:, None], self.score_ages, at=age, level=EFFECT_LEVEL)[0])

    def effect_limit(self, shares: Floats, age: float) -> float:
        """The same of the features' mean excess PSI, weighted by `shares` [F] that add up to 1."""
        effects = np.nan_to_num(self.figures) @ shares
        return float(upper_limits(effects[:, None], self.ages, at=age, level=EFFECT_LEVEL)[0])


def ordinary_days(reference: Reference) -> OrdinaryDays:
    """The excess PSI of the days that a reference stores. A day is compared with the rows of other days."""
    days, score_days = reference.days, reference.score_days
    later = days.ages[:, None] > 0
    return OrdinaryDays(
        figures=_excess(reference.features, days, among=later == reference.of_later_rows),
        ages=np.maximum(days.ages, 0.0),
        scores=_excess(reference.scores, score_days, among=np.ones(len(score_days), dtype=bool)),
        score_ages=np.maximum(score_days.ages, 0.0),
    )


def _excess(then: BinCounts, days: DailyCounts, *, among: NDArray[np.bool_]) -> Floats:
    """float64[D, ...]: the excess PSI of each day, NaN without rows.

    `among` [D, ...]: the days whose rows `then` counts, too.
    """
    if not len(days):
        return np.zeros((0, *then.shape[:-1]))
    others = then[None] - np.where(among[..., None], days.counts, 0)
    drift = measure_many(np.maximum(others, 0), days.counts)
    return np.where(days.counts.sum(axis=-1) > 0, drift.psi - drift.expected, np.nan)


def upper_limits(figures: Floats, ages: Floats, *, at: float, level: float) -> Floats:
    """float64[F]: what the figures [D, F] of one more day stay below with probability `level`.

    `at`: its distance; figures that grow with the distance are extrapolated up to MAX_EXTRAPOLATION. Figures
    that are NaN are unknown. 0 where fewer than MIN_DAYS are known.
    """
    known = ~np.isnan(figures)
    count = known.sum(axis=0)
    enough = count >= MIN_DAYS
    if not enough.any():
        return np.zeros(figures.shape[1])
    days = np.maximum(count, MIN_DAYS)  # those with fewer are left out at the end
    roots = np.sqrt(np.maximum(np.nan_to_num(figures), 0.0))
    mean, mean_age = roots.sum(axis=0) / days, np.where(known, ages[:, None], 0.0).sum(axis=0) / days
    away = np.where(known, roots - mean, 0.0)
    distance = np.where(known, ages[:, None] - mean_age, 0.0)
    constant = _limit(mean, away, days, level=level, degrees=days - 1, extra=0.0)
    spread = np.sum(distance**2, axis=0)
    spread = np.where(spread > 0, spread, 1.0)  # at one distance there is no slope
    slope = np.sum(distance * away, axis=0) / spread
    residuals = away - distance * slope
    far = min(at, MAX_EXTRAPOLATION * float(ages.max())) - mean_age
    line = _limit(mean + slope * far, residuals, days, level=level, degrees=days - 2, extra=far**2 / spread)
    error = np.sqrt(np.sum(residuals**2, axis=0) / (days - 2) / spread)
    grows = (slope > GROWTH_T * error) & (mean_age > 0)
    return np.where(enough, np.where(grows, np.maximum(line, constant), constant) ** 2, 0.0)


def _limit(
    center: Floats,
    residuals: Floats,
    days: NDArray[np.int64],
    *,
    level: float,
    degrees: NDArray[np.int64],
    extra: Floats | float,
) -> Floats:
    """The upper prediction limit around `center`; `extra`: the part of the variance due to the distance."""
    deviation = np.sqrt(np.sum(residuals**2, axis=0) / degrees)
    return np.asarray(center + stdtrit(degrees, level) * deviation * np.sqrt(1 + 1 / days + extra))
