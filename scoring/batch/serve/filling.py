"""Writes values of batch views into the columns that the kernel reads, the same for live and bulk batches."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

import numpy as np
from numpy.typing import NDArray

from scoring.batch.views import BatchView
from scoring.declare import BatchValue, parts_of
from scoring.features.compile.plan import FeatureSet, LanePlan
from scoring.features.folding.encode import Batch


@dataclass(frozen=True, slots=True, eq=False)
class ViewColumns:
    """A view that features of an event type read, and the columns of its values (`used`)."""

    view: BatchView
    columns: NDArray[np.int64]
    used: NDArray[np.int64]

    def fill(self, batch: Batch, rows: NDArray[np.int64], found: Sequence[NDArray[np.float64]]) -> None:
        """Give these rows of the batch what the view makes of `found`, float64[rows, columns] per table."""
        self.write(batch, rows, self.view.combine(found))

    def write(self, batch: Batch, rows: NDArray[np.int64], values: NDArray[np.float64]) -> None:
        """Give these rows of the batch the view's values, float64[rows, view.values]."""
        used = values[:, self.used]
        used[np.isnan(used)] = np.nan  # of one kind, whatever it was computed by
        batch.values[rows[:, np.newaxis], self.columns] = used


def columns_of_views(plan: LanePlan, event_type: str) -> list[ViewColumns]:
    """The views that the event type's features read, by the columns of its batches."""
    places = {name: column for column, name, _ in plan.encodings[event_type].values}
    found = []
    for view in cast("tuple[BatchView, ...]", plan.batch_views[event_type]):
        used = [value for value in view.values if f"{view.name}.{value}" in places]
        found.append(
            ViewColumns(
                view,
                np.array([places[f"{view.name}.{value}"] for value in used], dtype=np.int64),
                np.array([view.values.index(value) for value in used], dtype=np.int64),
            )
        )
    return found


@lru_cache(maxsize=256)
def views_read_by(feature_set: FeatureSet) -> tuple[str, ...]:
    """The keys of the views that a set's features read, by name."""
    views = {
        cast("BatchView", part.view).key
        for spec in feature_set.features
        for part in parts_of(spec.expression)
        if isinstance(part, BatchValue)
    }
    return tuple(sorted(views))
