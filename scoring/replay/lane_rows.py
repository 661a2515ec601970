"""Folded rows of decisions, of which some columns may be unknown because a check folds only some entities."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.catalog.registry import event_type as find_event_type
from scoring.features.compile.plan import FeatureSet, lane_plan
from scoring.features.kept_features import kept_columns
from scoring.features.logged_vectors import unpack_also, unpack_vectors
from scoring.lanes.amendments import is_enrichment
from scoring.replay.logged import LoggedDecision


@dataclass(frozen=True, slots=True)
class LaneRows:
    """The rows of n decisions of one type: `values` float64[n, plan.width], `known` of the same shape."""

    values: NDArray[np.float64]
    known: NDArray[np.bool_]

    @classmethod
    def of_whole_lane(cls, values: NDArray[np.float64]) -> "LaneRows":
        """Rows of a fold over all entities, so that every column is known."""
        return cls(values, np.ones(values.shape, dtype=bool))

    def __getitem__(self, places: Any) -> "LaneRows":
        """Some of the rows, by a slice or by indexes."""
        return LaneRows(self.values[places], self.known[places])

    def without_kept(self, logged: Sequence[LoggedDecision]) -> "LaneRows":
        """The rows with those features unknown that an enriched event kept from its decision before."""
        rows = np.flatnonzero([is_enrichment(decision.event) for decision in logged])
        if not len(rows):
            return self
        known, kind = self.known.copy(), find_event_type(logged[0].event["type"])
        for each in lane_plan(kind.lane).feature_sets(kind.name):
            known[np.ix_(rows, kept_columns(each))] = False
        return LaneRows(self.values, known)

    def completed(self, logged: Sequence[LoggedDecision], declared: FeatureSet) -> "LaneRows":
        """The rows with unknown features as each decision logged them; the other unknown columns are NaN.

        `declared`: the feature set of the decisions' vectors.
        """
        if self.known.all():
            return self
        values, known = np.where(self.known, self.values, np.nan), self.known.copy()
        for row, decision in enumerate(logged):
            for columns, vector in _logged_vectors(decision, declared):
                values[row, columns] = np.where(known[row, columns], values[row, columns], vector)
                known[row, columns] = True
        return LaneRows(values, known)


def _logged_vectors(
    decision: LoggedDecision, declared: FeatureSet
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """The vectors of a decision with their columns in the row: its own, and those that rules read besides."""
    entry = decision.entry
    vector, _ = unpack_vectors(entry.packed or b"", width=len(declared.names))
    if len(vector) == len(declared.names):
        yield declared.columns, vector
    also = unpack_also(entry.data, entry.packed or b"")
    for each in lane_plan(find_event_type(declared.event_type).lane).feature_sets(declared.event_type):
        if each.declared in also:
            yield each.columns, also[each.declared]
