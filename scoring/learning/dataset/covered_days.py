"""How many days' worth of events a slice is: what "so many a day" is measured by."""

import numpy as np
from numpy.typing import NDArray

from scoring.learning.dataset.split import DAY_US


def covered_days(times: NDArray[np.int64], *, among: NDArray[np.int64]) -> float:
    """Days that the events at `times` make up, each day counted by the share of its events that they are.

    `among`: all events, these too; days are counted back from the last of them. A day without events
    counts nothing, an hour of a busy day its part, so that neither silences nor short slices distort what
    comes a day.
    """
    last = among.max()
    days, counts = np.unique((last - times) // DAY_US, return_counts=True)
    known_days, known_counts = np.unique((last - among) // DAY_US, return_counts=True)
    return float((counts / known_counts[np.searchsorted(known_days, days)]).sum())
