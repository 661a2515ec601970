"""The gap between training and validation, from how long labels took to become known."""

from dataclasses import dataclass, replace
from math import ceil
from typing import Any

import numpy as np

from scoring.learning.dataset.split import DAY_US, DEFAULT_GAP_DAYS, SplitShares
from scoring.learning.dataset.training_set import NO_TIME, TrainingSet

KNOWN_SHARE = 0.9  # of the positive labels; the rest of a long tail says little of the usual delay
MIN_LABELS = 20
MAX_GAP_DAYS = 45.0  # the catalog's default maturity


@dataclass(frozen=True)
class Gap:
    """The gap in days. `labels`: the number of positive labels it follows from; 0 if the recipe states it, or
    if there are too few.
    """

    days: float
    labels: int = 0
    stated: bool = False

    def within(self, shares: SplitShares) -> SplitShares:
        """The shares with this gap."""
        return replace(shares, gap_days=self.days)

    def stored(self) -> dict[str, Any]:
        """As in a version's lineage."""
        return {"days": self.days, "labels": self.labels, "stated": self.stated}


def gap_of(shares: SplitShares, data: TrainingSet) -> Gap:
    """The gap that the recipe states, or else the delay within which KNOWN_SHARE of positive labels came.

    It is rounded up to whole days, from DEFAULT_GAP_DAYS to MAX_GAP_DAYS. With fewer than MIN_LABELS
    positive labels, DEFAULT_GAP_DAYS.
    """
    if shares.gap_days is not None:
        return Gap(shares.gap_days, stated=True)
    if data.times is None:
        return Gap(DEFAULT_GAP_DAYS)
    known_at = data.times.first_labeled_at
    labeled = (data.y == 1) & (known_at != NO_TIME)
    delays = (known_at - data.occurred_at)[labeled]
    if len(delays) < MIN_LABELS:
        return Gap(DEFAULT_GAP_DAYS)
    days = ceil(np.quantile(delays, KNOWN_SHARE) / DAY_US)
    return Gap(float(np.clip(days, DEFAULT_GAP_DAYS, MAX_GAP_DAYS)), labels=len(delays))
