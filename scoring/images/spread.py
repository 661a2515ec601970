"""Some of many frames, spread evenly."""

import numpy as np


def spread_evenly(count: int, most: int) -> list[int]:
    """Up to `most` of the places 0 .. count - 1, the first and the last among them.

    >>> spread_evenly(9, 3), spread_evenly(2, 3)
    ([0, 4, 8], [0, 1])
    """
    return np.linspace(0, count - 1, min(count, most)).round().astype(int).tolist()
