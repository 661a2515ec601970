"""The feature vectors of decisions, as the log holds them."""

from collections.abc import Sequence

import numpy as np
from django.db import connection
from numpy.typing import NDArray

CHUNK = 5_000  # decisions read at once

_VECTORS = "SELECT position, substr(packed, 1, %s) FROM scoring_logentry WHERE position = ANY(%s)"


def read_vectors(positions: Sequence[int], *, width: int) -> NDArray[np.float64]:
    """The vectors [n, width] of the decisions at these positions; NaN where one has none of this width."""
    found = np.full((len(positions), width), np.nan)
    places = {position: place for place, position in enumerate(positions)}
    with connection.cursor() as cursor:
        for start in range(0, len(positions), CHUNK):
            cursor.execute(_VECTORS, [8 * width, list(positions[start : start + CHUNK])])
            for position, packed in cursor.fetchall():
                if packed is not None and len(packed) == 8 * width:
                    found[places[position]] = np.frombuffer(packed, dtype="<f8")
    return found
