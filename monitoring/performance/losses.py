"""How much worse a model ranks matured events than it ranked those held out at its training. Pure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.learning.metrics.resampling import Interval, rank_scores, ranked_average_precision

SAMPLES, SEED, LEVEL = 400, 0, 0.99


@dataclass(frozen=True)
class ScoredEvents:
    """Events with a score float64[n], positive bool[n], and weight float64[n]: how many each stands for."""

    score: NDArray[np.float64]
    positive: NDArray[np.bool_]
    weight: NDArray[np.float64]

    @property
    def rarer(self) -> int:
        """The number of events of the rarer class, mostly the positives."""
        positives = int(self.positive.sum())
        return min(positives, len(self.positive) - positives)

    @property
    def odds(self) -> float:
        """Positives per negative, by weight."""
        return float(self.weight[self.positive].sum() / self.weight[~self.positive].sum())


@dataclass(frozen=True)
class Loss:
    """Average precision of the matured events and of the held-out ones; the loss is 1 - live / promised."""

    live: float
    promised: float
    interval: Interval


def relative_loss(live: ScoredEvents, promised: ScoredEvents) -> Loss:
    """The relative loss of average precision, with its percentile interval over resamples of both sets.

    Average precision rises with the share of positives, so the matured events are weighted to have that of
    the held-out ones: less fraud is not a worse model. Both sets need positives and negatives. The same
    events give the same interval.
    """
    weights = np.where(live.positive, live.weight * (promised.odds / live.odds), live.weight)
    same_share = ScoredEvents(live.score, live.positive, weights)
    rng = np.random.default_rng(SEED)
    found, expected = _drawn(same_share, rng), _drawn(promised, rng)
    losses = 1 - found[1:] / expected[1:]
    tail = (1 - LEVEL) / 2
    low, high = np.nanquantile(losses, [tail, 1 - tail])
    estimate = float(1 - found[0] / expected[0])
    return Loss(
        live=float(found[0]),
        promised=float(expected[0]),
        interval=Interval(estimate, float(low), float(high), LEVEL, SAMPLES),
    )


def _drawn(events: ScoredEvents, rng: np.random.Generator) -> NDArray[np.float64]:
    """Average precision of the events, then of SAMPLES resamples of them; NaN for those without positives."""
    ranking, size = rank_scores(events.score), len(events.score)
    labels = events.positive.astype(np.float64)
    found = np.empty(1 + SAMPLES)
    found[0] = ranked_average_precision(ranking, labels, events.weight)
    for draw in range(1, 1 + SAMPLES):
        drawn = np.bincount(rng.integers(0, size, size), minlength=size)
        found[draw] = ranked_average_precision(ranking, labels, drawn * events.weight)
    return found
