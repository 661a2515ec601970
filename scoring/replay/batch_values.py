"""Batch values as decisions used them: from the versions that each decision logged, read from their files."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from scoring.batch.errors import BatchVersionCorrupt
from scoring.batch.models import BatchVersion
from scoring.batch.serve.filling import columns_of_views
from scoring.batch.serve.joining import StoredVersions, TypeEvents, entity_fields, events_of
from scoring.batch.versions import NONE
from scoring.features.compile.plan import LanePlan
from scoring.features.folding.encode import Batch
from scoring.offline.lane import LaneBatch
from scoring.replay.logged import DecisionPositions, LoggedDecision

Numbers = Mapping[str, NDArray[np.int64]]  # by view, int64[n]: the version that each of n events read


class LoggedValues:
    """Fills in the values of versions that decisions of one event type name.

    Values of an unreadable version stay missing; `why_not` gives the reason for the affected decisions.
    """

    def __init__(self, plan: LanePlan, event_type: str) -> None:
        self.event_type = event_type
        self._views = columns_of_views(plan, event_type)
        self._stored = StoredVersions()
        self._unreadable: dict[tuple[str, int], str] = {}

    @property
    def columns(self) -> list[str]:
        """The event fields that are read; none for a type without views."""
        return entity_fields(self._views)

    def fill(self, batch: Batch, events: TypeEvents, numbers: Numbers) -> None:
        """Fill in the values of the events' versions; events with NONE (or less) get none."""
        for each in self._views:
            read = numbers.get(each.view.key, np.full(len(events), NONE))
            for number in np.unique(read[read > NONE]).tolist():
                try:
                    self._stored.fill(batch, each, events.where(read == number), number)
                except BatchVersion.DoesNotExist:
                    self._unreadable[each.view.key, number] = f"{each.view.key} has no version {number}"
                except BatchVersionCorrupt as error:
                    self._unreadable[each.view.key, number] = str(error)

    def fill_logged(self, batch: Batch, events: TypeEvents, logged: Sequence[LoggedDecision]) -> None:
        """Fill in the values of the versions that each decision logged."""
        read = [decision.entry.data.get("batch", {}) for decision in logged]
        views = {view for each in read for view in each}
        self.fill(
            batch, events, {view: np.array([each.get(view) or NONE for each in read]) for view in views}
        )

    def why_not(self, logged: LoggedDecision) -> str:
        """Why a decision cannot be recomputed (it names an unreadable version); "" if it can."""
        read = logged.entry.data.get("batch", {}).items()
        return next((self._unreadable[key] for key in read if key in self._unreadable), "")


class ReplayedValues:
    """The same for the batches of a lane that contain the decisions of one order."""

    def __init__(self, values: LoggedValues, places: DecisionPositions) -> None:
        self._values = values
        self.columns = values.columns
        # An event may have been decided more than once, on the same values each time.
        self._seqs, rows = np.unique(places.seqs, return_inverse=True)
        self._numbers = {}
        for view, numbers in places.versions.items():
            self._numbers[view] = np.full(len(self._seqs) + 1, NONE)
            np.maximum.at(self._numbers[view], rows, numbers)

    def fill(self, part: LaneBatch) -> None:
        """Fill in the values that the decided events of the batch were decided on."""
        events = events_of(part, self._values.event_type) if self._numbers else None
        if events is None:
            return
        seqs = part.batch.seqs[events.rows]
        rows = np.searchsorted(self._seqs, seqs)
        others = np.append(self._seqs, -1)[rows] != seqs
        rows[others] = -1  # the last, which is NONE
        read = {view: numbers[rows] for view, numbers in self._numbers.items()}
        self._values.fill(part.batch, events, read)
