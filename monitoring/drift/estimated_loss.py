"""How much worse a model is expected to rank its present events, from their scores alone. Pure.

Confidence-based performance estimation (CBPE): a calibrated score is the probability that an event is
positive, so counts of scores by bin give the expected true and false positives at every threshold, and from
these the expected average precision. Both sides are estimated this way, at the share of positives of the
reference, so that what bins blur cancels. It cannot see concept drift: a score that means something else.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitoring.windows.binning import BinCounts

SAMPLES, SEED, LEVEL = 200, 17, 0.95
MIN_ROWS: Final = 200
SMALL: Final = 0.02  # a relative loss that needs no attention

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class EstimatedLoss:
    """The relative loss of average precision, 1 - now / then, with its 95 % interval over resamples."""

    value: float
    low: float
    high: float

    @property
    def is_certain(self) -> bool:
        """Whether the whole interval is beyond a small loss."""
        return self.low > SMALL


def estimate_loss(then: BinCounts, now: BinCounts, edges: Floats) -> EstimatedLoss | None:
    """The loss from scores counted by bin, int64 [B]; `edges` float64 [B - 1]. None with too few rows."""
    if min(int(then.sum()), int(now.sum())) < MIN_ROWS:
        return None
    middles = np.convolve(np.concatenate([[0.0], edges, [1.0]]), [0.5, 0.5], mode="valid")
    odds = _odds(then[None].astype(np.float64), middles)[0]
    rng = np.random.default_rng(SEED)
    before, after = (_precisions(_drawn(each, rng), middles, odds) for each in (then, now))
    losses = 1 - after / before
    low, high = np.quantile(losses[1:], [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    value = float(losses[0])
    return EstimatedLoss(value, min(float(low), value), max(float(high), value))


def _drawn(counts: BinCounts, rng: np.random.Generator) -> Floats:
    """The counts, then SAMPLES resamples of them: float64 [1 + SAMPLES, B]."""
    rows = int(counts.sum())
    return np.vstack([counts, rng.multinomial(rows, counts / rows, SAMPLES)]).astype(np.float64)


def _odds(counts: Floats, middles: Floats) -> Floats:
    """Expected positives per negative of each row of counts [S, B]."""
    return np.asarray((counts * middles).sum(axis=1) / (counts * (1 - middles)).sum(axis=1))


def _precisions(counts: Floats, middles: Floats, odds: float) -> Floats:
    """The expected average precision of each row of counts [S, B], at these odds."""
    hits = (counts * middles)[:, ::-1] * (odds / _odds(counts, middles))[:, None]
    caught, false = np.cumsum(hits, axis=1), np.cumsum((counts * (1 - middles))[:, ::-1], axis=1)
    flagged = caught + false
    precision = np.divide(caught, flagged, out=np.zeros_like(caught), where=flagged > 0)
    return np.asarray((hits * precision).sum(axis=1) / caught[:, -1])
