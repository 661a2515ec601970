"""The number of days that a slice of events covers, the denominator of daily rates."""

import numpy as np
from numpy.typing import NDArray

from scoring.learning.dataset.split import DAY_US


def covered_days(times: NDArray[np.int64], *, among: NDArray[np.int64]) -> float:
    """Days covered by the events at `times`: for each day, the share of its events that are among them.

    `among`: all events, including these; days are counted back from the last one. A day without events counts
    as 0 and part of a day as its share, so that neither gaps nor short slices distort daily rates.
    """
    last = among.max()
    days, counts = np.unique((last - times) // DAY_US, return_counts=True)
    known_days, known_counts = np.unique((last - among) // DAY_US, return_counts=True)
    return float((counts / known_counts[np.searchsorted(known_days, days)]).sum())
