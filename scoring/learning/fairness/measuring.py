"""Metrics of each slice with intervals, and the gap between each slice and the rest. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from scoring.learning.fairness.slicing import Slicing
from scoring.learning.fairness.sums import Confusion, Draws, Floats, JudgedScores, draw_entities, sum_slices
from scoring.learning.metrics.resampling import rank_scores, ranked_average_precision

SAMPLES = 200  # of the bootstrap
MIN_EVENTS = 100  # of a slice
MIN_DENOMINATOR = 20  # positives, negatives or alarms: rates of fewer are noise
Z = float(ndtri(0.975))
RANKING, CALIBRATION = "average_precision", "calibration"


@dataclass(frozen=True)
class Measured:
    """A value with the ends of its 95 % interval; all None where there are too few events."""

    value: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class SliceMetrics:
    """One slice. `metrics` and `gaps` by name; a gap is the slice's value minus that of all other events.

    Names: "average_precision", "calibration" (mean score minus observed share), and for each threshold
    "recall_at_", "precision_at_", "false_positive_rate_at_" and "flagged_at_" (the share flagged). A slice
    that is too small has neither.
    """

    name: str
    rows: int
    positives: int
    metrics: Mapping[str, Measured] = field(default_factory=dict)
    gaps: Mapping[str, Measured] = field(default_factory=dict)


@dataclass(frozen=True)
class Rates:
    """A metric of K slices: `values` float64[K], NaN where there are too few events, and `drawn`
    float64[K, B] on resamples. `floors` float64[K]: the standard error if events were independent.
    """

    values: Floats
    floors: Floats
    drawn: Floats

    @property
    def errors(self) -> Floats:
        """Standard errors float64[K]."""
        return np.fmax(_spread(self.drawn), self.floors)


@dataclass(frozen=True)
class SlicedMetrics:
    """The metrics of a field's slices, and the rates of those that are large enough to be compared."""

    field: str
    slices: tuple[SliceMetrics, ...]
    rates: Mapping[str, Rates]


def measure_slices(
    judged: JudgedScores,
    slicing: Slicing,
    *,
    thresholds: Mapping[str, float],
    samples: int = SAMPLES,
    seed: int = 0,
) -> SlicedMetrics:
    """Metrics of each slice of events.

    Standard errors are from resampling whole entities, and at least those of independent events (Agresti &
    Coull, The American Statistician 52, 1998), so that a rate of 0 or 1 is not taken for certain.
    """
    draws = draw_entities(judged.groups, samples=samples, seed=seed)
    once = np.ones((len(draws), 1), dtype=draws.dtype)
    events = JudgedScores(judged.y, judged.score, judged.groups)
    counts = sum_slices(events, slicing, thresholds=thresholds, draws=once)
    exact = sum_slices(judged, slicing, thresholds=thresholds, draws=once)
    drawn = sum_slices(judged, slicing, thresholds=thresholds, draws=draws)
    inside = _rates(exact, drawn, counts) | {RANKING: _precisions(judged, slicing, draws, inside=True)}
    outside = _rates(exact.rest, drawn.rest, counts.rest)
    outside[RANKING] = _precisions(judged, slicing, draws, inside=False)
    rows, positives = counts.rows[:, 0], counts.positives[:, 0]
    large = rows >= MIN_EVENTS
    found = [
        SliceMetrics(
            name,
            round(rows[at]),
            round(positives[at]),
            *((_metrics(inside, at), _gaps(inside, outside, at)) if large[at] else ()),
        )
        for at, name in enumerate(slicing.names)
    ]
    compared = {
        name: Rates(np.where(large, each.values, np.nan), each.floors, each.drawn)
        for name, each in inside.items()
    }
    return SlicedMetrics(slicing.field, tuple(found), compared)


def gap_between(first: Rates, one: int, second: Rates, other: int, *, z: float = Z) -> Measured:
    """The difference of two metrics on the same resamples, with `z` standard errors on both sides."""
    resampled = _spread((first.drawn[one] - second.drawn[other])[None, :])[0]
    error = np.fmax(resampled, np.hypot(first.floors[one], second.floors[other]))
    return _interval(first.values[one] - second.values[other], error, lowest=-1.0, z=z)


def as_data(measured: SlicedMetrics) -> dict[str, Any]:
    """The slices as JSON values."""
    return {"field": measured.field, "slices": [asdict(each) for each in measured.slices]}


def _rates(exact: Confusion, drawn: Confusion, counts: Confusion) -> dict[str, Rates]:
    resampled, counted = drawn.rates(), counts.rates()
    return {
        name: _rate(share[:, 0], resampled[name][0], counted[name][1][:, 0])
        for name, (share, _) in exact.rates().items()
    }


def _rate(share: Floats, drawn: Floats, denominator: Floats) -> Rates:
    """`denominator` float64[K]: events, each counted once."""
    hits = np.abs(np.nan_to_num(share)) * denominator
    shrunk = (hits + 2) / (denominator + 4)
    floors = np.sqrt(shrunk * (1 - shrunk) / (denominator + 4))
    return Rates(np.where(denominator >= MIN_DENOMINATOR, share, np.nan), floors, drawn)


def _precisions(judged: JudgedScores, slicing: Slicing, draws: Draws, *, inside: bool) -> Rates:
    """Average precision of each slice, or of all events outside it."""
    y, weights = np.asarray(judged.y, dtype=np.float64), judged.counted
    entity = np.unique(judged.groups, return_inverse=True)[1]
    values, drawn = [], []
    for at in range(len(slicing.names)):
        rows = np.flatnonzero((slicing.codes == at) == inside)
        ranking = rank_scores(np.asarray(judged.score)[rows])
        labels, counted, drawn_of = y[rows], weights[rows], entity[rows]
        enough = labels.sum() >= MIN_DENOMINATOR and len(rows) >= MIN_EVENTS
        values.append(ranked_average_precision(ranking, labels, counted) if enough else np.nan)
        drawn.append(
            [ranked_average_precision(ranking, labels, counted * draw[drawn_of]) for draw in draws.T]
            if enough
            else np.full(draws.shape[1], np.nan)
        )
    return Rates(np.array(values), np.zeros(len(values)), np.array(drawn))


def _metrics(rates: Mapping[str, Rates], at: int) -> dict[str, Measured]:
    return {
        name: _interval(each.values[at], each.errors[at], lowest=-1.0 if name == CALIBRATION else 0.0)
        for name, each in rates.items()
    }


def _gaps(inside: Mapping[str, Rates], outside: Mapping[str, Rates], at: int) -> dict[str, Measured]:
    return {name: gap_between(each, at, outside[name], at) for name, each in inside.items()}


def _interval(value: float, error: float, *, lowest: float, z: float = Z) -> Measured:
    if np.isnan(value) or np.isnan(error):
        return Measured()
    half = z * error
    return Measured(float(value), float(max(value - half, lowest)), float(min(value + half, 1.0)))


def _spread(drawn: NDArray[np.float64]) -> Floats:
    """The standard deviation over resamples float64[K]; NaN where fewer than two are defined."""
    found = np.full(len(drawn), np.nan)
    enough = (~np.isnan(drawn)).sum(axis=1) > 1
    if enough.any():
        found[enough] = np.nanstd(drawn[enough], axis=1, ddof=1)
    return found
