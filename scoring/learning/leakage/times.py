"""Checks that nothing in a training set was learned later than it may be."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from scoring.learning.dataset.training_set import NO_TIME, TrainingSet
from scoring.learning.errors import FutureInformation
from scoring.timestamps import to_micros


def check_times(data: TrainingSet) -> None:
    """Raises FutureInformation for a feature or label that is later than its decision or the cut-off."""
    for what, rows in _too_late(data):
        if rows.any():
            raise FutureInformation(
                event_type=data.event_type,
                what=what,
                count=int(rows.sum()),
                position=int(data.positions[np.argmax(rows)]),
            )


def _too_late(data: TrainingSet) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """What must not be, and bool[n] of the rows for which it is."""
    cut_off = to_micros(data.as_of)
    yield "happened after the cut-off", data.occurred_at > cut_off
    if data.times is None:
        return
    read_at, first, last = data.times.read_at, data.times.first_labeled_at, data.times.labeled_at
    yield "have features from after the cut-off", read_at > cut_off
    yield "have features from after their label became known", (first != NO_TIME) & (read_at > first)
    yield "have a label from after the cut-off", last > cut_off
    yield "have a label without a time", (last == NO_TIME) & ~data.inferred
