"""The reference distributions of a model's features, scores and outcomes at training, for drift detection.

A value v falls into bin `np.searchsorted(edges, v, side="right")`; NaN is counted as missing.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.catalog.outcomes import BASIC_OUTCOMES
from scoring.rules.policies.thresholds import outcome_of
from scoring.timestamps import from_micros, to_iso

SCORE_EDGES = (
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99,
)  # fmt: skip
MAX_VALUES = 30  # bins of a column of codes
MAX_SEPARATE_VALUES = 10  # up to this many distinct numbers (flags, small counts) get a bin each
DECILES = np.linspace(0.1, 0.9, 9)
DAY_US = 86_400_000_000
MAX_DAYS = 42  # the last ones: six weeks, so that each day of the week counts several times
MIN_DAY_ROWS = 50
MIN_DAY_SHARE = 0.5  # of a usual day's rows; the first and the last day are often cut


class TimedRows(NamedTuple):
    """Rows X [n, F] with their times, int64[n], microseconds since 1970, in any order."""

    X: NDArray
    occurred_at: NDArray[np.int64]


def describe_reference(
    *,
    X: NDArray,
    names: Sequence[str],
    codes: Collection[int],
    score: NDArray,
    thresholds: Mapping[str, float],
    also: NDArray | None = None,
    later: Mapping[int, NDArray] | None = None,
    progress: Callable[[int], None] = lambda count: None,
) -> dict[str, Any]:
    """{"rows", "features", "score", "outcomes"} as stored with a model version.

    X [n, F] are the rows the trees were grown on, `also` [m, F] those of the same time that could not be
    learned from; `codes` the columns of codes; `score` the calibrated scores of held-out rows, which the
    model has not seen. `later`: columns that are described by values of rows after these, because in X they
    are unlike those of decisions; they have "later": true. `progress(1)` is called after each feature.
    """
    also = X[:0] if also is None else also
    features = []
    for column, name in enumerate(names):
        values = np.append(X[:, column], also[:, column])
        described = describe_column((later or {}).get(column, values), is_code=column in codes)
        mark = {"later": True} if later and column in later else {}
        features.append({"name": name} | described | mark)
        progress(1)
    return {
        "rows": len(X) + len(also),
        "features": features,
        "score": {"edges": list(SCORE_EDGES), "counts": count_bins(np.sort(score), SCORE_EDGES)},
        "outcomes": count_outcomes(score, thresholds),
    }


def describe_column(values: NDArray, *, is_code: bool) -> dict[str, Any]:
    """{"edges" (ascending), "counts" (one more than edges), "missing"} of one feature, without empty bins."""
    known = np.sort(values[~np.isnan(values)]).astype(np.float64)
    edges = value_edges(known, max_bins=MAX_VALUES) if is_code else number_edges(known)
    return {"edges": edges, "counts": count_bins(known, edges), "missing": len(values) - len(known)}


def value_edges(ordered: NDArray, *, max_bins: int) -> list[float]:
    """Edges that give the lowest `max_bins` - 1 distinct values a bin each, and all others one bin."""
    return _midpoint_edges(ordered, _distinct(ordered)[1:max_bins])


def number_edges(ordered: NDArray) -> list[float]:
    """Deciles of ascending values.

    If the lowest value alone makes up more than a tenth (counts are mostly 0), it gets its own bin and the
    deciles are those of the values above it.
    """
    if len(_distinct(ordered)) <= MAX_SEPARATE_VALUES:
        return value_edges(ordered, max_bins=MAX_SEPARATE_VALUES)
    above = ordered[np.searchsorted(ordered, ordered[0], side="right") :]
    if len(above) >= 0.9 * len(ordered):
        return _midpoint_edges(ordered, np.quantile(ordered, DECILES, method="higher"))
    return _midpoint_edges(ordered, np.append(above[0], np.quantile(above, DECILES, method="higher")))


def describe_days(
    rows: Sequence[TimedRows],
    *,
    features: Sequence[Mapping[str, Any]],
    scores: Sequence[tuple[NDArray, NDArray[np.int64]]],
    until: int,
) -> dict[str, Any]:
    """{"until", "features", "scores"}: single days in the bins of a reference, to show how far days differ.

    `rows`: those that the reference describes and later ones; `features` are the reference's; `scores` pairs
    of scores and their times. "until" is the end of the reference's rows (`until`, microseconds). The day
    that it cuts, and days with few rows, are left out. Each day is {"day", "counts"}: of features a list
    for each, missing values last; of scores a list. Up to the end, features with "later" count nothing.
    """
    by_day = dict(_days(rows, cut=until))
    scored = dict(_days([TimedRows(*pair) for pair in scores], cut=until))
    return {
        "until": to_iso(from_micros(until)),
        "features": [
            {"day": day, "counts": _count_columns(X, features, is_later=day > _day_of(until))}
            for day, X in by_day.items()
        ],
        "scores": [
            {"day": day, "counts": count_bins(np.sort(score), SCORE_EDGES)} for day, score in scored.items()
        ],
    }


def _days(rows: Sequence[TimedRows], *, cut: int) -> Iterator[tuple[str, NDArray]]:
    """The last whole days (UTC) of all parts together, with their rows, oldest first."""
    numbers = [part.occurred_at // DAY_US for part in rows]
    days, counts = np.unique(np.concatenate(numbers), return_counts=True)
    if not len(days):
        return
    enough = max(MIN_DAY_ROWS, MIN_DAY_SHARE * float(np.median(counts)))
    whole = days[(counts >= enough) & (days != cut // DAY_US)]
    for day in whole[-MAX_DAYS:]:
        parts = [part.X[number == day] for part, number in zip(rows, numbers, strict=True)]
        yield _day_of(int(day) * DAY_US), np.concatenate(parts)


def _day_of(micros: int) -> str:
    return from_micros(micros).date().isoformat()


def _count_columns(X: NDArray, features: Sequence[Mapping[str, Any]], *, is_later: bool) -> list[list[int]]:
    """The counts of each column; of features with "later" only if `is_later`."""
    return [
        _count_column(column if is_later or not feature.get("later") else column[:0], feature)
        for column, feature in zip(X.T, features, strict=True)
    ]


def _count_column(column: NDArray, feature: Mapping[str, Any]) -> list[int]:
    known = column[~np.isnan(column)]
    return [*count_bins(np.sort(known), feature["edges"]), len(column) - len(known)]


def count_bins(ordered: NDArray, edges: Sequence[float]) -> list[int]:
    """The number of the ascending values in each bin, int[len(edges) + 1]."""
    below = np.searchsorted(ordered, np.asarray(edges, dtype=np.float64), side="left")
    return np.diff(below, prepend=0, append=len(ordered)).tolist()


def count_outcomes(score: NDArray, thresholds: Mapping[str, float]) -> dict[str, int]:
    """{"allow", "review", "block"}: the number of scores with each outcome."""
    outcomes = [outcome_of(value, thresholds) for value in np.asarray(score).tolist()]
    return {outcome: outcomes.count(outcome) for outcome in BASIC_OUTCOMES}


def _distinct(ordered: NDArray) -> NDArray:
    return ordered[np.append(ordered[:-1] != ordered[1:], True)] if len(ordered) else ordered


def _midpoint_edges(ordered: NDArray, firsts: NDArray) -> list[float]:
    """Edges halfway between the first value of each bin and the value before it.

    Halfway, because training uses float32 vectors and decisions float64: rounding must not change a value's
    bin.
    """
    places = np.searchsorted(ordered, np.unique(firsts), side="left")
    places = places[places > 0]
    return ((ordered[places - 1] + ordered[places]) / 2).tolist()
