"""The quality of a model's scores, with its sampling error: on known classes, or on probabilities. Pure.

A class is a number from 0 to 1: a label, or the probability that the event is positive. Of probabilities, the
same sums give the expected confusion matrix at every threshold, and so the estimated performance (CBPE).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from scoring.learning.metrics.resampling import Ranking, rank_scores

SAMPLES, SEED, LEVEL = 200, 17, 0.95
BINS = 15  # of equal width, as in the calibration error of evaluations
MAX_UNDEFINED = 0.5  # of the resamples of a metric that has an interval all the same

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Figure = tuple[float, float, float]  # the value, and its interval at LEVEL


@dataclass(frozen=True)
class Judged:
    """Events with score, class (`positive`, 0 to 1), weight and stake float64[n].

    `flags` bool[n]: by threshold, the events that reach it. `stopped` bool[n]: those that were not simply
    allowed, None if nothing is known of it.
    """

    score: Floats
    positive: Floats
    weight: Floats
    stake: Floats
    flags: Mapping[str, Bools] = field(default_factory=dict)
    stopped: Bools | None = None

    def take(self, rows: Bools | NDArray[np.intp]) -> "Judged":
        """These events alone, in this order."""
        return Judged(
            self.score[rows],
            self.positive[rows],
            self.weight[rows],
            self.stake[rows],
            {name: flag[rows] for name, flag in self.flags.items()},
            None if self.stopped is None else self.stopped[rows],
        )

    def with_classes(self, positive: Floats) -> "Judged":
        """The same events with other classes."""
        return replace(self, positive=positive)

    @property
    def odds(self) -> float:
        """Positives per negative, by weight; NaN without negatives."""
        positives = _sum(self.weight, self.positive)
        negatives = float(self.weight.sum()) - positives
        return positives / negatives if negatives > 0 else float("nan")


def measure(judged: Judged, *, odds: float | None = None) -> dict[str, Figure]:
    """The metrics by name, each with its percentile interval over resamples of the events.

    Where classes are probabilities, each resample also draws a class for every event, so that the interval
    is that of the value which labels will show if the probabilities are right. `odds`: the positives per
    negative for which average precision is given, None for those of the events: it rises with their share. A
    metric that is not defined for the events, or for most resamples, is left out. The same events give the
    same figures.
    """
    if not len(judged.score):
        return {}
    rng, size = np.random.default_rng(SEED), len(judged.score)
    judged = judged.take(rank_scores(judged.score).order)  # once, so that every resample is in order
    ranking = rank_scores(judged.score)
    certain = bool(np.isin(judged.positive, (0.0, 1.0)).all())
    exact = metrics_of(judged, ranking, judged.positive, judged.weight, odds=odds)
    drawn: dict[str, list[float]] = {name: [] for name in exact}
    for _ in range(SAMPLES):
        positive = judged.positive if certain else (rng.random(size) < judged.positive).astype(np.float64)
        weight = judged.weight * np.bincount(rng.integers(0, size, size), minlength=size)
        for name, value in metrics_of(judged, ranking, positive, weight, odds=odds).items():
            drawn[name].append(value)
    found = {name: _figure(value, np.array(drawn[name])) for name, value in exact.items()}
    return {name: figure for name, figure in found.items() if figure is not None}


def _figure(value: float, drawn: Floats) -> Figure | None:
    if np.isnan(value) or np.isnan(drawn).mean() > MAX_UNDEFINED:
        return None
    low, high = np.nanquantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return value, min(float(low), value), max(float(high), value)


def metrics_of(
    judged: Judged, ranking: Ranking, positive: Floats, weight: Floats, *, odds: float | None = None
) -> dict[str, float]:
    """The metrics if the events had these classes and weights; NaN where one is not defined."""
    return {
        **_of_ranking(ranking, positive * weight, weight, odds),
        "brier": _mean(positive * (1 - judged.score) ** 2 + (1 - positive) * judged.score**2, weight),
        "calibration_error": calibration_error(judged.score, positive, weight),
        **_at_thresholds(judged, positive * weight, weight),
        **_money(judged, positive * weight),
    }


def _of_ranking(ranking: Ranking, hits: Floats, weight: Floats, odds: float | None) -> dict[str, float]:
    """Average precision and ROC AUC of events with these weights, and those of their positive part."""
    caught = np.cumsum(hits[ranking.order])[ranking.tie_ends]
    false = np.maximum(np.cumsum(weight[ranking.order])[ranking.tie_ends] - caught, 0.0)
    positives, negatives = float(caught[-1]), float(false[-1])
    if positives <= 0 or negatives <= 0:
        return {"average_precision": float("nan"), "roc_auc": float("nan")}
    new, before = np.diff(caught, prepend=0.0), np.append(0.0, caught[:-1])
    factor = 1.0 if odds is None else odds * negatives / positives
    flagged = factor * caught + false
    precision = np.divide(factor * caught, flagged, out=np.zeros_like(caught), where=flagged > 0)
    area = _sum(np.diff(false, prepend=0.0), before + new / 2)
    return {
        "average_precision": _sum(new, precision) / positives,
        "roc_auc": area / (positives * negatives),
    }


def _at_thresholds(judged: Judged, hits: Floats, weight: Floats) -> dict[str, float]:
    positives, found = float(hits.sum()), {}
    for name, flag in judged.flags.items():
        flagged, caught = _sum(weight, flag), _sum(hits, flag)
        found[f"precision_at_{name}"] = caught / flagged if flagged > 0 else float("nan")
        found[f"recall_at_{name}"] = caught / positives if positives > 0 else float("nan")
    return found


def _money(judged: Judged, hits: Floats) -> dict[str, float]:
    """The stakes of positive events that were allowed, and of those that were not, in minor units."""
    if judged.stopped is None:
        return {}
    money = hits * np.maximum(judged.stake, 0)
    avoided = _sum(money, judged.stopped)
    return {"fraud_loss": float(money.sum()) - avoided, "loss_avoided": avoided}


def calibration_error(score: Floats, positive: Floats, weight: Floats) -> float:
    """As `scoring.learning.metrics.quality.expected_calibration_error`; NaN without weight."""
    total = float(weight.sum())
    differences = np.bincount(_bins(score), weights=weight * (positive - score), minlength=BINS)
    return float(np.abs(differences).sum()) / total if total > 0 else float("nan")


def calibration_bins(judged: Judged) -> list[list[float]]:
    """[mean score, observed share, effective rows] of each bin with events.

    The effective rows (Kish) are as many equally weighted events as tell the same; intervals follow from
    them.
    """
    bins, weight = _bins(judged.score), judged.weight
    sums = [
        np.bincount(bins, weights=each, minlength=BINS)
        for each in (weight, weight * judged.score, weight * judged.positive, weight**2)
    ]
    return [
        [float(score / total), float(positive / total), float(total**2 / squares)]
        for total, score, positive, squares in zip(*sums, strict=True)
        if total > 0
    ]


def _bins(score: Floats) -> NDArray[np.int64]:
    return np.clip((score * BINS).astype(np.int64), 0, BINS - 1)


def _mean(values: Floats, weight: Floats) -> float:
    total = float(weight.sum())
    return _sum(values, weight) / total if total > 0 else float("nan")


def _sum(values: Floats, weight: NDArray) -> float:
    """The sum of products. The operator @ would wake a thread on every core for these short arrays."""
    return float(np.multiply(values, weight).sum())
