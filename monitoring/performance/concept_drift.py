"""Finds out since when a model's scores mean something else, from labels in the order of the decisions. Pure.

What is watched is by how much the log loss exceeds the one that the score itself expects. As long as scores
are right, it is 0 on average whatever events arrive: more risky ones, or more of them. It grows once fraud
looks unlike before, which no feature shows.
"""

from collections import deque
from dataclasses import dataclass
from math import log, sqrt

import numpy as np
from numpy.typing import NDArray

DELTA = 0.002  # the confidence of ADWIN: how likely it sees a change where there is none
CLOCK = 32  # values between two looks for a change
MAX_BUCKETS = 5  # of each size
MIN_SIDE, GRACE = 5, 10  # values on either side of a change, and before the first look
SMALLEST = 0.001  # probability, so that no event's log loss exceeds 7

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Change:
    """The mean from the event at place `at` on differs: `before` and `after`, the latter of `rows` events."""

    at: int
    before: float
    after: float
    rows: int

    @property
    def is_worse(self) -> bool:
        return self.after > self.before


def excess_log_loss(score: Floats, positive: NDArray[np.bool_]) -> Floats:
    """The log loss of each event minus its expectation if the score is right, float64[n] in nats."""
    p = np.clip(score, SMALLEST, 1 - SMALLEST)
    loss = -np.log(np.where(positive, p, 1 - p))
    expected = -(p * np.log(p) + (1 - p) * np.log(1 - p))
    return np.asarray(loss - expected, dtype=np.float64)


def find_change(values: Floats) -> Change | None:
    """The last change of the mean that ADWIN finds in values in the order of time; None without one.

    ADWIN is for values in an interval of length 1, to which they are scaled. It knows the place of a change
    to the size of a bucket; among the places around, the one that divides the values best is taken.
    """
    if not len(values):
        return None
    low, high = float(values.min()), float(values.max())
    scaled = (values - low) / (high - low) if high > low else np.zeros(len(values))
    window, at = AdaptiveWindow(), None
    for place, value in enumerate(scaled.tolist()):
        if window.add(value):
            at = place + 1 - window.width
    if at is None:
        return None
    first = max(2 * at - len(values), 0)
    at = first + _best_division(values[first:])
    return Change(at, float(values[:at].mean()), float(values[at:].mean()), len(values) - at)


def _best_division(values: Floats) -> int:
    """Where the means before and after are farthest apart, by least squares."""
    before = np.arange(1, len(values))
    gap = np.cumsum(values - values.mean())[:-1]
    return 1 + int(np.argmax(gap**2 / (before * (len(values) - before))))


class AdaptiveWindow:
    """The longest window of the latest values without a change of their mean, in logarithmic memory (ADWIN2).

    `rows[k]` holds buckets of 2^k values as (total, squared deviations from their mean), the oldest first.

    Source: A. Bifet, R. Gavaldà, Learning from Time-Changing Data with Adaptive Windowing, SIAM International
    Conference on Data Mining, 2007.
    """

    def __init__(self, *, delta: float = DELTA) -> None:
        self.delta = delta
        self.width, self._total, self._squares, self._seen = 0, 0.0, 0.0, 0
        self._rows: list[deque[tuple[float, float]]] = [deque()]

    @property
    def mean(self) -> float:
        return self._total / self.width if self.width else 0.0

    def add(self, value: float) -> bool:
        """Whether the mean changed: the values before the change have then left the window."""
        if self.width:
            self._squares += self.width * (value - self.mean) ** 2 / (self.width + 1)
        self.width, self._total, self._seen = self.width + 1, self._total + value, self._seen + 1
        self._rows[0].append((value, 0.0))
        self._compress()
        changed = False
        if self._seen % CLOCK == 0 and self.width > GRACE:
            while self._has_change():
                changed = True
                self._drop_oldest()
        return changed

    def _compress(self) -> None:
        """Join the two oldest buckets of a size of which there are too many."""
        for size, row in enumerate(self._rows):
            if len(row) <= MAX_BUCKETS:
                return
            if size + 1 == len(self._rows):
                self._rows.append(deque())
            (total, squares), (other, others) = row.popleft(), row.popleft()
            squares += others + (total - other) ** 2 / (2 * 2**size)
            self._rows[size + 1].append((total + other, squares))

    def _has_change(self) -> bool:
        """Whether the mean before the end of any bucket differs from that after it."""
        count, total = 0, 0.0
        for size in reversed(range(len(self._rows))):
            for added, _ in self._rows[size]:
                count, total = count + 2**size, total + added
                if self.width - count < MIN_SIDE:
                    return False
                if count >= MIN_SIDE and self._differ(count, total):
                    return True
        return False

    def _differ(self, count: int, total: float) -> bool:
        rest = self.width - count
        spread = log(2 * log(self.width) / self.delta)
        inverse = 1 / (count - MIN_SIDE + 1) + 1 / (rest - MIN_SIDE + 1)
        limit = sqrt(2 * inverse * self._squares / self.width * spread) + 2 / 3 * spread * inverse
        return abs(total / count - (self._total - total) / rest) > limit

    def _drop_oldest(self) -> None:
        while len(self._rows) > 1 and not self._rows[-1]:
            self._rows.pop()
        size = 2 ** (len(self._rows) - 1)
        total, squares = self._rows[-1].popleft()
        self.width, self._total = self.width - size, self._total - total
        if self.width:
            apart = (total / size - self.mean) ** 2
            self._squares -= squares + size * self.width * apart / (size + self.width)
        self._squares = max(self._squares, 0.0)
