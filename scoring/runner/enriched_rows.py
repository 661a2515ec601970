"""Rows of enriched events: what the enrichment did not change stays as it was decided before."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scoring.features.compile.plan import LanePlan
from scoring.features.kept_features import kept_columns
from scoring.features.logged_vectors import restore_row
from scoring.lanes.amendments import ENRICHMENT
from scoring.lanes.item_versions import Placed
from scoring.log.read import read_streams


def keep_earlier_features(rows: NDArray[np.float64], placed: Sequence[Placed], plan: LanePlan) -> None:
    """Write the logged values of the features that an enrichment does not change into its row, in place.

    Without an earlier decision with a vector the row stays as it was folded.
    """
    enriched = {
        place: each.claim.event_stream
        for place, each in enumerate(placed)
        if each.claim.kind == ENRICHMENT and each.item.kind == "event"
    }
    streams = read_streams(list(enriched.values())) if enriched else {}
    for place, stream in enriched.items():
        last = next((entry for entry in reversed(streams[stream]) if entry.packed), None)
        if last is not None:
            earlier, held = restore_row(last, plan)
            for each in held:
                columns = kept_columns(each)
                rows[place, columns] = earlier[columns]
