"""Agreement of reviewers beyond chance: Cohen's and Fleiss' kappa with 95 % intervals. Pure.

1 is full agreement, 0 what chance gives for how often each label is used. No interval leaves -1 to 1.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

LEVEL: Final = 0.95
Z: Final = float(ndtri((1 + LEVEL) / 2))


@dataclass(frozen=True, slots=True)
class Kappa:
    """A kappa of `rows` events with its interval."""

    value: float
    low: float
    high: float
    rows: int


def cohens_kappa(pairs: Sequence[tuple[str, str]]) -> Kappa | None:
    """Cohen's kappa of two raters' labels of the same events; None where it is not defined.

    It is not without events, and if both raters gave all of them one label. The interval is by the variance
    of Fleiss, Cohen and Everitt (Psychological Bulletin 72, 1969), which holds for many events.

    >>> pairs = [("a", "a")] * 20 + [("a", "b")] * 5 + [("b", "a")] * 10 + [("b", "b")] * 15
    >>> round(cohens_kappa(pairs).value, 6)
    0.4
    """
    if not pairs:
        return None
    shares = _table(pairs) / len(pairs)
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    expected = float(rows @ columns)
    if expected >= 1:
        return None
    kappa = (float(np.trace(shares)) - expected) / (1 - expected)
    diagonal = np.diag(shares) * (1 - (rows + columns) * (1 - kappa)) ** 2
    others = shares * (columns[:, None] + rows[None, :]) ** 2 * (1 - kappa) ** 2
    variance = float(diagonal.sum() + others.sum() - np.trace(others))
    variance -= (kappa - expected * (1 - kappa)) ** 2
    error = math.sqrt(max(variance, 0.0) / len(pairs)) / (1 - expected)
    return _with_interval(kappa, error, rows=len(pairs))


def fleiss_kappa(ratings: Sequence[Sequence[str]]) -> Kappa | None:
    """Fleiss' kappa of events that several raters labeled; None where it is not defined.

    `ratings`: the labels of each event, two or more; those with fewer do not count. Raters may be others for
    each event, and their number too: then each event counts once for agreement, and by its labels for chance.
    (Fleiss, Psychological Bulletin 76, 1971.) The interval is by the jackknife over events.

    >>> round(fleiss_kappa([["a", "a", "b"], ["a", "a", "a"], ["b", "b", "b"], ["b", "b", "a"]]).value, 6)
    0.333333
    """
    rated = [each for each in ratings if len(each) > 1]
    if not rated:
        return None
    counts = _counts(rated)
    raters = counts.sum(axis=1)
    agreement = (counts * (counts - 1)).sum(axis=1) / (raters * (raters - 1))
    kappa = _fleiss(agreement.sum(), len(rated), counts.sum(axis=0))
    if math.isnan(kappa):
        return None
    left_out = _fleiss(agreement.sum() - agreement, len(rated) - 1, counts.sum(axis=0) - counts)
    known = left_out[~np.isnan(left_out)]
    if len(known) < 2:
        return _with_interval(kappa, math.inf, rows=len(rated))
    spread = float(((known - known.mean()) ** 2).sum())
    error = math.sqrt(spread * (len(rated) - 1) / len(rated))
    return _with_interval(kappa, error, rows=len(rated))


def _fleiss(agreement: Any, events: int, totals: NDArray[np.float64]) -> Any:
    """The kappa of sums over events: one, or one each for a row of `totals`; NaN where it is not defined."""
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = totals / totals.sum(axis=-1, keepdims=True)
        expected = (shares**2).sum(axis=-1)
        observed = agreement / events if events else np.full_like(expected, np.nan)
        return np.where(expected < 1 - 1e-12, (observed - expected) / (1 - expected), np.nan)


def _with_interval(kappa: float, error: float, *, rows: int) -> Kappa:
    half = Z * error
    return Kappa(float(kappa), max(float(kappa) - half, -1.0), min(float(kappa) + half, 1.0), rows)


def _table(pairs: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
    """How often the raters gave each pair of labels: a row each for the first one's."""
    place = {
        label: number for number, label in enumerate(sorted({label for pair in pairs for label in pair}))
    }
    table = np.zeros((len(place), len(place)))
    for first, second in pairs:
        table[place[first], place[second]] += 1
    return table


def _counts(ratings: Sequence[Sequence[str]]) -> NDArray[np.float64]:
    """How often each event, a row, got each label."""
    place = {
        label: number for number, label in enumerate(sorted({label for each in ratings for label in each}))
    }
    counts = np.zeros((len(ratings), len(place)))
    for row, labels in enumerate(ratings):
        for label in labels:
            counts[row, place[label]] += 1
    return counts
