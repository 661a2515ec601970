"""Explanations as vectors: events with the same reasons for their scores are near each other.

Every feature has one of DIMENSION coordinates and a sign, both by a hash of its name (Weinberger et al.,
"Feature Hashing for Large Scale Multitask Learning", ICML 2009), so that the explanations of models with
different feature sets are compared by the features that they share, and a new feature needs no new table.
"""

import hashlib
from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

DIMENSION = 256
MAX_MAIN = 6
NOTICEABLE = 0.05  # log-odds: a smaller contribution changes the odds by less than 5 %


def explanation_vector(event_type: str, contributions: Mapping[str, float]) -> NDArray[np.float32] | None:
    """The contributions of features [DIMENSION], of length 1; None if all are 0.

    The dot product of two is the cosine of their contributions, as far as no two features of the event type
    share a coordinate.
    """
    vector = np.zeros(DIMENSION)
    for feature, contribution in contributions.items():
        at, sign = _coordinate(event_type, feature)
        vector[at] += sign * contribution
    length = float(np.linalg.norm(vector))
    return (vector / length).astype(np.float32) if length > 0 else None


def main_contributions(contributions: Mapping[str, float]) -> list[tuple[str, float]]:
    """The largest contributions, at most MAX_MAIN, without those that are too small to notice.

    >>> main_contributions({"amount": 0.5, "hour": -0.01, "is_new_device": -1.5})
    [('is_new_device', -1.5), ('amount', 0.5)]
    """
    ordered = sorted(contributions.items(), key=lambda item: -abs(item[1]))
    return [(name, round(size, 4)) for name, size in ordered[:MAX_MAIN] if abs(size) >= NOTICEABLE]


@lru_cache(maxsize=10_000)
def _coordinate(event_type: str, feature: str) -> tuple[int, int]:
    """The coordinate and the sign of a feature."""
    digest = hashlib.blake2b(f"{event_type}\x1f{feature}".encode(), digest_size=8).digest()
    number = int.from_bytes(digest)
    return number // 2 % DIMENSION, 1 if number % 2 else -1
