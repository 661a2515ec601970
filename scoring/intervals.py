"""Confidence intervals of shares, computed without scipy.stats, whose import takes 33 MB of every process."""

import math

from scipy.special import betaincinv, ndtri


def wilson_interval(hits: float, rows: float, *, level: float = 0.95) -> tuple[float, float]:
    """(low, high) of the share hits / rows (E. B. Wilson, JASA 22, 1927); (0, 1) without rows.

    >>> low, high = wilson_interval(81, 263)
    >>> f"{low:.4f} {high:.4f}"
    '0.2553 0.3662'
    """
    if rows == 0:
        return 0.0, 1.0
    z = float(ndtri((1 + level) / 2))
    center = (hits + z * z / 2) / (rows + z * z)
    half = z / (rows + z * z) * math.sqrt(hits * (rows - hits) / rows + z * z / 4)
    return max(center - half, 0.0), min(center + half, 1.0)


def clopper_pearson_interval(share: float, rows: float, *, level: float = 0.95) -> tuple[float, float]:
    """(low, high) of a share of `rows`, whole or not (Clopper & Pearson, Biometrika 26, 1934).

    >>> low, high = clopper_pearson_interval(0.1, 20)
    >>> f"{low:.4f} {high:.4f}"
    '0.0123 0.3170'
    """
    hits, tail = share * rows, (1 - level) / 2
    misses = rows - hits
    low = float(betaincinv(hits, misses + 1, tail)) if hits > 0 else 0.0
    high = float(betaincinv(hits + 1, misses, 1 - tail)) if misses > 0 else 1.0
    return low, high
